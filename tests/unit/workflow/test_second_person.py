"""Four eyes on a period: nothing of it is written before a second person has said yes to its very contents."""

from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from support.harness import EXPORT, Harness, Killed
from support.invoice_harness import sample as invoice
from support.invoice_harness import writes
from support.samples import line

from worker.domain.approval import Approval, ApprovalState, Decision
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import ControlTotal, PeriodRecord
from worker.domain.period_report import Phase, phase_of
from worker.domain.record import State

#: Each invoice is 1 250 DKK.
LIMITED = EXPORT.model_copy(update={"four_eyes": ("DKK 2000",)})
PERIOD = "main-p881"


def two(*, second: str = "1000.00") -> list[Invoice]:
    return [invoice(line("1000.00"), invoice_number=100_001), invoice(line(second), invoice_number=100_002)]


def waiting(harness: Harness) -> list[Approval]:
    return [each for each in harness.approvals.approvals() if each.state is ApprovalState.WAITING]


def say(harness: Harness, *, yes: bool = True, by: str = "Carl") -> None:
    [asked] = waiting(harness)
    assert harness.approvals.decide(asked.asked.id, Decision(yes=yes, by=by, why="seen")) is None


def states(harness: Harness) -> dict[str, State]:
    return {record.id: record.state for record in harness.records()}


def pass_time(harness: Harness, seconds: float = 1800.0) -> None:
    """Let time pass; whatever is due is done."""
    until = harness.clock() + seconds
    while harness.clock() < until:
        for period, _ in harness.store.periods_due():
            harness.check(period)
        harness.deliver()
        harness.clock.advance(60.0)
        harness.sweep()


def period_of(harness: Harness) -> PeriodRecord:
    found = harness.store.period(PERIOD)
    assert found is not None
    return found


def test_a_period_over_the_limit_waits_and_then_flows_once() -> None:
    """2 x 1 250 is over 2 000: not a single write, one request, its phase says so; with the yes each is booked once."""
    harness = Harness(LIMITED)
    harness.close_period(*two())
    pass_time(harness)
    held, wrote = period_of(harness), writes(harness)
    [asked] = waiting(harness)
    say(harness)
    harness.until_rest()

    assert wrote == []
    assert phase_of(held, held.counts) is Phase.HELD
    assert "2 invoices wait for a second person's yes" in held.notice
    assert (asked.asked.by, asked.asked.invoices, asked.asked.at_stake) == ("Opter", 2, {"DKK": Decimal("2500.00")})
    assert set(states(harness).values()) == {State.EXPORTED}
    assert len(harness.documents()) == 2
    assert len(harness.approvals.approvals()) == 1
    after = period_of(harness)
    assert phase_of(after, after.counts) is Phase.DONE


@pytest.mark.parametrize(
    ("limits", "held"),
    [
        ((), False),
        (("DKK 2500",), False),  # exactly the limit is not over it
        (("DKK 2499.99",), True),
        (("EUR 9000000",), True),  # a currency without a limit cannot be compared with one
    ],
)
def test_the_limit_is_of_the_whole_period_and_its_currency(limits: tuple[str, ...], *, held: bool) -> None:
    """As for batches and plans."""
    harness = Harness(EXPORT.model_copy(update={"four_eyes": limits}))
    harness.close_period(*two())
    result = harness.check()
    assert (result.result == "held") is held
    assert bool(harness.approvals.approvals()) is held


def test_a_no_exports_nothing_and_says_so() -> None:
    """Whatever comes later; asked for again by a person it needs another one's yes."""
    harness = Harness(LIMITED)
    harness.close_period(*two())
    pass_time(harness, 60)
    say(harness, yes=False)
    pass_time(harness)
    assert writes(harness) == []
    assert "said no to 2 invoices" in period_of(harness).notice
    assert set(states(harness).values()) == {State.RECEIVED}
    assert waiting(harness) == []


def test_what_comes_later_needs_a_yes_of_its_own() -> None:
    """Neither a replaced content nor a further invoice was seen by whoever said yes; the others flow."""
    harness = Harness(LIMITED)
    harness.close_period(*two())
    pass_time(harness, 60)
    changed = [*two(second="1600.00"), invoice(line("8.00"), invoice_number=100_003)]
    harness.close_period(*changed, event="/opter/acme/1#e2")
    first = waiting(harness)[0]
    pass_time(harness, 60)
    assert harness.approvals.decide(first.asked.id, Decision(yes=True, by="Carl", why="")) is None
    pass_time(harness)
    assert states(harness) == {
        "main-100001": State.EXPORTED,
        "main-100002": State.RECEIVED,
        "main-100003": State.RECEIVED,
    }
    [second] = waiting(harness)
    assert (second.asked.invoices, second.asked.at_stake) == (2, {"DKK": Decimal("2010.00")})
    say(harness)
    harness.until_rest()
    assert len(harness.documents()) == 3


