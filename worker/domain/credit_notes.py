"""Corrections and the invoices that they credit: a credit note is of little use in the books before its invoice."""

from collections.abc import Mapping

from config.exports import ExportConfig
from worker.domain.identity import invoice_id_of
from worker.domain.invoice import Invoice, InvoiceType
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import State
from worker.errors import Failure

#: Remarks on a correction that did not wait.
UNKNOWN = "creditsInvoiceNumber: the credited invoice is neither known to this program nor booked under its number"
TOO_EARLY = "creditsInvoiceNumber: exported before the invoice that it credits"

#: Seconds until the original is looked at again, by where it stands; elsewhere it is about to move.
_PATIENCE = {State.WAITING: 30.0, State.DEAD: 300.0}
_SOON = 3.0
_DAY = 86_400.0


def original_references(invoice: Invoice, export: ExportConfig, region: str | None) -> tuple[str, ...]:
    """Return the references that the credited invoice may have, the likeliest first; none when nothing is credited.

    Where each type has a number series of its own, the correction does not tell which series its number is of.
    """
    number = invoice.credits_invoice_number
    if number is None:
        return ()
    if export.invoice_series == "one":
        return (invoice_id_of(export.name, region, number),)
    types = (kind for kind in InvoiceType if kind is not InvoiceType.CORRECTION)
    return tuple(invoice_id_of(export.name, region, number, series=kind) for kind in types)


def standing(references: tuple[str, ...], states: Mapping[str, State]) -> tuple[str, State] | None:
    """Return the credited invoice and where it stands, None when none of the references is known."""
    return next(((one, states[one]) for one in references if one in states), None)


def is_on_hold(export: ExportConfig, received_at: float, now: float) -> bool:
    """Tell whether a correction still waits for its original; times in seconds since the epoch."""
    rules = export.corrections
    return rules.before_original == "hold" and now - received_at < rules.hold_days * _DAY


def patience(state: State) -> float:
    """Return after how many seconds the original is worth another look."""
    return _PATIENCE.get(state, _SOON)


def awaited(invoice: Invoice, original: str, state: State, export: ExportConfig) -> Failure:
    """Return why a correction waits."""
    number, days = invoice.credits_invoice_number, export.corrections.hold_days
    stands = "has failed" if state is State.DEAD else f"is {state.value}"
    text = (
        f"Correction {invoice.invoice_number} credits invoice {number}, which {stands} and not exported yet "
        f"({original}). It is exported all the same {days} days after it came in."
    )
    return failure(ProcessReason.ORIGINAL_AWAITED, text, field="creditsInvoiceNumber", value=str(number))
