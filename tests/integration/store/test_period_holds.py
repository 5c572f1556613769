"""Requests for a yes to a period: a frozen set of contents, decided once, and the period's check due at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
import redis
from support.clock import ManualClock
from support.memory_approvals import MemoryApprovals
from support.memory_store import MemoryStore
from support.store import steps
from support.store.echo import EchoingRedis

from worker.domain.approval import ApprovalPort, ApprovalState, Decision, NewApproval, NotDecided
from worker.domain.period_hold import OPTER, PeriodHoldPort, Standing, new_request
from worker.domain.store_port import Store
from worker.store.approvals import RedisApprovals
from worker.store.connection import StorePolicy
from worker.store.period_holds import RedisPeriodHolds
from worker.store.redis_store import RedisStore

PERIOD = "main-p881"
SET = {"main-1": "one", "main-2": "one"}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The ports over one store."""

    holds: PeriodHoldPort
    approvals: ApprovalPort
    store: Store


@pytest.fixture(params=[redis.Redis, EchoingRedis, None], ids=["once", "twice", "memory"])
def kept(request: pytest.FixtureRequest, redis_url: str, redis_prefix: str, clock: ManualClock) -> Iterator[Kept]:
    """With a driver that runs every script a second time, too, as after a lost answer; and the tests' own double."""
    if request.param is None:
        memory = MemoryStore(policy=StorePolicy(), clock=clock)
        approvals = MemoryApprovals(clock, due=memory.call_for_preflight)
        yield Kept(holds=approvals, approvals=approvals, store=memory)
        return
    with request.param.from_url(redis_url) as client:
        how = {"prefix": redis_prefix, "policy": StorePolicy(), "clock": clock}
        yield Kept(
            holds=RedisPeriodHolds(client, **how),
            approvals=RedisApprovals(client, **how),
            store=RedisStore(client, **how),
        )


def _request(invoices: dict[str, str] | None = None, stake: str = "250.00") -> NewApproval:
    return new_request(PERIOD, "2026-881A", "main", invoices or SET, {"DKK": Decimal(stake)})


def _hold(kept: Kept, clock: ManualClock) -> None:
    """The period's check ends with its two invoices held."""
    steps.take_in(kept.store, 1, 2)
    fence = kept.store.claim_period(PERIOD)
    assert fence is not None
    kept.holds.ask_for_period(PERIOD, _request(), SET)
    kept.store.defer_preflight(PERIOD, fence, until=clock.now + 600, notice="", held=True)


def _due(kept: Kept) -> bool:
    return [key for key, _ in kept.store.periods_due()] == [PERIOD]


@pytest.mark.parametrize(("yes", "then"), [(True, Standing.APPROVED), (False, Standing.REFUSED)])
def test_a_decision_counts_for_the_frozen_contents_and_wakes_the_period(
    kept: Kept, clock: ManualClock, *, yes: bool, then: Standing
) -> None:
    """Another content of the same invoice was not decided on; neither was an invoice that came later."""
    _hold(kept, clock)
    before = kept.holds.standings(PERIOD, SET | {"main-3": "one"}), _due(kept)
    clock.advance(300 * 86_400)  # it does not expire
    assert kept.store.claim_period(PERIOD) is not None  # looked at again meanwhile, and still held
    kept.store.defer_preflight(PERIOD, 2, until=clock.now + 600, notice="", held=True)
    assert not _due(kept)
    assert kept.approvals.decide(_request().id, Decision(yes=yes, by="Carl", why="seen")) is None

    assert before == (dict.fromkeys(SET, Standing.ASKED), False)
    assert kept.holds.standings(PERIOD, {"main-1": "one", "main-2": "two", "main-3": "one"}) == {"main-1": then}
    assert kept.holds.standings("main-p882", SET) == {}
    assert _due(kept)
    found = kept.approvals.approval(_request().id)
    assert found
    assert found.state is (ApprovalState.DONE if yes else ApprovalState.REFUSED)


def test_the_source_closed_it_so_a_person_of_its_name_cannot_say_yes(kept: Kept, clock: ManualClock) -> None:
    """And the first decision counts."""
    _hold(kept, clock)
    key = _request().id
    assert kept.approvals.decide(key, Decision(yes=True, by=f" {OPTER.lower()}", why="")) is NotDecided.OWN
    assert kept.approvals.decide(key, Decision(yes=True, by="Carl", why="")) is None
    assert kept.approvals.decide(key, Decision(yes=False, by="Dorte", why="late")) is NotDecided.OVER


def test_the_same_set_is_asked_for_once(kept: Kept, clock: ManualClock) -> None:
    """However often whoever asks is interrupted: the request keeps its time and its decision."""
    _hold(kept, clock)
    asked = kept.approvals.approval(_request().id)
    clock.advance(5)
    kept.holds.ask_for_period(PERIOD, _request(), SET)
    assert [found.asked.id for found in kept.approvals.approvals()] == [_request().id]
    assert kept.approvals.approval(_request().id) == asked


def test_what_was_refused_may_be_asked_for_once_more(kept: Kept, clock: ManualClock) -> None:
    """By a person, who then needs another one; the same set, whose last word counts, and a yes stays one."""
    _hold(kept, clock)
    again = NewApproval(id="again", export="main", action="export-period", subject="2026-881A", by="Birthe", invoices=2)
    third = NewApproval(id="third", export="main", action="export-period", subject="2026-881A", by="Dorte", invoices=2)
    assert not kept.holds.ask_again(_request().id, again)  # it waits
    kept.approvals.decide(_request().id, Decision(yes=False, by="Carl", why="wrong month"))
    clock.advance(1)
    assert kept.holds.ask_again(_request().id, again)
    assert not kept.holds.ask_again(_request().id, third)
    assert kept.holds.standings(PERIOD, SET) == dict.fromkeys(SET, Standing.ASKED)
    assert kept.approvals.decide("again", Decision(yes=True, by="birthe", why="")) is NotDecided.OWN
    assert kept.approvals.decide("again", Decision(yes=False, by="Carl", why="still")) is None
    clock.advance(1)
    assert kept.holds.ask_again("again", third)
    assert kept.approvals.decide("third", Decision(yes=True, by="Carl", why="")) is None
    assert kept.holds.standings(PERIOD, SET) == dict.fromkeys(SET, Standing.APPROVED)


def test_a_set_larger_than_one_command(kept: Kept) -> None:
    """Sets are written and read in parts."""
    many = {f"main-{number}": "one" for number in range(1, 1203)}
    steps.take_in(kept.store, 1)
    kept.holds.ask_for_period(PERIOD, _request(many), many)
    kept.approvals.decide(_request(many).id, Decision(yes=True, by="Carl", why=""))
    assert kept.holds.standings(PERIOD, many) == dict.fromkeys(many, Standing.APPROVED)
