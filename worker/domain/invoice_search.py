"""Which invoices of a period a person wants to see, and the page of them that is shown. Pure."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from worker.domain.record import InvoiceRecord, State

#: The order of a period's invoices: those that need a person first, then what is on its way, then what is done.
ORDER = (State.DEAD, State.WAITING, State.EXPORTING, State.QUEUED, State.RECEIVED, State.EXPORTED)
#: Matches of a text that are counted and shown; who finds more searches for more of it.
MOST_FOUND = 5000
#: Remarks that are shown of a large period, the most frequent ones.
MOST_REMARKS = 1000
#: Gaps in a period's numbers that are looked into, and how wide one may be to be looked into number by number.
MOST_GAPS, WIDEST_GAP = 200, 200


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceFilter:
    """What the invoices shown have in common; empty fields leave all in."""

    state: State | None = None
    #: Reason code for which they failed or wait.
    reason: str = ""
    #: Part of the id, the number, or the customer's code or name; case makes no difference.
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoicePage:
    """Some of the invoices that fit a filter, by state, reason and number; by arrival where a text is searched for."""

    #: How many fit; of those that a text finds, ``MOST_FOUND`` at most.
    total: int
    records: Sequence[InvoiceRecord]


def searchable(content: str) -> str:
    """Return what an invoice is found by besides its id, from its canonical JSON: the customer, in small letters."""
    customer = json.loads(content).get("customer") or {}
    return sought(f"{customer.get('code', '')} {customer.get('name', '')}")


def sought(text: str) -> str:
    """Return a text as it is searched for and in."""
    return " ".join(text.casefold().split())


def fits(record: InvoiceRecord, wanted: InvoiceFilter) -> bool:
    """Tell whether an invoice is one of those wanted."""
    failed = record.failure.reason if record.failure and record.state in (State.DEAD, State.WAITING) else ""
    return (
        wanted.state in (None, record.state)
        and wanted.reason in ("", failed)
        and sought(wanted.text) in f"{record.id.casefold()} {searchable(record.content)}"
    )


def gaps_of(
    invoice_ids: Sequence[str], known: Callable[[Sequence[str]], Collection[str]]
) -> Sequence[tuple[str, int, int]]:
    """See ``PeriodIndexPort.gap_numbers``; ``known`` returns which of some ids are those of invoices."""
    return missing_in(gaps_between(invoice_ids), known)


def missing_in(
    gaps: Sequence[tuple[str, int, int]], known: Callable[[Sequence[str]], Collection[str]]
) -> Sequence[tuple[str, int, int]]:
    """Return what of these gaps no period has brought; ``known`` returns which of some ids are those of invoices."""
    narrow = [gap for gap in gaps if gap[2] - gap[1] < WIDEST_GAP]
    elsewhere = known([f"{before}-{number}" for before, first, last in narrow for number in range(first, last + 1)])
    return [part for gap in gaps for part in (_unknown(gap, elsewhere) if gap in narrow else [gap])]


def _unknown(gap: tuple[str, int, int], known: Collection[str]) -> list[tuple[str, int, int]]:
    """Return what of a gap is not known."""
    before, first, last = gap
    edges = [first - 1, *(number for number in range(first, last + 1) if f"{before}-{number}" in known), last + 1]
    return [(before, low + 1, high - 1) for low, high in pairwise(edges) if high > low + 1]


def gaps_between(invoice_ids: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return the first gaps between the numbers of these invoices, whatever lies in them elsewhere."""
    series: dict[str, list[int]] = {}
    for invoice_id in invoice_ids:
        before, _, number = invoice_id.rpartition("-")
        series.setdefault(before, []).append(int(number))
    gaps = [
        (before, last + 1, number - 1)
        for before, numbers in sorted(series.items())
        for last, number in _steps(sorted(numbers))
    ]
    return gaps[:MOST_GAPS]


def _steps(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(last, number) for last, number in pairwise(numbers) if number > last + 1]
