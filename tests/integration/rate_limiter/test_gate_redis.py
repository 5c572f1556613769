"""The gate in a real Redis."""

import uuid
from collections.abc import Callable, Iterator

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.clock import ManualClock
from support.rate_limiter_contract import LIMITS, GateContract, Sleeps

from worker.domain.ports import Feedback, Permit, RateDenied
from worker.errors import StoreUnavailable
from worker.store.rate_limiter import BaseRateLimiter, MemoryRateLimiter, RedisRateLimiter


class TestRedisGate(GateContract):
    """Held to the contract of every gate."""

    @pytest.fixture
    def rate_limiter(
        self, redis_client: redis.Redis, redis_prefix: str, clock: ManualClock, sleeps: Sleeps
    ) -> RedisRateLimiter:
        return RedisRateLimiter(redis_client, prefix=redis_prefix, clock=clock, sleep=sleeps)


def test_the_servers_clock_counts_by_default(redis_client: redis.Redis, redis_prefix: str) -> None:
    """Workers on several machines share one time: 30 tokens of burst, then one call of 9 waits about a second."""
    sleeps: list[float] = []
    rate_limiter = RedisRateLimiter(redis_client, prefix=redis_prefix, sleep=sleeps.append)
    rate_limiter.acquire("grant-1", 30, LIMITS)
    rate_limiter.acquire("grant-1", 9, LIMITS)

    assert sleeps == [pytest.approx(1.0, abs=0.3)]


def test_an_unremarkable_answer_costs_no_trip(redis_client: redis.Redis, redis_prefix: str) -> None:
    """One trip a call: EVALSHA of the reservation, nothing for the report."""
    rate_limiter = RedisRateLimiter(redis_client, prefix=redis_prefix, sleep=lambda _: None)
    rate_limiter.acquire("grant-1", 1, LIMITS)  # loads the script
    before = _scripts_run(redis_client)
    for _ in range(5):
        rate_limiter.report(rate_limiter.acquire("grant-1", 1, LIMITS), Feedback(cost=2, used=10, granted=600))

    assert _scripts_run(redis_client) - before == 5


def test_everything_stored_expires(redis_client: redis.Redis, redis_prefix: str) -> None:
    """An agreement that is no longer exported leaves nothing behind."""
    rate_limiter = RedisRateLimiter(redis_client, prefix=redis_prefix, sleep=lambda _: None)
    rate_limiter.report(rate_limiter.acquire("grant-1", 1, LIMITS), Feedback(failed=True))
    keys = redis_client.keys(f"{redis_prefix}*")

    assert len(keys) == 3
    assert all(redis_client.ttl(key) > 0 for key in keys)


def test_no_redis_no_call() -> None:
    """Without the ledger nothing may be sent; but an answer already there is not lost over its statistics."""
    with redis.Redis(host="127.0.0.1", port=1, retry=None) as nowhere:
        rate_limiter = RedisRateLimiter(nowhere)
        with pytest.raises(StoreUnavailable):
            rate_limiter.acquire("grant-1", 1, LIMITS)
        rate_limiter.report(Permit(agreement="grant-1", limits=LIMITS, cost=1), Feedback(failed=True))


#: Seconds passing, expected cost, and what the answer says.
Step = tuple[float, float, Feedback]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 1.0, 4.9, 5.0, 31.0, 100.0, 901.0]),
        st.sampled_from([1.0, 3.0, 13.0, 40.0]),
        st.builds(
            Feedback,
            cost=st.sampled_from([None, 1.0, 3.0, 20.0]),
            used=st.sampled_from([None, 5.0, 250.0, 575.0, 620.0]),
            granted=st.sampled_from([None, None, 600.0, 300.0]),
            retry_after=st.sampled_from([None, None, None, 0.0, 7.5]),
            throttled=st.booleans(),
            failed=st.booleans(),
        ),
    ),
    max_size=25,
)


class TestTwins:
    """The script and its twin decide alike."""

    @pytest.fixture
    def prefixes(self, redis_client: redis.Redis, redis_prefix: str) -> Iterator[str]:
        yield redis_prefix
        for key in redis_client.scan_iter(f"{redis_prefix}*"):
            redis_client.delete(key)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(steps=STEPS)
    def test_the_same_story_ends_alike(self, redis_client: redis.Redis, prefixes: str, steps: list[Step]) -> None:
        """Any sequence of calls and answers gives the same leaves, waits and refusals from both stores."""
        run = uuid.uuid4()
        assert _story(lambda clock, sleep: MemoryRateLimiter(clock=clock, sleep=sleep), steps) == _story(
            lambda clock, sleep: RedisRateLimiter(redis_client, prefix=f"{prefixes}{run}:", clock=clock, sleep=sleep),
            steps,
        )


def _story(build: Callable[[ManualClock, Sleeps], BaseRateLimiter], steps: list[Step]) -> list[tuple[object, ...]]:
    clock = ManualClock()
    sleeps = Sleeps(clock)
    rate_limiter = build(clock, sleeps)
    told: list[tuple[object, ...]] = []
    for pause, cost, feedback in steps:
        clock.advance(pause)
        try:
            permit = rate_limiter.acquire("grant-1", cost, LIMITS)
        except RateDenied as error:
            told.append((error.cause, round(error.retry_after, 2)))
            continue
        told.append((round(permit.spent, 2), permit.granted, permit.watched, permit.probe, round(clock.now, 2)))
        rate_limiter.report(permit, feedback)
    return told


def _scripts_run(client: redis.Redis) -> int:
    return client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
