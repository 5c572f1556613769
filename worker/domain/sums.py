"""The check that the amounts of an event agree with each other, before anything is written; it finds every problem."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

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
    sums = EventSums(by_type=by_type)
    problems = []
    for invoice in invoices:
        problems += check_sums(invoice)
        sums.add(invoice)
    return [*problems, *sums.problems(control_totals, invoice_count)]


class Amounts(Protocol):
    """What of an invoice counts in its event: number, series, currency and the three sums."""

    @property
    def invoice_number(self) -> int:
        """See ``Invoice``."""

    @property
    def invoice_type(self) -> str:
        """See ``Invoice``."""

    @property
    def currency(self) -> str:
        """See ``Invoice``."""

    @property
    def net(self) -> Decimal:
        """See ``Invoice``."""

    @property
    def vat(self) -> Decimal:
        """See ``Invoice``."""

    @property
    def gross(self) -> Decimal:
        """See ``Invoice``."""


class EventSums:
    """What the invoices of an event add up to, one after the other, so that none has to be kept."""

    def __init__(self, *, by_type: bool = False) -> None:
        self._by_type = by_type
        self._numbers: set[tuple[int, str]] = set()
        self._doubled: Counter[tuple[int, str]] = Counter()
        self._sums: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
        self.count = 0

    def add(self, invoice: Amounts) -> None:
        """Count an invoice."""
        self.count += 1
        number = (invoice.invoice_number, str(invoice.invoice_type) if self._by_type else "")
        if number in self._numbers:
            self._doubled[number] += 1
        self._numbers.add(number)
        net, vat, gross = self._sums.get(invoice.currency, (ZERO, ZERO, ZERO))
        self._sums[invoice.currency] = (net + invoice.net, vat + invoice.vat, gross + invoice.gross)

    def problems(self, totals: Sequence[ControlTotal], invoice_count: int) -> list[Problem]:
        """Return what is wrong with the event as a whole."""
        return [*self._doubled_invoices(), *self._invoice_count(invoice_count), *self._control_totals(totals)]

    def _doubled_invoices(self) -> Iterator[Problem]:
        for (number, _), more in self._doubled.items():
            text = f"Invoice number {number} occurs {more + 1} times in the event."
            yield _problem(EventReason.DUPLICATE_NUMBER, text, "invoiceNumber", number, number)

    def _invoice_count(self, stated: int) -> Iterator[Problem]:
        if self.count != stated:
            text = f"The event announces {stated} invoices, but holds {self.count}."
            yield _problem(EventReason.CONTROL_TOTALS, text, "invoiceCount", stated)

    def _control_totals(self, totals: Sequence[ControlTotal]) -> Iterator[Problem]:
        """Every currency of the invoices needs exactly one control total, and the other way round."""
        announced = Counter(total.currency for total in totals)
        for currency in sorted(announced.keys() | self._sums.keys()):
            if announced[currency] != 1:
                text = f"The event has {announced[currency]} control totals for {currency}, not one."
                yield _problem(EventReason.CONTROL_TOTALS, text, "controlTotals", currency)
        for total in totals:
            yield from _control_total(self._sums.get(total.currency, (ZERO, ZERO, ZERO)), total)


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


def _control_total(added: tuple[Decimal, Decimal, Decimal], total: ControlTotal) -> Iterator[Problem]:
    stated = (total.net, total.vat, total.gross)
    for field, said, sum_ in zip(("net", "vat", "gross"), stated, added, strict=True):
        if said != sum_:
            text = f"The control total says {field} {said} {total.currency}, but the invoices add up to {sum_}."
            yield _problem(EventReason.CONTROL_TOTALS, text, f"controlTotals.{total.currency}.{field}", said)


def _problem(reason: ReasonCode, text: str, field: str, value: object, invoice_number: int | None = None) -> Problem:
    return Problem(reason=reason, description=text, invoice_number=invoice_number, field=field, value=str(value))
