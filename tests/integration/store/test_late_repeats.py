"""A repeat that arrives after others have gone on changes nothing, and never gives leave to go on."""

from collections.abc import Iterator

import pytest
import redis
from support.clock import ManualClock
from support.store import steps
from support.store.echo import LateRedis
from support.store.steps import FAILURE

from worker.domain.record import Bury, Finish, Outcome, Transition, Wait, Yield
from worker.store import LedgerPolicy, RedisLedger


@pytest.fixture
def late(redis_url: str) -> Iterator[LateRedis]:
    with LateRedis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def ledger(late: redis.Redis, redis_prefix: str, policy: LedgerPolicy, clock: ManualClock) -> RedisLedger:
    return RedisLedger(late, prefix=redis_prefix, policy=policy, clock=clock)


def test_a_save_that_goes_on_is_refused_once_the_lease_is_gone(
    ledger: RedisLedger, late: LateRedis, clock: ManualClock, policy: LedgerPolicy
) -> None:
    """Its first run was written, but by now another may hold the invoice: the holder must not post."""
    [invoice_id] = steps.queue(ledger, 1)
    ledger.save(steps.claim(ledger, invoice_id), steps.GOING_ON)
    call = late.last
    clock.advance(policy.lease_seconds)
    ledger.sweep(idle_exports=frozenset())
    swept = steps.stored(ledger, invoice_id)
    after_sweep = late.again(call)
    taken = steps.claim(ledger, invoice_id)

    assert (after_sweep[0], late.again(call)[0]) == (b"lost", b"lost")
    assert (2, taken) == (swept.fence + 1, steps.stored(ledger, invoice_id))


@pytest.mark.parametrize(
    "transition",
    [
        Finish(outcome=Outcome.BOOKED),
        Bury(failure=FAILURE),
        Yield(),
        Wait(until=0.0, failure=FAILURE, costs_attempt=True),
    ],
)
def test_a_verdict_repeated_late_changes_nothing(ledger: RedisLedger, late: LateRedis, transition: Transition) -> None:
    """Whatever has happened since stays as it is."""
    [invoice_id] = steps.queue(ledger, 1)
    ledger.save(steps.claim(ledger, invoice_id), transition)
    call = late.last
    ledger.sweep(idle_exports=frozenset())
    ledger.requeue([invoice_id], by="kim")
    before = ledger.invoice(invoice_id)
    late.again(call)

    assert before == ledger.invoice(invoice_id)


def test_a_claim_repeated_late_takes_nothing(ledger: RedisLedger, late: LateRedis) -> None:
    """After its holder gave the invoice back, the repeat is refused or, when it is free again, a claim as any."""
    [invoice_id] = steps.queue(ledger, 1)
    record = steps.claim(ledger, invoice_id)
    call = late.last
    ledger.save(record, Bury(failure=FAILURE))
    before = ledger.invoice(invoice_id)

    assert late.again(call) == [b"dead"]
    assert before == ledger.invoice(invoice_id)


def test_a_preflight_deferred_late_defers_nothing(ledger: RedisLedger, late: LateRedis, clock: ManualClock) -> None:
    """What has become due meanwhile stays due."""
    [invoice_id] = steps.bury(ledger, 1)
    ledger.requeue([invoice_id], by="kim")
    fence = ledger.claim_period("main-p881")
    assert fence is not None
    ledger.defer_preflight("main-p881", fence, until=clock.now + 60, notice="later")
    call = late.last
    steps.take_in(ledger, 2, event="e-2")
    late.again(call)

    assert list(ledger.periods_due()) == [("main-p881", "main")]


def test_a_number_forgotten_late_is_kept(ledger: RedisLedger, late: LateRedis) -> None:
    """The repeat of a forgetting must not drop the number that was created since."""
    first = ledger.open_shared("customer")
    ledger.save_shared("customer", steps.numbered(first, "1001"))
    ledger.forget_shared("customer")
    call = late.last
    ledger.save_shared("customer", steps.numbered(ledger.open_shared("customer"), "1002"))
    late.again(call)

    assert ledger.open_shared("customer").number == "1002"
