"""The rate limiter in a real Redis."""

import time

import pytest
import redis
from support.clock import ManualClock
from support.rate_limiter_contract import FAILED, LIMITS, RateLimiterContract, Sleeps, take

from config.export_schema import Limits
from worker.domain.ports import Feedback, Permit, RateDenied
from worker.errors import StoreUnavailable
from worker.reconcile.pacing import LastInLine
from worker.store.rate_limiter import BLOCK_LIFE, LARGEST_BLOCK, RedisRateLimiter

#: A burst of (1 - 0.95) / 2 * 960,000 = 24,000 tokens: a quarter of it is 6,000.
PLENTY = Limits(tokens_per_minute=960_000, share=0.95, calls_per_day=1_000_000)


class TestRedis(RateLimiterContract):
    """Held to the contract of every rate limiter."""

    @pytest.fixture
    def rate_limiter(
        self, redis_client: redis.Redis, redis_prefix: str, clock: ManualClock, sleeps: Sleeps
    ) -> RedisRateLimiter:
        return RedisRateLimiter(redis_client, prefix=redis_prefix, clock=clock, sleep=sleeps)


def test_the_servers_clock_counts_by_default(redis_client: redis.Redis, redis_prefix: str) -> None:
    """Workers on several machines share one time: 30 tokens of burst, then one call of 9 waits about a second."""
    sleeps: list[float] = []
    rate_limiter = RedisRateLimiter(redis_client, prefix=redis_prefix, sleep=sleeps.append)
    began = time.monotonic()
    rate_limiter.acquire("grant-1", 30, LIMITS)
    rate_limiter.acquire("grant-1", 9, LIMITS)
    between = time.monotonic() - began  # so much of the second may have passed by itself

    assert 1.0 - between - 0.01 <= sum(sleeps) <= 1.0


def test_an_unremarkable_answer_costs_no_trip(redis_client: redis.Redis, redis_prefix: str) -> None:
    """One trip a call when each is dearer than a quarter of the burst: its reservation, nothing for the report."""
    rate_limiter = RedisRateLimiter(redis_client, prefix=redis_prefix, sleep=lambda _: None)
    rate_limiter.acquire("grant-1", 8, LIMITS)  # loads the script
    before = _scripts_run(redis_client)
    for _ in range(5):
        rate_limiter.report(rate_limiter.acquire("grant-1", 8, LIMITS), Feedback(cost=2, used=10, granted=600))

    assert _scripts_run(redis_client) - before == 5


def test_everything_stored_expires(redis_client: redis.Redis, redis_prefix: str) -> None:
    """An agreement that is no longer exported leaves nothing behind."""
    rate_limiter = RedisRateLimiter(redis_client, prefix=redis_prefix, sleep=lambda _: None)
    rate_limiter.report(rate_limiter.acquire("grant-1", 1, LIMITS), Feedback(failed=True))
    keys = redis_client.keys(f"{redis_prefix}*")

    assert len(keys) == 1
    assert all(redis_client.ttl(key) > 0 for key in keys)


def test_no_redis_no_call() -> None:
    """Without Redis nothing may be sent; but an answer already there is not lost over its statistics."""
    with redis.Redis(host="127.0.0.1", port=1, retry=None) as nowhere:
        rate_limiter = RedisRateLimiter(nowhere)
        with pytest.raises(StoreUnavailable):
            rate_limiter.acquire("grant-1", 1, LIMITS)
        rate_limiter.report(Permit(agreement="grant-1", limits=LIMITS, cost=1), Feedback(failed=True))


