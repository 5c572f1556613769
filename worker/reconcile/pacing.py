"""The pace of reading back: last in line, so that it never takes more than a tenth of what exports may use.

Each process waits between its own calls. All processes together, and exports that share a grant, are held to the same
tenth by a lane of its own in the common rate limiter, which every call asks first.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config.export_schema import Limits
from worker.domain.ports import Feedback, Permit, RateDenied, RateLimiter

#: Part of the granted tokens that reading back may use.
SHARE = 0.1
#: Tokens that may be used at once after a rest: a small period is read without any wait.
_BURST_SECONDS = 6.0
#: No single wait is longer: where few tokens are granted, the rate limiter itself says when to come back.
_LONGEST_WAIT = 20.0
#: Waits for the lane before the caller is sent away, to come back later.
_MOST_WAITS = 6


def lane_of(agreement: str) -> str:
    """Return the rate limiter's name of the lane that reading this agreement back goes in."""
    return f"{agreement}-last"


@dataclass(kw_only=True)
class LastInLine(RateLimiter):
    """See ``RateLimiter``: asks the common limiter as everybody does, and waits between its own calls besides."""

    inner: RateLimiter
    #: Waits that many seconds.
    sleep: Callable[[float], None] = time.sleep
    #: Seconds on any scale.
    clock: Callable[[], float] = time.monotonic
    #: Whether this process is being stopped: then nobody waits, and the call that is not begun says so.
    stopped: Callable[[], bool] = lambda: False
    #: When what was used so far will have been paid for, at a tenth of the grant.
    _paid: float = field(default=float("-inf"))
    #: Tokens per 60 seconds that were granted last; 0: not known yet.
    _granted: float = 0.0

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        """See ``RateLimiter``. It never counts as begun: exports that are in the middle go first."""
        del begun
        now = self.clock()
        wait = self._paid - now
        if wait > 0:
            self.sleep(min(wait, _LONGEST_WAIT))
        self._take_lane(agreement, cost, limits)
        permit = self.inner.acquire(agreement, cost, limits, begun=False)
        self._granted = permit.granted or limits.tokens_per_minute
        pace = self._granted * limits.share * SHARE / 60
        self._paid = max(self._paid, self.clock() - _BURST_SECONDS) + cost / pace
        return permit

    def _take_lane(self, agreement: str, cost: float, limits: Limits) -> None:
        """Wait until the lane has so many tokens. Raises ``RateDenied`` when that takes too long."""
        tenth = (self._granted or limits.tokens_per_minute) * SHARE
        lane = limits.model_copy(update={"tokens_per_minute": max(1, round(tenth)), "capacity": None})
        for waits in range(_MOST_WAITS + 1):
            try:
                self.inner.acquire(lane_of(agreement), cost, lane)
            except RateDenied as denied:
                if waits == _MOST_WAITS or denied.cause != "rate" or self.stopped():
                    raise
                self.sleep(min(denied.retry_after, _LONGEST_WAIT))
            else:
                return

    def report(self, permit: Permit, feedback: Feedback) -> None:
        """See ``RateLimiter``."""
        self.inner.report(permit, feedback)
