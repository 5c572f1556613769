"""The customer and the products of an invoice, found in e-conomic or created once."""

from collections.abc import Sequence

from worker.domain.identity import canonical_json
from worker.domain.invoice import Invoice
from worker.economic.mapping import customer_matching, customer_payload, products
from worker.economic.mapping.customer_matching import spellings
from worker.economic.mapping.master_data import EconomicCustomer, MasterData
from worker.workflow.context import ExportContext
from worker.workflow.single_flight import Obtain, SharedResource, find_or_create, known_key


def customer_number(
    context: ExportContext, invoice: Invoice, master_data: MasterData, obtain: Obtain = find_or_create
) -> int:
    """Return e-conomic's number of the invoice's customer. Raises ``Busy``, ``Rejected`` and e-conomic's errors."""
    customer = invoice.customer
    creation = SharedResource(
        step="customer",
        known_as=customer_matching.card_key(customer),
        identity=customer_matching.identity_key(customer, match_address=context.export.customers.match_address),
        path="/customers",
        lookup=lambda: _look_customer(context, invoice),
        body=lambda: canonical_json(customer_payload.new_customer(invoice, context.export, master_data)),
        number_of=lambda reply: str(_positive(reply.body["customerNumber"])),
        exists=lambda number: bool(context.economic.customers_by_number([int(number)])),
    )
    return int(obtain(context, creation, agreement=master_data.agreement))


def forget_customer(context: ExportContext, invoice: Invoice, agreement: int) -> None:
    """Drop a remembered number that e-conomic may have refused; the next turn looks again."""
    context.store.forget_shared(known_key(agreement, customer_matching.card_key(invoice.customer)))


def product_number(
    context: ExportContext, sales_account: str, master_data: MasterData, obtain: Obtain = find_or_create
) -> str:
    """Return the product that stands for a sales account. Raises as ``customer_number`` does.

    One that was made after the reference data were read is read itself: its group decides the account of the revenue.
    """
    group = products.group_for(sales_account, context.export.codes.sales_accounts, master_data.groups)
    known = products.choose(sales_account, group, master_data.products)
    if known:
        return known
    creation = SharedResource(
        step="product",
        known_as=products.product_key(sales_account, group),
        identity=products.product_key(sales_account, group),
        path="/products",
        lookup=lambda: _look_product(context, sales_account),
        body=lambda: canonical_json(products.new_product(_free_number(context, sales_account), sales_account, group)),
        number_of=lambda reply: _named(reply.body["productNumber"]),
        exists=lambda number: products.stands_in(group, context.economic.product(number)),
        changeable=True,
    )
    return obtain(context, creation, agreement=master_data.agreement)


def _look_customer(context: ExportContext, invoice: Invoice) -> str | None:
    customer = invoice.customer
    number = customer_matching.ledger_number(customer)
    by_number = context.economic.customers_by_number([number]) if number else ()
    by_corporate_id = () if by_number else _by_corporate_id(context, invoice)
    by_card = _by_card(context, invoice) if not (by_number or by_corporate_id) else ()
    found = customer_matching.match(customer, by_number, by_corporate_id, by_card)
    return str(found.number) if found else None


def _by_corporate_id(context: ExportContext, invoice: Invoice) -> Sequence[EconomicCustomer]:
    written = spellings(invoice.customer)
    return context.economic.customers_by_corporate_id(written) if written else ()


def _by_card(context: ExportContext, invoice: Invoice) -> Sequence[EconomicCustomer]:
    wanted = context.export.customers.match_address and customer_matching.by_address(invoice.customer)
    return context.economic.customers_by_name(invoice.customer.name) if wanted else ()


def _look_product(context: ExportContext, sales_account: str) -> str | None:
    """Read the group anew: another worker, or a person, may have made the product since the cache was filled."""
    accounts = frozenset({sales_account})
    fresh = context.economic.master_data(accounts, newer_than=context.clock())
    group = products.group_for(sales_account, context.export.codes.sales_accounts, fresh.groups)
    return products.choose(sales_account, group, fresh.products)


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
