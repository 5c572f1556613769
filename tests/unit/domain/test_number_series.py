"""Opter's numbering has no gaps: each number is accounted for, and what never came is red until explained."""

from hypothesis import given
from hypothesis import strategies as st

from worker.domain.number_series import Explanation, NumberRecord, NumberSeries, NumberStatus, Span, number_series
from worker.domain.record import Outcome, State


def _record(
    number: int,
    *,
    state: State = State.EXPORTED,
    outcome: Outcome | None = Outcome.BOOKED,
    invoice_type: str = "invoice",
    region: str | None = None,
) -> NumberRecord:
    return NumberRecord(
        id=f"main-{number}", number=number, invoice_type=invoice_type, region=region, state=state, outcome=outcome
    )


def _why(first: int, last: int) -> Explanation:
    return Explanation(region=None, series="", first=first, last=last, by="kim", why="begun anew", at="2026-11-28")


def test_every_status_has_its_span() -> None:
    """What came is named by what became of it; neighbours alike are one span."""
    records = [
        _record(1),
        _record(2, outcome=Outcome.VOUCHER),
        _record(3, outcome=Outcome.BY_HAND),
        _record(4, outcome=Outcome.EXCLUDED),
        _record(5, outcome=Outcome.NOTHING_TO_BOOK),
        _record(6, state=State.DEAD, outcome=None),
        _record(7, state=State.WAITING, outcome=None),
        _record(10),
    ]
    [series] = number_series(records, by_type=False)

    assert [(span.first, span.last, span.status.value) for span in series.spans] == [
        (1, 2, "exported"),
        (3, 3, "by-hand"),
        (4, 5, "excluded"),
        (6, 6, "failed"),
        (7, 7, "on-its-way"),
        (8, 9, "never-received"),
        (10, 10, "exported"),
    ]
    assert (series.expected, series.gaps) == (10, (Span(first=8, last=9, status=NumberStatus.NEVER_RECEIVED),))


def test_regions_and_types_that_number_apart_are_series_of_their_own() -> None:
    """The same number in another series fills no gap here."""
    records = [
        _record(1, region="DK1"),
        _record(3, region="DK1"),
        _record(2, region="DK2"),
        _record(2, region="DK1", invoice_type="interest"),
    ]
    one, by_type = number_series(records, by_type=False), number_series(records, by_type=True)

    assert [(each.region, each.series, each.expected, len(each.gaps)) for each in one] == [
        ("DK1", "", 3, 0),
        ("DK2", "", 1, 0),
    ]
    assert [(each.region, each.series, each.expected, len(each.gaps)) for each in by_type] == [
        ("DK1", "interest", 1, 0),
        ("DK1", "invoice", 3, 1),
        ("DK2", "invoice", 1, 0),
    ]


def test_a_gap_is_cut_where_what_explains_it_ends() -> None:
    """An explanation covers what it names, a document of somebody else its number, the rest stays red."""
    [series] = number_series(
        [_record(1), _record(10)],
        by_type=False,
        explanations=[_why(3, 5), _why(9, 400)],
        taken={(None, "", 7): "voucher 800 of 2026-11-20", ("DK1", "", 2): "elsewhere"},
    )

    assert [(span.first, span.last, span.status.value) for span in series.spans[1:-1]] == [
        (2, 2, "never-received"),
        (3, 5, "explained"),
        (6, 6, "never-received"),
        (7, 7, "taken-by-other"),
        (8, 8, "never-received"),
        (9, 9, "explained"),
    ]


@given(
    st.sets(st.integers(1, 60), min_size=1),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20)), max_size=4),
    st.sets(st.integers(1, 60), max_size=8),
)
def test_every_number_is_in_one_span(numbers: set[int], said: list[tuple[int, int]], taken: set[int]) -> None:
    """From the lowest to the highest, without overlap, each with the status that it must have."""
    explanations = [_why(first, first + more) for first, more in said]
    [series] = number_series(
        map(_record, numbers), by_type=False, explanations=explanations, taken={(None, "", n): "there" for n in taken}
    )
    statuses = _each(series)

    assert sorted(statuses) == list(range(min(numbers), max(numbers) + 1))
    assert sum(series.counts.values()) == series.expected
    for number, status in statuses.items():
        assert status is _expected(number, numbers, explanations, taken)


def _each(series: NumberSeries) -> dict[int, NumberStatus]:
    pairs = [(number, span.status) for span in series.spans for number in range(span.first, span.last + 1)]
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def _expected(number: int, numbers: set[int], explanations: list[Explanation], taken: set[int]) -> NumberStatus:
    if number in numbers:
        return NumberStatus.EXPORTED
    if number in taken:
        return NumberStatus.TAKEN
    explained = any(each.first <= number <= each.last for each in explanations)
    return NumberStatus.EXPLAINED if explained else NumberStatus.NEVER_RECEIVED
