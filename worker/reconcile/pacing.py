"""The pace of reading back: last in line, so that it never takes more than a tenth of what exports may use."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config.export_schema import Limits
from worker.domain.ports import Feedback, Permit, RateLimiter

#: Part of the granted tokens that reading back may use.
SHARE = 0.1
#: Tokens that may be used at once after a rest: a small period is read without any wait.
_BURST_SECONDS = 6.0
#: No single wait is longer: where few tokens are granted, the rate limiter itself says when to come back.
_LONGEST_WAIT = 20.0


@dataclass(kw_only=True)
class LastInLine(RateLimiter):
    """See ``RateLimiter``: asks the common limiter as everybody does, and waits between its own calls besides."""

    inner: RateLimiter
    #: Waits that many seconds.
    sleep: Callable[[float], None] = time.sleep
    #: Seconds on any scale.
    clock: Callable[[], float] = time.monotonic
    #: When what was used so far will have been paid for, at a tenth of the grant.
    _paid: float = field(default=float("-inf"))

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        """See ``RateLimiter``. It never counts as begun: exports that are in the middle go first."""
        del begun
        now = self.clock()
        wait = self._paid - now
        if wait > 0:
            self.sleep(min(wait, _LONGEST_WAIT))
        permit = self.inner.acquire(agreement, cost, limits, begun=False)
        granted = permit.granted or limits.tokens_per_minute
        pace = granted * limits.share * SHARE / 60
        self._paid = max(self._paid, self.clock() - _BURST_SECONDS) + cost / pace
        return permit

    def report(self, permit: Permit, feedback: Feedback) -> None:
        """See ``RateLimiter``."""
        self.inner.report(permit, feedback)
