"""The rate gate that all workers share, in Redis; its scripts say what ``rate_rules`` says."""

import importlib.resources
import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import redis

from config.exports import Limits
from worker.domain.ports import Feedback, Permit, RateDenied
from worker.domain.reasons import ProcessReason, failure
from worker.errors import StoreUnavailable
from worker.store import rate_rules as rules
from worker.store import rate_state
from worker.store.rate_state import Bucket, RateDecision, Request

#: Seconds that a job may wait in the worker's slot for the tokens of its first call, and of every further one. Jobs are
#: let in while the line is short, so there are few of them; if those were sent away in the middle, jobs of several
#: calls would never end while tokens are scarce.
FIRST_WAIT, NEXT_WAIT = 2.0, 15.0


class BaseRateLimiter(ABC):
    """A ``RateLimiter``; subclasses say where its buckets lie."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        #: Agreement -> tokens by which reservations were wrong; settled with the next reservation.
        self._owed: dict[str, float] = {}
        #: Agreements whose last call failed here, so that the next success is news.
        self._suspects: set[str] = set()

    @abstractmethod
    def admit(self, agreement: str, request: Request) -> RateDecision:
        """See ``rate_rules.admit``. Raises ``StoreUnavailable``."""

    @abstractmethod
    def note(self, permit: Permit, feedback: Feedback, correction: float) -> None:
        """See ``rate_rules.note``. Raises ``StoreUnavailable``."""

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        """See ``RateLimiter``."""
        max_wait = NEXT_WAIT if begun else FIRST_WAIT
        request = Request(cost=cost, correction=self._take_owed(agreement), limits=limits, max_wait=max_wait)
        decision = self.admit(agreement, request)
        if decision.word != "go":
            raise RateDenied(decision.word, retry_after=decision.wait)
        if decision.wait:
            self._sleep(decision.wait)
        return Permit(
            agreement=agreement,
            limits=limits,
            cost=cost,
            spent=decision.spent,
            granted=decision.granted,
            watched=decision.watched,
            probe=decision.probe,
        )

    def report(self, permit: Permit, feedback: Feedback) -> None:
        """See ``RateLimiter``."""
        wrong_by = 0.0 if feedback.cost is None else feedback.cost - permit.cost
        if not rules.news(permit, feedback) and permit.agreement not in self._suspects:
            self._owe(permit.agreement, wrong_by)
            return
        (self._suspects.add if feedback.failed else self._suspects.discard)(permit.agreement)
        try:
            self.note(permit, feedback, wrong_by)
        except StoreUnavailable:
            return  # the answer itself has yet to be saved, which meets Redis again, and loudly

    def _owe(self, agreement: str, tokens: float) -> None:
        if tokens:
            with self._lock:
                self._owed[agreement] = self._owed.get(agreement, 0.0) + tokens

    def _take_owed(self, agreement: str) -> float:
        with self._lock:
            return self._owed.pop(agreement, 0.0)


class MemoryRateLimiter(BaseRateLimiter):
    """The twin in memory: for tests, and for commands that run without Redis."""

    def __init__(self, *, clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(sleep)
        self._clock = clock
        self._store_lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def admit(self, agreement: str, request: Request) -> RateDecision:
        """See ``Gate``."""
        with self._store_lock:
            return rules.admit(self._buckets.setdefault(agreement, Bucket()), request, self._clock())

    def note(self, permit: Permit, feedback: Feedback, correction: float) -> None:
        """See ``Gate``."""
        with self._store_lock:
            bucket = self._buckets.setdefault(permit.agreement, Bucket())
            rules.note(bucket, permit, feedback, correction, self._clock())


_RULES = {
    "slice": rate_state.SLICE,
    "slices": rate_state.SLICES,
    "day_slice": rate_state.DAY_SLICE,
    "day_slices": rate_state.DAY_SLICES,
    "tolerance": rate_state.TOLERANCE,
    "memory": rate_state.MEMORY,
    "floor": rate_state.FLOOR,
    "pause": rate_state.PAUSE,
    "ebb": rate_state.EBB,
    "failures": rate_state.FAILURES,
    "hold": rate_state.HOLD,
    "longest_hold": rate_state.LONGEST_HOLD,
    "probe": rate_state.PROBE,
    "probe_wait": rate_state.PROBE_WAIT,
    "queue": rate_state.QUEUE,
}


class RedisRateLimiter(BaseRateLimiter):
    """The gate of the product. Without a clock the Redis server's own time counts, which all workers share."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        prefix: str = "",
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(sleep)
        self._prefix = prefix
        self._clock = clock
        self._acquire = client.register_script(_lua("rate_limiter.lua") + _lua("rate_acquire.lua"))
        self._report = client.register_script(_lua("rate_limiter.lua") + _lua("rate_report.lua"))

    def admit(self, agreement: str, request: Request) -> RateDecision:
        """See ``Gate``."""
        fields = {
            "cost": request.cost,
            "correction": request.correction,
            "calls_per_day": request.limits.calls_per_day,
            "max_wait": request.max_wait,
        }
        word, wait, spent, granted, watched, probe = self._run(self._acquire, agreement, request.limits, fields)
        return RateDecision(
            word=word if isinstance(word, str) else word.decode(),
            wait=float(wait),
            spent=float(spent),
            granted=float(granted),
            watched=bool(watched),
            probe=bool(probe),
        )

    def note(self, permit: Permit, feedback: Feedback, correction: float) -> None:
        """See ``Gate``."""
        fields = {
            "correction": correction,
            "failed": feedback.failed,
            "probe": permit.probe,
            "throttled": feedback.throttled,
            "granted": feedback.granted,
            "used": feedback.used,
            "retry_after": feedback.retry_after,
        }
        self._run(self._report, permit.agreement, permit.limits, fields)

    def _run(self, script: Any, agreement: str, limits: Limits, fields: dict[str, Any]) -> Any:
        now = None if self._clock is None else self._clock()
        pace = {"tokens_per_minute": limits.tokens_per_minute, "share": limits.share}
        ask = json.dumps({"rules": _RULES, "now": now, **pace, **fields})
        try:
            return script(keys=[f"{self._prefix}gate:{agreement}"], args=[ask])
        except redis.RedisError as error:
            text = f"Redis does not answer ({type(error).__name__}), so no call may be sent."
            raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, text)) from error


def _lua(name: str) -> str:
    return importlib.resources.files("worker.store").joinpath("lua", name).read_text(encoding="utf-8")