class TestBlocks:
    """While tokens are plenty, one trip reserves several calls."""

    @pytest.fixture
    def rate_limiter(self, redis_client: redis.Redis, redis_prefix: str, clock: ManualClock) -> RedisRateLimiter:
        return self._another(redis_client, redis_prefix, clock)

    def test_blocks_grow_with_the_demand(self, redis_client: redis.Redis, rate_limiter: RedisRateLimiter) -> None:
        """Reserved at once: 1, then 1 + 1, 1 + 2, 1 + 4 ... 1 + 64 calls: 8 trips for 135 calls, then 65 calls each."""
        take(rate_limiter, 3, PLENTY)
        before = _scripts_run(redis_client)
        for _ in range(2 + 3 + 5 + 9 + 17 + 33 + 65):
            take(rate_limiter, 3, PLENTY)
        grown = _scripts_run(redis_client) - before
        for _ in range(2 * (LARGEST_BLOCK + 1)):
            take(rate_limiter, 3, PLENTY)

        assert (grown, _scripts_run(redis_client) - before) == (7, 9)

    def test_a_block_is_at_most_a_quarter_of_the_burst(self, rate_limiter: RedisRateLimiter) -> None:
        """Of 24,000 tokens 6,000 at most lie idle with one process: 2 calls of 3,000 beside the one that asks."""
        spent = [take(rate_limiter, 3_000, PLENTY).spent for _ in range(4)]

        assert spent == [3_000, 9_000, 9_000, 18_000]

    def test_nobody_waits_for_a_block(self, rate_limiter: RedisRateLimiter) -> None:
        """A burst of 30: with 27 spent one more call of 3 passes, and reserves none for later."""
        for _ in range(3):
            take(rate_limiter, 9)

        assert take(rate_limiter, 3).spent == 30

    def test_what_is_left_is_given_back(self, rate_limiter: RedisRateLimiter, clock: ManualClock) -> None:
        """After a second a block is no longer used, its tokens and its calls return with the next trip."""
        limits = Limits(tokens_per_minute=960_000, share=0.95, calls_per_day=12)
        for _ in range(6):  # 1, 1 + 1, and 3 of 1 + 2
            take(rate_limiter, 3, limits)
        ahead = take(rate_limiter, 3, limits)  # 1 + 4: eleven calls are counted
        clock.advance(BLOCK_LIFE)
        after = take(rate_limiter, 3, limits)

        assert (ahead.spent, after.spent) == (11 * 3, 8 * 3)
        for _ in range(4):  # twelve calls a day, eight of them made
            clock.advance(BLOCK_LIFE)
            take(rate_limiter, 3, limits)
        with pytest.raises(RateDenied) as denied:
            take(rate_limiter, 3, limits)
        assert denied.value.cause == "day"

    @pytest.mark.parametrize("feedback", [FAILED, Feedback(throttled=True, retry_after=5)])
    def test_trouble_drops_the_block(self, rate_limiter: RedisRateLimiter, feedback: Feedback) -> None:
        """A failure makes the next call watched, a 429 has it denied, although calls were reserved ahead."""
        for _ in range(7):
            permit = take(rate_limiter, 3, PLENTY)
        rate_limiter.report(permit, feedback)
        if feedback.failed:
            assert take(rate_limiter, 3, PLENTY).watched
        else:
            with pytest.raises(RateDenied):
                take(rate_limiter, 3, PLENTY)

    def test_an_agreement_in_doubt_gives_no_blocks(
        self, redis_client: redis.Redis, redis_prefix: str, rate_limiter: RedisRateLimiter, clock: ManualClock
    ) -> None:
        """After one failure, noted by another process, each call asks for itself until one has succeeded."""
        other = self._another(redis_client, redis_prefix, clock)
        take(rate_limiter, 3, PLENTY)
        other.report(take(other, 3, PLENTY), FAILED)
        watched = [take(rate_limiter, 3, PLENTY) for _ in range(5)]

        assert all(permit.watched for permit in watched)
        assert [permit.spent for permit in watched] == [9, 12, 15, 18, 21]

    def _another(self, client: redis.Redis, prefix: str, clock: ManualClock) -> RedisRateLimiter:
        return RedisRateLimiter(client, prefix=prefix, clock=clock, sleep=Sleeps(clock))


def _scripts_run(client: redis.Redis) -> int:
    return client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]


def test_a_look_says_how_the_agreement_is_and_changes_nothing(
    redis_client: redis.Redis, redis_prefix: str, clock: ManualClock
) -> None:
    """Spending, failures, breaker and pauses as all workers know them; None for one that nobody called."""
    rate_limiter = RedisRateLimiter(redis_client, prefix=redis_prefix, clock=clock, sleep=lambda _: None)
    assert rate_limiter.look("grant-1", LIMITS) is None
    permits = [rate_limiter.acquire("grant-1", 8, LIMITS) for _ in range(5)]
    rate_limiter.report(permits[0], Feedback(failed=True))
    clock.advance(20)
    before = redis_client.dump(f"{redis_prefix}rate:grant-1")
    seen = rate_limiter.look("grant-1", LIMITS)
    assert seen is not None
    assert (seen.spent, seen.granted, seen.failures, seen.trips) == (40, LIMITS.tokens_per_minute, 1, 0)
    assert 15 <= seen.called_ago <= 20
    assert seen.failing
    assert redis_client.dump(f"{redis_prefix}rate:grant-1") == before

    for permit in permits[1:]:
        rate_limiter.report(permit, Feedback(failed=True))
    seen = rate_limiter.look("grant-1", LIMITS)
    assert seen is not None
    assert (seen.failures, seen.trips, seen.open_for, seen.failing) == (0, 1, 2, True)


def test_a_look_names_a_pause_that_was_asked_for(
    redis_client: redis.Redis, redis_prefix: str, clock: ManualClock
) -> None:
    """A 429 is no outage."""
    rate_limiter = RedisRateLimiter(redis_client, prefix=redis_prefix, clock=clock, sleep=lambda _: None)
    rate_limiter.report(rate_limiter.acquire("grant-1", 8, LIMITS), Feedback(throttled=True, retry_after=30))
    seen = rate_limiter.look("grant-1", LIMITS)
    assert seen is not None
    assert (seen.blocked_for, seen.failing) == (30, False)


def test_all_that_read_back_share_one_tenth(redis_client: redis.Redis, redis_prefix: str, clock: ManualClock) -> None:
    """Two processes, or two exports of one grant: 120 tokens of 60 a minute and their share take two minutes."""
    limiters = [RedisRateLimiter(redis_client, prefix=redis_prefix, clock=clock, sleep=clock.advance) for _ in range(2)]
    readers = [LastInLine(inner=limiter, sleep=clock.advance, clock=clock) for limiter in limiters]
    limits, began = Limits(tokens_per_minute=600, share=0.95), clock()
    for n in range(40):
        readers[n % 2].acquire("grant-1", 3, limits)

    assert clock() - began >= 115
    # An export finds all that reading back does not use.
    assert limiters[0].acquire("grant-1", 9, limits).spent <= 70 + 9
