"""A repeat that arrives after others have gone on changes nothing, and never gives leave to go on."""

from collections.abc import Iterator

import pytest
import redis
from support.clock import ManualClock
from support.store import steps
from support.store.echo import LateRedis
from support.store.steps import FAILURE

from worker.domain.record import Finish, MoveToDeadLetters, Outcome, ReturnToQueue, Transition, Wait
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore


@pytest.fixture
def late(redis_url: str) -> Iterator[LateRedis]:
    with LateRedis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def store(late: redis.Redis, redis_prefix: str, policy: StorePolicy, clock: ManualClock) -> RedisStore:
    return RedisStore(late, prefix=redis_prefix, policy=policy, clock=clock)


def test_a_save_that_goes_on_is_refused_once_the_lease_is_gone(
    store: RedisStore, late: LateRedis, clock: ManualClock, policy: StorePolicy
) -> None:
    """Its first run was written, but by now another may hold the invoice: the holder must not post."""
    [invoice_id] = steps.queue(store, 1)
    store.save(steps.claim(store, invoice_id), steps.GOING_ON)
    call = late.last
    clock.advance(policy.lease_seconds)
    store.sweep(idle_exports=frozenset())
    swept = steps.stored(store, invoice_id)
    after_sweep = late.again(call)
    taken = steps.claim(store, invoice_id)

    assert (after_sweep[0], late.again(call)[0]) == (b"lost", b"lost")
    assert (2, taken) == (swept.fence + 1, steps.stored(store, invoice_id))


@pytest.mark.parametrize(
    "transition",
    [
        Finish(outcome=Outcome.BOOKED),
        MoveToDeadLetters(failure=FAILURE),
        ReturnToQueue(),
        Wait(until=0.0, failure=FAILURE, costs_attempt=True),
    ],
)
def test_a_outcome_repeated_late_changes_nothing(store: RedisStore, late: LateRedis, transition: Transition) -> None:
    """Whatever has happened since stays as it is."""
    [invoice_id] = steps.queue(store, 1)
    store.save(steps.claim(store, invoice_id), transition)
    call = late.last
    store.sweep(idle_exports=frozenset())
    store.requeue([invoice_id], by="kim")
    before = store.invoice(invoice_id)
    late.again(call)

    assert before == store.invoice(invoice_id)


def test_a_claim_repeated_late_takes_nothing(store: RedisStore, late: LateRedis) -> None:
    """After its holder gave the invoice back, the repeat is refused or, when it is free again, a claim as any."""
    [invoice_id] = steps.queue(store, 1)
    record = steps.claim(store, invoice_id)
    call = late.last
    store.save(record, MoveToDeadLetters(failure=FAILURE))
    before = store.invoice(invoice_id)

    assert late.again(call) == [b"dead"]
    assert before == store.invoice(invoice_id)


def test_a_preflight_deferred_late_defers_nothing(store: RedisStore, late: LateRedis, clock: ManualClock) -> None:
    """What has become due meanwhile stays due."""
    [invoice_id] = steps.dead_letter(store, 1)
    store.requeue([invoice_id], by="kim")
    fence = store.claim_period("main-p881")
    assert fence is not None
    store.defer_preflight("main-p881", fence, until=clock.now + 60, notice="later")
    call = late.last
    steps.take_in(store, 2, event="e-2")
    late.again(call)

    assert list(store.periods_due()) == [("main-p881", "main")]


def test_a_number_forgotten_late_is_kept(store: RedisStore, late: LateRedis) -> None:
    """The repeat of a forgetting must not drop the number that was created since."""
    first = store.open_shared("customer")
    store.save_shared("customer", steps.numbered(first, "1001"))
    store.forget_shared("customer")
    call = late.last
    store.save_shared("customer", steps.numbered(store.open_shared("customer"), "1002"))
    late.again(call)

    assert store.open_shared("customer").number == "1002"
