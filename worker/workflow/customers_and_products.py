"""The customer and the products of an invoice: found in e-conomic or created once, customers brought up to date."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from worker.domain.identity import canonical_json, idempotency_key
from worker.domain.invoice import Customer, Invoice
from worker.domain.record import Intent
from worker.economic.mapping import customer_matching, customer_payload, products
from worker.economic.mapping.answers import about_updated
from worker.economic.mapping.customer_payload import differences, updated
from worker.economic.mapping.master_data import MasterData
from worker.economic.port import Reply
from worker.errors import InvalidInvoice, Refused, Uncertain
from worker.workflow.context import ExportContext
from worker.workflow.customer_proof import (
    PROOF_HOLDS,
    VOUCHER_PROOF_HOLDS,
    find_customer,
    matching_customer,
    proved_together,
    still_theirs,
)
from worker.workflow.execution import Execution
from worker.workflow.single_flight import Obtain, SharedResource, find_or_create, flight, known_key, write_down

#: HTTP status of a PUT that has created what was not there.
_CREATED = 201


def customer_number(execution: Execution, master_data: MasterData, obtain: Obtain = find_or_create) -> int:
    """Return e-conomic's number of the invoice's customer. Raises ``Busy``, ``Rejected`` and e-conomic's errors."""
    context, invoice = execution.context, execution.invoice
    customer = invoice.customer
    for remark in customer_matching.our_party(customer).remarks:  # ids that identify nobody
        execution.note(remark)
    known_as = customer_matching.card_key(customer)
    key = known_key(master_data.agreement, known_as)
    resource = SharedResource(
        step="customer",
        known_as=known_as,
        identity=customer_matching.identity_key(customer, match_address=context.export.customers.match_address),
        path="/customers",
        lookup=lambda: find_customer(execution),
        body=lambda: canonical_json(customer_payload.new_customer(invoice, context.export, master_data)),
        number_of=lambda reply: str(_positive(reply.body["customerNumber"])),
        read=lambda number: context.economic.customer_resource(int(number)),
        exists=lambda number: proved_together(context, key, number) or still_theirs(execution, int(number)),
        proof_holds=VOUCHER_PROOF_HOLDS if context.export.method == "voucher" else PROOF_HOLDS,
        turn=customer_matching.address_key(customer) if context.export.customers.match_address else None,
        remarks=lambda: customer_payload.creation_remarks(customer),
        ignored=lambda reply: customer_payload.ignored(reply.body, context.export),
    )
    return int(obtain(execution, resource, agreement=master_data.agreement))


def doubt_customer(context: ExportContext, invoice: Invoice, agreement: int) -> None:
    """Let a remembered number that e-conomic may have refused be proved again before the next turn uses it."""
    context.store.doubt_shared([known_key(agreement, customer_matching.card_key(invoice.customer))])


def product_number(
    execution: Execution, sales_account: str, master_data: MasterData, obtain: Obtain = find_or_create
) -> str:
    """Return the product that stands for a sales account. Raises as ``customer_number`` does.

    One that was created after the master data were read is read itself: its group decides the account of the revenue.
    """
    context = execution.context
    group = products.group_for(sales_account, context.export.codes.sales_accounts, master_data.groups)
    known = products.choose(sales_account, group, master_data.products)
    if known:
        return known
    resource = SharedResource(
        step="product",
        known_as=products.product_key(sales_account, group),
        identity=products.product_key(sales_account, group),
        path="/products",
        lookup=lambda: _find_product(context, sales_account),
        body=lambda: canonical_json(products.new_product(_free_number(context, sales_account), sales_account, group)),
        number_of=lambda reply: _named(reply.body["productNumber"]),
        read=lambda number: _product_resource(context, number),
        exists=lambda number: products.stands_in(group, context.economic.product(number)),
    )
    return obtain(execution, resource, agreement=master_data.agreement)


def own_vat_zone(context: ExportContext, invoice: Invoice) -> int | None:
    """Return the VAT zone that the invoice's customer has in e-conomic; None: no such customer, or no certain one."""
    try:
        found = matching_customer(context, invoice.customer)
    except InvalidInvoice:
        return None
    return found.vat_zone if found else None


def matching_number(context: ExportContext, invoice: Invoice) -> int | None:
    """Return the number that the invoice's customer has in e-conomic; None: no such customer, or no certain one."""
    try:
        found = matching_customer(context, invoice.customer)
    except InvalidInvoice:
        return None
    return found.number if found else None


