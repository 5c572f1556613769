"""Opter's number series: which numbers came, what became of them, and which never came.

Opter numbers without gaps, by invoice type, and by region where regions number apart (docs.opter.com, invoicing-005 and
invoicing-006), so a number between two others that never came is an invoice that is missing or was never made.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from worker.domain.record import Outcome, State


class NumberStatus(StrEnum):
    """What has become of one number."""

    EXPORTED = "exported"
    #: Marked as exported by hand.
    BY_HAND = "by-hand"
    #: Left out on purpose: by its type, or with nothing to book.
    EXCLUDED = "excluded"
    FAILED = "failed"
    ON_ITS_WAY = "on-its-way"
    #: Never came, and a document that is not ours carries it in the accounting system.
    TAKEN = "taken-by-other"
    #: Never came, and a person has said why.
    EXPLAINED = "explained"
    #: Never came, and nothing explains it.
    NEVER_RECEIVED = "never-received"


_OF_OUTCOME: Mapping[Outcome, NumberStatus] = {
    Outcome.BY_HAND: NumberStatus.BY_HAND,
    Outcome.EXCLUDED: NumberStatus.EXCLUDED,
    Outcome.NOTHING_TO_BOOK: NumberStatus.EXCLUDED,
    Outcome.DISCARDED: NumberStatus.EXCLUDED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberRecord:
    """One invoice, as far as its number is concerned."""

    id: str
    number: int
    invoice_type: str
    #: None: regions do not number apart.
    region: str | None
    state: State
    outcome: Outcome | None

    @property
    def status(self) -> NumberStatus:
        """What has become of it."""
        if self.state is State.EXPORTED:
            return _OF_OUTCOME.get(self.outcome or Outcome.BOOKED, NumberStatus.EXPORTED)
        return NumberStatus.FAILED if self.state is State.DEAD else NumberStatus.ON_ITS_WAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why numbers of a series never came, as a person said it."""

    region: str | None
    #: Invoice type; empty: one series for all types.
    series: str
    first: int
    last: int
    by: str
    why: str
    #: ISO 8601, UTC.
    at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Numbers in a row of which the same is to be said, both ends included."""

    first: int
    last: int
    status: NumberStatus
    #: Why, or where; empty when there is nothing to add.
    detail: str = ""

    @property
    def count(self) -> int:
        """How many numbers these are."""
        return self.last - self.first + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberSeries:
    """One series from its lowest number to its highest."""

    region: str | None
    #: Invoice type; empty: one series for all types.
    series: str
    spans: tuple[Span, ...]

    @property
    def first(self) -> int:
        """The lowest number that came."""
        return self.spans[0].first

    @property
    def last(self) -> int:
        """The highest number that came."""
        return self.spans[-1].last

    @property
    def expected(self) -> int:
        """How many numbers there are from the lowest to the highest."""
        return self.last - self.first + 1

    @property
    def counts(self) -> Mapping[NumberStatus, int]:
        """Numbers by what became of them; statuses that do not occur are left out."""
        counts: Counter[NumberStatus] = Counter()
        for span in self.spans:
            counts[span.status] += span.count
        return dict(counts)

    @property
    def gaps(self) -> tuple[Span, ...]:
        """The numbers that never came and that nothing explains."""
        return tuple(span for span in self.spans if span.status is NumberStatus.NEVER_RECEIVED)


def number_series(
    records: Iterable[NumberRecord],
    *,
    by_type: bool,
    explanations: Sequence[Explanation] = (),
    taken: Mapping[tuple[str | None, str, int], str] | None = None,
) -> tuple[NumberSeries, ...]:
    """Return every series of an export, by region and series.

    ``by_type``: each invoice type numbers apart. ``taken`` says where a number that never came stands in the accounting
    system, by region, series and number.
    """
    groups: dict[tuple[str | None, str], dict[int, NumberRecord]] = {}
    for record in records:
        series = record.invoice_type if by_type else ""
        groups.setdefault((record.region, series), {})[record.number] = record
    return tuple(
        NumberSeries(
            region=region,
            series=series,
            spans=tuple(
                _joined(_numbers(present, _of(region, series, explanations), _in(region, series, taken or {})))
            ),
        )
        for (region, series), present in sorted(groups.items(), key=lambda group: (group[0][0] or "", group[0][1]))
    )


def _of(region: str | None, series: str, explanations: Sequence[Explanation]) -> list[Explanation]:
    return [each for each in explanations if (each.region, each.series) == (region, series)]


def _in(region: str | None, series: str, taken: Mapping[tuple[str | None, str, int], str]) -> dict[int, str]:
    return {number: where for (place, kind, number), where in taken.items() if (place, kind) == (region, series)}


def _numbers(
    present: Mapping[int, NumberRecord], explanations: Sequence[Explanation], taken: Mapping[int, str]
) -> Iterator[Span]:
    """Yield every number that came, and every gap between two of them cut where what is to be said changes."""
    before = min(present) - 1
    for number in sorted(present):
        if number > before + 1:
            yield from _gap(before + 1, number - 1, explanations, taken)
        yield Span(first=number, last=number, status=present[number].status)
        before = number


def _gap(first: int, last: int, explanations: Sequence[Explanation], taken: Mapping[int, str]) -> Iterator[Span]:
    edges = {first, last + 1}
    for each in explanations:
        edges |= {edge for edge in (each.first, each.last + 1) if first < edge <= last}
    edges |= {edge for number in taken for edge in (number, number + 1) if first < edge <= last}
    for start, end in pairwise(sorted(edges)):
        why = next((each for each in explanations if each.first <= start and end - 1 <= each.last), None)
        if start in taken:
            yield Span(first=start, last=end - 1, status=NumberStatus.TAKEN, detail=taken[start])
        elif why:
            yield Span(first=start, last=end - 1, status=NumberStatus.EXPLAINED, detail=f"{why.by}: {why.why}")
        else:
            yield Span(first=start, last=end - 1, status=NumberStatus.NEVER_RECEIVED)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Join neighbours of which the same is to be said."""
    last: Span | None = None
    for span in spans:
        if last is None:
            last = span
        elif (last.status, last.detail) == (span.status, span.detail) and span.first == last.last + 1:
            last = Span(first=last.first, last=span.last, status=span.status, detail=span.detail)
        else:
            yield last
            last = span
    if last is not None:
        yield last
