"""Numbers between those of a period that no period has brought, and that nobody has explained."""

from collections.abc import Callable, Sequence
from itertools import groupby

from worker.domain.desk_ports import PeriodIndexPort
from worker.domain.invoice_period import PeriodRecord
from worker.domain.number_series import Explanation, NumberRecord, Span, number_series
from worker.domain.record import InvoiceRecord, State

#: Returns one invoice of an id.
Invoices = Callable[[str], InvoiceRecord | None]
#: Returns what persons have said of numbers of an export that never came.
Explanations = Callable[[str], Sequence[Explanation]]


def numbers_missing(
    index: PeriodIndexPort, explanations: Explanations, invoice: Invoices, period: PeriodRecord, *, by_type: bool
) -> Sequence[Span]:
    """Return these numbers; ``by_type``: each invoice type has its own series. Raises ``StoreUnavailable``."""
    gaps_found = index.gap_numbers(period.id)
    explained = explanations(period.export) if gaps_found else ()
    missing: list[Span] = []
    for before, gaps in groupby(gaps_found, key=lambda gap: gap[0]):
        spans = [(first, last) for _, first, last in gaps]
        known = _neighbour(invoice, before, spans[0][0] - 1)
        for first, last in spans:
            edges = [_at(known, number) for number in (first - 1, last + 1)] if known else []
            every = number_series(edges, by_type=by_type, explanations=explained)
            missing += [gap for series in every for gap in series.gaps]
    return missing


def _neighbour(invoice: Invoices, before: str, number: int) -> NumberRecord | None:
    """Return an invoice of the series whose ids begin so: it tells region and type of those that are missing."""
    record = invoice(f"{before}-{number}")
    if record is None:
        return None
    return NumberRecord(
        id=record.id,
        number=number,
        invoice_type=record.invoice_type,
        region=record.region,
        state=record.state,
        outcome=record.outcome,
    )


def _at(known: NumberRecord, number: int) -> NumberRecord:
    """Return a number of the same series."""
    return NumberRecord(
        id="", number=number, invoice_type=known.invoice_type, region=known.region, state=State.EXPORTED, outcome=None
    )
