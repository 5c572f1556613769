"""How much of the grant is used, whichever way e-conomic counts; simulated second by second, no sleeping."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import redis
from support.clock import ManualClock

from config.export_schema import Limits
from worker.domain.ports import Feedback, Permit, RateDenied
from worker.store.rate_limiter import RedisRateLimiter

GRANTED = 2_000
LIMITS = Limits(tokens_per_minute=GRANTED)  # 95 % used
MINUTES = 8
LATENCY = 0.2
COST = 7


class FixedWindow:
    """A counter that starts again every 60 seconds, at a time of its own."""

    def __init__(self) -> None:
        self.window, self.used = -1, 0.0

    def __call__(self, now: float, cost: float) -> float:
        window = int((now + 23) // 60)
        self.used = cost if window != self.window else self.used + cost
        self.window = window
        return self.used


class SlidingWindow:
    """The sum of the last 60 seconds."""

    def __init__(self) -> None:
        self.spent: deque[tuple[float, float]] = deque()

    def __call__(self, now: float, cost: float) -> float:
        self.spent.append((now, cost))
        while self.spent[0][0] <= now - 60:
            self.spent.popleft()
        return sum(tokens for _, tokens in self.spent)


class LeakyBucket:
    """A level that drains at the granted rate."""

    def __init__(self) -> None:
        self.at, self.level = 0.0, 0.0

    def __call__(self, now: float, cost: float) -> float:
        self.level = max(0.0, self.level - (now - self.at) * GRANTED / 60) + cost
        self.at = now
        return self.level


@dataclass
class Simulation:
    """A thousand slots that always want to call, an agreement, and other integrations of the customer's."""

    count: Callable[[float, float], float]
    #: Tokens a minute that others spend.
    others: float
    clock: ManualClock = field(default_factory=ManualClock)
    served: int = 0
    refused: int = 0

    def run(self, client: redis.Redis, prefix: str, *, slots: int) -> None:
        order = itertools.count()
        agenda = [(self.clock.now, next(order), "ask", None) for _ in range(slots)]
        if self.others:
            agenda.append((self.clock.now, next(order), "other", None))
        waits: list[float] = []
        rate_limiter = RedisRateLimiter(client, prefix=prefix, clock=self.clock, sleep=waits.append)
        end = self.clock.now + 60 * MINUTES
        while agenda[0][0] < end:
            at, _, what, detail = heapq.heappop(agenda)
            self.clock.now = at
            for step in self._step(what, detail, rate_limiter, waits):
                when, then, follows = step
                heapq.heappush(agenda, (when, next(order), then, follows))

    def _step(
        self, what: str, detail: object, rate_limiter: RedisRateLimiter, waits: list[float]
    ) -> list[tuple[float, str, object]]:
        now = self.clock.now
        if what == "other":
            self.count(now, COST)
            return [(now + 60 * COST / self.others, "other", None)]
        if what == "ask":
            return [self._ask(rate_limiter, waits)]
        if what == "arrive":
            assert isinstance(detail, Permit)
            return [(now + LATENCY, "answer", (detail, self._answer()))]
        assert isinstance(detail, tuple)
        rate_limiter.report(*detail)
        return [(now, "ask", None)]

    def _ask(self, rate_limiter: RedisRateLimiter, waits: list[float]) -> tuple[float, str, object]:
        try:
            permit = rate_limiter.acquire("grant-1", COST, LIMITS)
        except RateDenied as error:
            return (self.clock.now + (error.retry_after or 0.0), "ask", None)
        return (self.clock.now + (waits.pop() if waits else 0.0), "arrive", permit)

    def _answer(self) -> Feedback:
        used = self.count(self.clock.now, COST)
        over = used > GRANTED
        self.refused += over
        self.served += not over
        return Feedback(cost=COST, used=used, granted=GRANTED, throttled=over, retry_after=10.0 if over else None)


@pytest.mark.parametrize("slots", [10, 300])
@pytest.mark.parametrize("others", [0, 600])
@pytest.mark.parametrize("bucket", [FixedWindow, SlidingWindow, LeakyBucket])
def test_nine_tenths_of_what_is_left_are_used_almost_without_429(
    redis_client: redis.Redis, redis_prefix: str, bucket: type, others: float, slots: int
) -> None:
    """At least 90 % of what others leave (2000, or 2000 - 600 tokens a minute), and fewer than 1 % answers 429."""
    simulation = Simulation(count=bucket(), others=others)
    simulation.run(redis_client, redis_prefix, slots=slots)
    left = (GRANTED - others) * MINUTES / COST

    assert simulation.served >= 0.9 * left, f"{simulation.served / left:.1%}"
    assert simulation.refused <= 0.01 * simulation.served, f"{simulation.refused} of {simulation.served}"
