"""What the exports file decides about an invoice before any accounting: left out, or on hold for what it credits.

A credit note is of little use in the books before the invoice that it credits.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from config.exports import ExportConfig
from worker.domain.identity import invoice_id_of
from worker.domain.invoice import Invoice, InvoiceType
from worker.domain.money import ZERO
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Outcome, State
from worker.errors import Failure

#: Remarks on a correction that did not wait.
UNKNOWN = "creditsInvoiceNumber: the credited invoice is neither known to this program nor booked under its number"
TOO_EARLY = "creditsInvoiceNumber: exported before the invoice that it credits"

#: Seconds until a waiting correction checks its original again, by the original's state.
_RECHECK = {State.WAITING: 30.0, State.DEAD: 300.0}
#: The same for every other state: the original is about to move.
_RECHECK_SOON = 3.0
_DAY = 86_400.0


def exclusion(invoice: Invoice, export: ExportConfig) -> Outcome | None:
    """Return how an invoice ends that is not to be posted; None when it is to be."""
    if not export.rules_of(invoice.invoice_type).export:
        return Outcome.EXCLUDED
    if export.booking.zero_total == "skip" and _nothing_to_book(invoice):
        return Outcome.NOTHING_TO_BOOK
    return None


def _nothing_to_book(invoice: Invoice) -> bool:
    """Whether no account would move: a total of zero may still shift revenue from one account to another."""
    sums: defaultdict[tuple[str, str, Decimal], Decimal] = defaultdict(lambda: ZERO)
    for line in invoice.lines:
        sums[line.sales_account, line.vat_code, line.vat_rate] += line.net + line.vat
    return invoice.gross == ZERO and invoice.rounding == ZERO and not any(sums.values())


def original_references(invoice: Invoice, export: ExportConfig, region: str | None) -> tuple[str, ...]:
    """Return the ids that the credited invoice may have, the likeliest first; none when nothing is credited.

    Where each type has a number series of its own, the correction does not say which series its number is from.
    """
    number = invoice.credits_invoice_number
    if number is None:
        return ()
    if export.invoice_series == "one":
        return (invoice_id_of(export.name, region, number),)
    types = (invoice_type for invoice_type in InvoiceType if invoice_type is not InvoiceType.CORRECTION)
    return tuple(invoice_id_of(export.name, region, number, series=invoice_type) for invoice_type in types)


def standing(references: tuple[str, ...], states: Mapping[str, State]) -> tuple[str, State] | None:
    """Return the credited invoice and its state; None when none of the ids is known."""
    return next(((reference, states[reference]) for reference in references if reference in states), None)


def is_on_hold(export: ExportConfig, received_at: float, now: float) -> bool:
    """Whether a correction still waits for its original; times in seconds since the epoch."""
    rules = export.corrections
    return rules.before_original == "hold" and now - received_at < rules.hold_days * _DAY


def patience(state: State) -> float:
    """Return after how many seconds the original's state is worth reading again."""
    return _RECHECK.get(state, _RECHECK_SOON)


def awaited(invoice: Invoice, original: str, state: State, export: ExportConfig) -> Failure:
    """Return why a correction waits."""
    number, days = invoice.credits_invoice_number, export.corrections.hold_days
    original_state = "has failed" if state is State.DEAD else f"is {state.value}"
    text = (
        f"Correction {invoice.invoice_number} credits invoice {number}, which {original_state} and not exported yet "
        f"({original}). It is exported all the same {days} days after it came in."
    )
    return failure(ProcessReason.ORIGINAL_AWAITED, text, field="creditsInvoiceNumber", value=str(number))