def test_small_parts_of_a_large_period_are_over_the_limit() -> None:
    """What has gone already counts; so does what Opter announces for the whole."""
    harness = Harness(LIMITED)
    harness.close_period(two()[0])
    harness.until_rest()
    harness.close_period(*two(), event="/opter/acme/1#e2")
    pass_time(harness)
    assert states(harness) == {"main-100001": State.EXPORTED, "main-100002": State.RECEIVED}

    announced = Harness(LIMITED)
    announced.close_period(two()[0])
    entry = announced.store.period_entries[PERIOD]
    total = ControlTotal(currency="DKK", net=Decimal(8000), vat=Decimal(2000), gross=Decimal(10000))
    entry.record = replace(entry.record, control_totals=(total,))
    assert announced.check().result == "held"


def test_an_invoice_of_two_periods_waits_if_one_of_them_is_over() -> None:
    """A small period may not carry out what a large one holds."""
    harness = Harness(LIMITED)
    harness.close_period(*two())
    harness.close_period(two()[0], event="/opter/acme/1#e2", number=882)
    pass_time(harness)
    assert writes(harness) == []
    say(harness)
    harness.until_rest()
    assert len(harness.documents()) == 2


def test_what_failed_the_check_is_seen_before_the_yes_and_needs_no_other() -> None:
    """The second person sees the dead letters; once the group is made, they flow with the yes to that very content."""
    harness = Harness(LIMITED)
    good, bad = two()[0], invoice(line("1000.00", account="3050"), invoice_number=100_002)
    harness.close_period(good, bad)
    result = harness.check()
    assert (result.result, result.dead, result.held) == ("held", 1, 1)
    say(harness)
    harness.until_rest()
    assert states(harness) == {"main-100001": State.EXPORTED, "main-100002": State.DEAD}
    harness.store.requeue(["main-100002"], by="Birthe")
    assert harness.check().result == "checked"


def test_a_limit_that_is_raised_lets_the_period_go() -> None:
    """At the next look, without anybody's yes: the request stays, and says nothing any more."""
    harness = Harness(LIMITED)
    harness.close_period(*two())
    pass_time(harness, 60)
    harness.export = harness.export.model_copy(update={"four_eyes": ("DKK 5000",)})
    harness.hire()
    pass_time(harness)
    assert set(states(harness).values()) == {State.EXPORTED}


def test_while_it_waits_e_conomic_is_left_alone() -> None:
    """Each look reads Redis alone."""
    harness = Harness(LIMITED)
    harness.close_period(*two())
    pass_time(harness, 60)
    calls: list[str] = []

    def count(request: httpx.Request, answer: object) -> httpx.Response:
        calls.append(request.url.path)
        return answer(request)  # type: ignore[operator,no-any-return]  # what the harness hands on

    harness.around_http = count
    pass_time(harness, 7200)
    assert calls == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_trip_it_is_asked_for_and_flows_once(when: str) -> None:
    """Whatever trip the worker dies at, before the yes or after it: never a write before, each once after."""
    for at in range(1, 60):
        harness = Harness(LIMITED)
        left = at

        def strike(_: str, trip: object) -> object:
            nonlocal left
            left -= 1
            if left == 0 and when == "before":
                raise Killed
            done = trip()  # type: ignore[operator]  # the trip itself
            if left == 0:
                raise Killed
            return done

        harness.close_period(*two())
        harness.around_store = strike
        _survive(harness)
        assert writes(harness) == [], at
        assert waiting(harness), at
        for asked in waiting(harness):
            assert harness.approvals.decide(asked.asked.id, Decision(yes=True, by="Carl", why="")) is None
        _survive(harness)
        assert set(states(harness).values()) == {State.EXPORTED}, at
        assert len(harness.documents()) == 2, at
        assert len(harness.approvals.approvals()) == 1, at
        if left > 0:
            assert at > 15
            return
    raise AssertionError("the play has no end")


def _survive(harness: Harness) -> None:
    for _ in range(2):
        try:
            pass_time(harness, 1200)
        except Killed:
            harness.mailbox.clear()
            harness.hire()
            harness.clock.advance(300)
