"""The rate limiter that all workers share, in Redis: tokens, circuit breaker and calls of a day by agreement.

Its rules stand in ``lua/rate_limiter.lua``. While tokens are plenty, a process reserves a block of calls in one trip.
"""

import importlib.resources
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import redis

from config.export_schema import Limits
from worker.domain.ports import AgreementRate, Feedback, Permit, RateDenied
from worker.errors import StoreUnavailable
from worker.store.causes import store_unavailable

#: Seconds that an execution may wait in the worker's slot for the tokens of its first call, and of every further call.
#: Executions are let in while the line is short, so there are few of them; if those were sent away in the middle,
#: executions of several calls would never end while tokens are scarce.
FIRST_WAIT, NEXT_WAIT = 2.0, 15.0
#: Seconds after which what is left of a block is given back.
BLOCK_LIFE = 1.0
#: Calls of the largest block.
LARGEST_BLOCK = 64


@dataclass(kw_only=True, slots=True)
class _Agreement:
    """What this process knows of one agreement, between two trips."""

    #: The permit of the last reservation; calls of the block get a copy.
    permit: Permit | None = None
    #: What is left of the block.
    calls: int = 0
    tokens: float = 0.0
    #: Calls of the block so far, when it was reserved, and how many calls the next block should have.
    used: int = 0
    reserved_at: float = float("-inf")
    demand: int = 0
    #: Another thread is reserving a block right now.
    reserving: bool = False
    #: Tokens and calls by which reservations were wrong; made up for with the next trip.
    owed_tokens: float = 0.0
    owed_calls: int = 0
    #: The last call failed here, or met a 429, so that the next success is news.
    suspect: bool = False

    def take(self, cost: float, now: float) -> Permit | None:
        """Take one call out of the block; None when it is used up or too old."""
        if self.permit is None or not self.calls or self.tokens < cost or now - self.reserved_at >= BLOCK_LIFE:
            return None
        self.calls -= 1
        self.tokens -= cost
        self.used += 1
        return replace(self.permit, cost=cost)

    def next_block(self, now: float) -> int:
        """Return how many calls to reserve ahead: twice as many as before if those were used up within their life."""
        if now - self.reserved_at < BLOCK_LIFE:
            self.demand = min(LARGEST_BLOCK, max(1, 2 * self.demand))
        else:
            self.demand = min(self.demand, self.used)
        return 0 if self.reserving else self.demand

    def give_back(self) -> tuple[float, int]:
        """Drop the block; return the tokens and calls by which reservations were wrong."""
        tokens, calls = self.owed_tokens - self.tokens, self.owed_calls - self.calls
        self.tokens = self.owed_tokens = 0.0
        self.calls = self.owed_calls = self.used = 0
        return tokens, calls


class RedisRateLimiter:
    """See ``RateLimiter``. Without a clock the Redis server's own time counts, which all workers share."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        prefix: str = "",
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._prefix = prefix
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._agreements: defaultdict[str, _Agreement] = defaultdict(_Agreement)
        self._acquire = client.register_script(_lua("rate_limiter") + _lua("rate_acquire"))
        self._look = client.register_script(_lua("rate_limiter") + _lua("rate_look"))
        self._report = client.register_script(_lua("rate_limiter") + _lua("rate_report"))

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        """See ``RateLimiter``."""
        now = (self._clock or time.monotonic)()
        with self._lock:
            local = self._agreements[agreement]
            permit = local.take(cost, now)
            if permit:
                return permit
            more = local.next_block(now)
            tokens, calls = local.give_back()
            local.reserving, local.reserved_at = local.reserving or more > 0, now
        try:
            word, wait, *answer = self._run(
                self._acquire,
                agreement,
                limits,
                cost=cost,
                correction=tokens,
                correction_calls=calls,
                calls_per_day=limits.calls_per_day,
                max_wait=NEXT_WAIT if begun else FIRST_WAIT,
                more=more,
            )
        finally:
            if more:
                local.reserving = False
        if _text(word) != "go":
            raise RateDenied(_text(word), retry_after=float(wait))
        permit = self._reserved(local, Permit(agreement=agreement, limits=limits, cost=cost), answer)
        if float(wait):
            self._sleep(float(wait))
        return permit

    def report(self, permit: Permit, feedback: Feedback) -> None:
        """See ``RateLimiter``."""
        wrong_by = 0.0 if feedback.cost is None else feedback.cost - permit.cost
        with self._lock:
            local = self._agreements[permit.agreement]
            if not _news(permit, feedback) and not local.suspect:
                local.owed_tokens += wrong_by
                return
            local.suspect = feedback.failed or (feedback.throttled and feedback.used is None)
            tokens, calls = local.give_back()
        try:
            self._run(
                self._report,
                permit.agreement,
                permit.limits,
                correction=wrong_by + tokens,
                correction_calls=calls,
                failed=feedback.failed,
                probe=permit.probe,
                throttled=feedback.throttled,
                granted=feedback.granted,
                used=feedback.used,
                holds=feedback.capacity,
                retry_after=feedback.retry_after,
            )
        except StoreUnavailable:
            return  # the answer itself has yet to be saved, which meets Redis again, and loudly

    def look(self, agreement: str, limits: Limits) -> AgreementRate | None:
        """Return what all workers together know of an agreement; None when it was not called for two days.

        Raises ``StoreUnavailable``.
        """
        answer = [float(_text(number)) for number in self._run(self._look, agreement, limits)]
        if not answer:
            return None
        spent, granted, since, failures, trips, open_for, blocked_for = answer
        return AgreementRate(
            spent=spent,
            granted=granted,
            called_ago=since,
            failures=int(failures),
            trips=int(trips),
            open_for=open_for,
            blocked_for=blocked_for,
        )

    def _reserved(self, local: _Agreement, permit: Permit, answer: list[Any]) -> Permit:
        """Return the permit with what the reservation says, and keep the rest of the block."""
        spent, granted, news_above, watched, probe, more = answer
        permit = replace(
            permit,
            spent=float(spent),
            granted=float(granted),
            news_above=float(news_above),
            watched=bool(watched),
            probe=bool(probe),
        )
        if more:
            with self._lock:
                local.permit = permit
                local.calls += more
                local.tokens += more * permit.cost
        return permit

    def _run(self, script: Any, agreement: str, limits: Limits, **fields: float | str | None) -> Any:
        now = None if self._clock is None else self._clock()
        known = {"tokens_per_minute": limits.tokens_per_minute, "share": limits.share, "capacity": limits.capacity}
        ask = {"now": now, **known, **fields}
        try:
            return script(keys=[f"{self._prefix}rate:{agreement}"], args=[json.dumps(ask)])
        except redis.RedisError as error:
            raise store_unavailable(error) from error


def _news(permit: Permit, feedback: Feedback) -> bool:
    """Tell whether all workers must learn of this answer at once; a corrected cost can wait for the next trip."""
    if feedback.failed or feedback.throttled or feedback.retry_after is not None or permit.watched or permit.probe:
        return True
    if feedback.granted and feedback.granted != permit.granted:
        return True
    return (feedback.used or 0.0) > permit.news_above


def _text(word: str | bytes) -> str:
    return word if isinstance(word, str) else word.decode()


def _lua(name: str) -> str:
    return importlib.resources.files("worker.store").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
