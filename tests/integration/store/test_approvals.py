"""Requests for a second person's yes: the first decision counts, in time, and never the asker's own yes."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
import redis
from support.clock import ManualClock
from support.memory_approvals import MemoryApprovals
from support.store.echo import EchoingRedis

from worker.domain.action_log import LogFilter
from worker.domain.approval import ApprovalPort, ApprovalState, Decision, NewApproval, NotDecided
from worker.store.action_log import RedisActionLog
from worker.store.approvals import RedisApprovals
from worker.store.connection import StorePolicy

ASKED = NewApproval(
    id="a1",
    export="main",
    action="requeue",
    subject="product-group-missing: 3050",
    by="Birthe",
    why="the group is made",
    at_stake={"DKK": Decimal("1260.00")},
    invoices=2,
    frozen="main-set-a1",
    digest="2fd4e1",
)


@pytest.fixture(params=[redis.Redis, EchoingRedis, None], ids=["once", "twice", "memory"])
def approvals(
    request: pytest.FixtureRequest, redis_url: str, redis_prefix: str, clock: ManualClock
) -> Iterator[ApprovalPort]:
    """With a driver that runs every script a second time, too, as after a lost answer; and the tests' own double."""
    if request.param is None:
        yield MemoryApprovals(clock)
        return
    with request.param.from_url(redis_url) as client:
        yield RedisApprovals(client, prefix=redis_prefix, policy=StorePolicy(), clock=clock)


def _say(yes: bool, by: str) -> Decision:  # noqa: FBT001  # a yes or a no is what this is about
    return Decision(yes=yes, by=by, why="seen")


def test_a_request_keeps_what_was_asked_by_whom_and_when(approvals: ApprovalPort, clock: ManualClock) -> None:
    """With its frozen set; asked again with its id, it stays as it was."""
    approvals.ask_approval(ASKED, seconds=60)
    at = clock()
    clock.advance(5)
    approvals.ask_approval(replace(ASKED, frozen="main-set-a2"), seconds=600)

    [found] = approvals.approvals()
    assert found == approvals.approval("a1")
    assert (found.asked, found.state) == (ASKED, ApprovalState.WAITING)
    assert (found.asked_at, found.expires_at) == (at, at + 60)
    assert approvals.approval("a2") is None


def test_a_second_person_says_yes_once(approvals: ApprovalPort, clock: ManualClock) -> None:
    """The first decision counts, and what was carried out stays so."""
    approvals.ask_approval(ASKED, seconds=60)
    assert approvals.decide("a1", _say(True, "Carl")) is None
    assert approvals.decide("a1", _say(False, "Dorte")) is NotDecided.OVER
    found = approvals.approval("a1")
    assert found
    assert found.decision == Decision(yes=True, by="Carl", why="seen", at=clock())
    assert found.state is ApprovalState.APPROVED
    approvals.mark_done("a1")
    clock.advance(9)
    approvals.mark_done("a1")
    done = approvals.approval("a1")
    assert done
    assert (done.state, done.done_at) == (ApprovalState.DONE, clock() - 9)


def test_nobody_says_yes_to_what_they_ask_for(approvals: ApprovalPort) -> None:
    """However they spell their name; they may take it back."""
    approvals.ask_approval(ASKED, seconds=60)
    assert approvals.decide("a1", _say(True, " birthe ")) is NotDecided.OWN
    assert approvals.decide("a1", _say(False, "Birthe")) is None
    found = approvals.approval("a1")
    assert found
    assert found.state is ApprovalState.REFUSED
    assert approvals.decide("a1", _say(True, "Carl")) is NotDecided.OVER


def test_a_yes_that_comes_too_late_does_not_count(approvals: ApprovalPort, clock: ManualClock) -> None:
    """What expired is done by nobody."""
    approvals.ask_approval(ASKED, seconds=60)
    clock.advance(60)
    assert approvals.decide("a1", _say(True, "Carl")) is NotDecided.OVER
    assert approvals.decide("never", _say(True, "Carl")) is NotDecided.UNKNOWN
    found = approvals.approval("a1")
    assert found
    assert (found.state, found.decision) == (ApprovalState.EXPIRED, None)


def _one_act_after_the_other(approvals: ApprovalPort) -> None:
    approvals.ask_approval(ASKED, seconds=60)
    approvals.ask_approval(ASKED, seconds=60)
    approvals.decide("a1", _say(True, "Birthe"))
    approvals.decide("a1", _say(False, "Carl"))
    approvals.decide("a1", _say(True, "Dorte"))


def test_who_asked_and_who_answered_stands_in_the_log_of_actions(
    redis_url: str, redis_client: redis.Redis, redis_prefix: str, clock: ManualClock
) -> None:
    """Written with the act itself, once each; what does not count is not in it."""
    with EchoingRedis.from_url(redis_url) as client:
        _one_act_after_the_other(RedisApprovals(client, prefix=redis_prefix, policy=StorePolicy(), clock=clock))
    log = RedisActionLog(redis_client, prefix=redis_prefix, policy=StorePolicy())
    entries = log.actions(LogFilter(exports=frozenset({"main"})))
    assert [(entry.what, entry.who, entry.why, entry.of) for entry in reversed(entries)] == [
        ("ask-approval", "Birthe", "the group is made", ("a1",)),
        ("reject", "Carl", "seen", ("a1",)),
    ]


def test_the_newest_request_comes_first(approvals: ApprovalPort, clock: ManualClock) -> None:
    """And only so many as are asked for."""
    for key in ("x", "y", "z"):
        approvals.ask_approval(NewApproval(id=key, export="m", action="a", subject="s", by="B", invoices=0), seconds=9)
        clock.advance(1)
    assert [found.asked.id for found in approvals.approvals(most=2)] == ["z", "y"]