def _find_product(context: ExportContext, sales_account: str) -> str | None:
    """Read the group anew: another worker, or a person, may have created the product since the cache was filled."""
    accounts = frozenset({sales_account})
    fresh = context.economic.master_data(accounts, newer_than=context.clock())
    group = products.group_for(sales_account, context.export.codes.sales_accounts, fresh.groups)
    return products.choose(sales_account, group, fresh.products)


def _product_resource(context: ExportContext, number: str) -> Mapping[str, Any] | None:
    product = context.economic.product(number)
    return {"productNumber": product.number, "name": product.name} if product else None


def _free_number(context: ExportContext, sales_account: str) -> str:
    taken = {number: context.economic.product(number) for number in products.own_numbers(sales_account)}
    return products.number_to_create(sales_account, taken)


def _positive(number: object) -> int:
    if type(number) is not int or number < 1:
        raise ValueError("not a customer's number")
    return number


def _named(number: object) -> str:
    if not isinstance(number, str) or not number:
        raise ValueError("not a product's number")
    return number


def refresh_customer(execution: Execution, number: int) -> None:
    """Write Opter's data to an existing customer when they are newer, at most once for customer and period.

    No intent is recorded: the same whole resource twice is the same as once, and every execution reads what is there
    before it writes. An update that e-conomic refuses does not keep the invoice from being exported; it becomes a
    remark. Raises ``Busy`` while another worker updates the same customer, and e-conomic's other errors.
    """
    if not wants_update(execution):
        return
    customer, context = execution.invoice.customer, execution.context
    agreement = context.economic.master_data(frozenset()).agreement
    key = update_key(agreement, number, execution.record.periods[0])
    with flight(context, key) as turn:
        if not turn.number:
            for remark in _update(context, customer, number, agreement):
                execution.note(remark)
            write_down(context, key, replace(turn, number=str(number)))


def wants_update(execution: Execution) -> bool:
    """Tell whether this invoice may bring its customer up to date at all."""
    return execution.context.export.customers.update == "newer" and execution.invoice.customer.changed_at is not None


def update_key(agreement: int, number: int, period: str) -> str:
    """Return the store's key that says that a customer has been brought up to date in a period."""
    return f"updated:{agreement}:{number}:{period}"


def pending_update(context: ExportContext, customer: Customer, number: int) -> tuple[Mapping[str, Any], str] | None:
    """Return the customer as e-conomic has it now, and the body that brings it up to date; None: it is up to date.

    A PUT creates what is not there, so it goes only to a number that has just been read.
    """
    resource = context.economic.customer_resource(number)
    whole = updated(customer, resource) if resource else None
    return (resource, canonical_json(whole)) if resource and whole else None


def _update(context: ExportContext, customer: Customer, number: int, agreement: int) -> tuple[str, ...]:
    pending = pending_update(context, customer, number)
    if pending is None:
        return ()
    try:
        reply = context.economic.send(_intent(context, number, agreement, *pending))
    except Refused as refusal:
        codes = " ".join(sorted(refusal.codes)) or str(refusal.status)
        return (f"customer: not updated, as e-conomic refused it ({codes})",)
    except Uncertain as doubt:
        return _resolve_doubt(context, customer, number, doubt)
    if not about_updated(number, reply.body) and differences(
        customer, context.economic.customer_resource(number) or {}
    ):
        return ("customer: not updated, as e-conomic answered about something else",)
    return _remarks(reply)


def _resolve_doubt(context: ExportContext, customer: Customer, number: int, doubt: Uncertain) -> tuple[str, ...]:
    """Read back what an update without an answer came to; one that e-conomic remembers as failed is left for later."""
    if not differences(customer, context.economic.customer_resource(number) or {}):
        return ("customer: updated",)
    if doubt.replayed:
        return ("customer: not updated, as e-conomic failed",)
    raise doubt


def _remarks(reply: Reply) -> tuple[str, ...]:
    if reply.status == _CREATED:
        return ("customer: deleted in e-conomic while it was being updated, and so created again",)
    return ("customer: updated",)


def _intent(context: ExportContext, number: int, agreement: int, resource: Mapping[str, Any], body: str) -> Intent:
    """Another state of the customer is another write: what e-conomic remembers of a key must not pass for it."""
    version = hashlib.sha256(f"{resource.get('lastUpdated')} {body}".encode()).hexdigest()[:16]
    key = idempotency_key(f"{context.environment}-{agreement}", f"customer-{number}", f"update-{version}", 0)
    return Intent(step="update", method="PUT", path=f"/customers/{number}", body=body, key=key, at=context.clock())
