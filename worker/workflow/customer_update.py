"""Existing customers brought up to date from Opter's newer data, where the exports file says so."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from worker.domain.identity import canonical_json, idempotency_key
from worker.domain.invoice import Customer
from worker.domain.record import Intent
from worker.economic.mapping.customer_payload import differences, updated
from worker.economic.port import Reply
from worker.errors import Refused, Uncertain
from worker.workflow.context import ExportContext
from worker.workflow.execution import Execution
from worker.workflow.single_flight import flight, write_down

_CREATED = 201


def refresh_customer(execution: Execution, number: int) -> None:
    """Write Opter's data to an existing customer when they are newer, at most once for customer and period.

    No intent is recorded: the same whole resource twice is the same as once, and whoever comes after us reads what is
    there before anything is written. An update that e-conomic refuses does not keep the invoice from being exported;
    it is remarked. Raises ``Busy`` while another worker is at the same customer, and e-conomic's other errors.
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
    """Return the ledger's key under which it is remembered that a customer has had its turn in a period."""
    return f"updated:{agreement}:{number}:{period}"


def pending_update(context: ExportContext, customer: Customer, number: int) -> tuple[Mapping[str, Any], str] | None:
    """Return the customer as e-conomic has it this moment, and the body that brings it up to date; None: nothing does.

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
    return _remarks(reply)


def _resolve_doubt(context: ExportContext, customer: Customer, number: int, doubt: Uncertain) -> tuple[str, ...]:
    """Read back what an update without an answer came to; what e-conomic remembers as failed, it will not do soon."""
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
