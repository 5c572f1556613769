"""What is written to Redis comes back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from worker.domain.invoice_period import ControlTotal, PeriodRecord
from worker.domain.record import Intent, Progress
from worker.errors import Failure
from worker.store import records

texts = st.text(max_size=20)
failures = st.builds(Failure, **dict.fromkeys(Failure.__dataclass_fields__, texts))
intents = st.builds(
    Intent, step=texts, method=texts, path=texts, body=texts, key=texts, at=st.floats(0, 4e9, allow_nan=False)
)
amounts = st.decimals(-(10**9), 10**9, places=2)


@given(failures | st.none())
def test_failures_return(failure: Failure | None) -> None:
    """Every text, whatever its characters."""
    assert failure == records.load_failure(records.dump_failure(failure))


@given(intents | st.none())
def test_intents_return(intent: Intent | None) -> None:
    """The frozen request to the byte, or it would not be the same request under its key."""
    assert intent == records.load_intent(records.dump_intent(intent))


@given(
    st.builds(
        Progress,
        customer_number=st.none() | st.integers(0, 10**9),
        generation=st.integers(0, 9),
        intent=st.none() | intents,
        lookup=st.booleans(),
        not_found_since=st.floats(0, 4e9),
        draft_number=st.none() | st.integers(0, 10**9),
        booked_number=st.none() | st.integers(0, 10**9),
        voucher=st.none() | texts,
        journal=st.none() | st.integers(0, 99),
        attached=st.booleans(),
        adopted=st.booleans(),
        remarks=st.lists(texts, max_size=3).map(tuple),
        pending_failure=st.none() | failures,
    )
)
def test_progress_returns(progress: Progress) -> None:
    """With the two fields that are kept beside the text."""
    text = records.dump_progress(progress)

    assert progress == records.load_progress(text, generation=progress.generation, lookup=progress.lookup)


@given(st.lists(st.builds(ControlTotal, currency=texts, net=amounts, vat=amounts, gross=amounts), max_size=3), texts)
def test_periods_return(totals: list[ControlTotal], name: str) -> None:
    """Amounts as decimals, to the last zero."""
    period = PeriodRecord(
        id="main-p881",
        export="main",
        number=881,
        name=name,
        region=None,
        closed_at="2026-11-20T15:04:05Z",
        invoice_count=2,
        control_totals=tuple(totals),
    )
    loaded = records.load_period(records.dump_period(period))

    assert period == loaded
    assert [str(total.net) for total in totals] == [str(total.net) for total in loaded.control_totals]
