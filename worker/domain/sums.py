"""The check that the amounts of an event agree with each other, before anything is written; it finds every problem."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from worker.domain.invoice import Invoice
from worker.domain.invoice_period import ControlTotal
from worker.domain.money import OERE, ZERO, to_oere
from worker.domain.reasons import EventReason, ReasonCode

#: Dates outside are slips of a keyboard or a conversion, not business.
_FIRST_YEAR, _LAST_YEAR = 2000, 2099


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing wrong with an event, and where."""

    reason: ReasonCode
    description: str
    #: Number of the invoice; None when it is about the event as a whole.
    invoice_number: int | None = None
    #: Field in the event's spelling.
    field: str = ""
    value: str = ""


def check_sums(invoice: Invoice) -> list[Problem]:
    """Return everything in which the invoice contradicts itself."""
    return [*_header(invoice), *_doubled_lines(invoice), *_line_vat(invoice), *_dates(invoice)]


def check_event(
    invoices: Iterable[Invoice], control_totals: Sequence[ControlTotal], invoice_count: int, *, by_type: bool = False
) -> list[Problem]:
    """Return every problem of every invoice, and those of the event as a whole.

    ``by_type``: each invoice type has a number series of its own, so that two types may share a number.
    """
    every = list(invoices)
    return [
        *(problem for invoice in every for problem in check_sums(invoice)),
        *_doubled_invoices(every, by_type=by_type),
        *_invoice_count(every, invoice_count),
        *_control_totals(every, control_totals),
    ]


def _header(invoice: Invoice) -> Iterator[Problem]:
    sums = (
        ("net", invoice.net, sum((line.net for line in invoice.lines), ZERO), "its lines' net amounts"),
        ("vat", invoice.vat, sum((line.vat for line in invoice.lines), ZERO), "its lines' VAT amounts"),
        ("gross", invoice.gross, invoice.net + invoice.vat + invoice.rounding, "net, VAT and rounding"),
    )
    for field, stated, added, parts in sums:
        if stated != added:
            text = f"Invoice {invoice.invoice_number}: {field} is {stated}, but {parts} add up to {added}."
            yield _problem(EventReason.INVALID_SUMS, text, field, stated, invoice.invoice_number)


def _doubled_lines(invoice: Invoice) -> Iterator[Problem]:
    for number, times in Counter(line.line_number for line in invoice.lines).items():
        if times > 1:
            text = f"Invoice {invoice.invoice_number} has {times} lines with number {number}."
            yield _problem(EventReason.DUPLICATE_NUMBER, text, "lines.lineNumber", number, invoice.invoice_number)


def _line_vat(invoice: Invoice) -> Iterator[Problem]:
    """Allow one øre for each order behind the invoice: a line adds up orders, and Opter rounds the VAT of each."""
    allowed = OERE * max(1, len(invoice.order_numbers))
    for line in invoice.lines:
        expected = to_oere(line.net * line.vat_rate / 100)
        if abs(line.vat - expected) > allowed:
            text = (
                f"Invoice {invoice.invoice_number}, line {line.line_number}: VAT is {line.vat}, "
                f"but {line.vat_rate} % of {line.net} is {expected}."
            )
            yield _problem(EventReason.INVALID_SUMS, text, "lines.vat", line.vat, invoice.invoice_number)


def _dates(invoice: Invoice) -> Iterator[Problem]:
    for field, day in (("invoiceDate", invoice.invoice_date), ("dueDate", invoice.due_date)):
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            text = f"Invoice {invoice.invoice_number}: {field} {day} is not a plausible date."
            yield _problem(EventReason.EVENT_INVALID, text, field, day, invoice.invoice_number)


def _doubled_invoices(invoices: Sequence[Invoice], *, by_type: bool) -> Iterator[Problem]:
    series = Counter((invoice.invoice_number, invoice.invoice_type if by_type else None) for invoice in invoices)
    for (number, _), times in series.items():
        if times > 1:
            text = f"Invoice number {number} occurs {times} times in the event."
            yield _problem(EventReason.DUPLICATE_NUMBER, text, "invoiceNumber", number, number)


def _invoice_count(invoices: Sequence[Invoice], stated: int) -> Iterator[Problem]:
    if len(invoices) != stated:
        text = f"The event announces {stated} invoices, but holds {len(invoices)}."
        yield _problem(EventReason.CONTROL_TOTALS, text, "invoiceCount", stated)


def _control_totals(invoices: Sequence[Invoice], totals: Sequence[ControlTotal]) -> Iterator[Problem]:
    """Every currency of the invoices needs exactly one control total, and the other way round."""
    announced = Counter(total.currency for total in totals)
    for currency in sorted(announced.keys() | {invoice.currency for invoice in invoices}):
        if announced[currency] != 1:
            text = f"The event has {announced[currency]} control totals for {currency}, not one."
            yield _problem(EventReason.CONTROL_TOTALS, text, "controlTotals", currency)
    for total in totals:
        yield from _control_total([invoice for invoice in invoices if invoice.currency == total.currency], total)


def _control_total(invoices: Sequence[Invoice], total: ControlTotal) -> Iterator[Problem]:
    sums = (
        ("net", total.net, sum((invoice.net for invoice in invoices), ZERO)),
        ("vat", total.vat, sum((invoice.vat for invoice in invoices), ZERO)),
        ("gross", total.gross, sum((invoice.gross for invoice in invoices), ZERO)),
    )
    for field, stated, added in sums:
        if stated != added:
            text = f"The control total says {field} {stated} {total.currency}, but the invoices add up to {added}."
            yield _problem(EventReason.CONTROL_TOTALS, text, f"controlTotals.{total.currency}.{field}", stated)


def _problem(reason: ReasonCode, text: str, field: str, value: object, invoice_number: int | None = None) -> Problem:
    return Problem(reason=reason, description=text, invoice_number=invoice_number, field=field, value=str(value))
