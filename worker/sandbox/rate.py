"""The token budget of one agreement: what a call costs, what is left, when to come back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from worker.sandbox.switches import ProtocolSwitches

WINDOW = 60.0
DAY = 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The meter after one call."""

    cost: int
    #: Tokens used so far, this call included.
    used: int
    limit: int
    #: Seconds to wait when the call is refused; None when it may pass.
    retry_after: int | None = None
    #: Whether this call is the first beyond the fair use of the day.
    beyond_fair_use: bool = False

    def headers(self) -> Mapping[str, str]:
        """Return the headers of every answer, refusals included (measured on a live agreement, August 2026)."""
        headers = {
            "x-callcost": str(self.cost),
            "x-ratelimiting": f"token-limit-{self.limit}-per-60-seconds: {self.used}/{self.limit}",
        }
        return headers if self.retry_after is None else headers | {"retry-after": str(self.retry_after)}


class Meter:
    """Counts the tokens and the calls of one agreement. A refused call costs as well."""

    def __init__(self) -> None:
        self._used = 0.0
        self._since = -math.inf
        self._day = -math.inf
        #: Calls in the current 24 hours.
        self.calls = 0

    def take(self, now: float, cost: int, switches: ProtocolSwitches) -> Reading:
        """Charge one call at ``now`` (seconds since the epoch)."""
        self._count(now)
        self._recover(now, switches)
        self._used += cost
        return Reading(
            cost=cost,
            used=math.ceil(self._used),
            limit=switches.rate_limit,
            retry_after=self._wait(now, cost, switches) if self._used > switches.rate_limit else None,
            beyond_fair_use=self.calls == switches.daily_calls + 1,
        )

    def _recover(self, now: float, switches: ProtocolSwitches) -> None:
        if now - self._since >= WINDOW:
            self._used, self._since = 0.0, now
        elif switches.rate_mode == "refill":
            passed = max(0.0, now - self._since)
            self._used, self._since = max(0.0, self._used - passed * switches.rate_limit / WINDOW), now

    def _wait(self, now: float, cost: int, switches: ProtocolSwitches) -> int:
        if switches.rate_mode == "window":
            return max(1, math.ceil(self._since + WINDOW - now))
        return max(1, math.ceil((self._used + cost - switches.rate_limit) * WINDOW / switches.rate_limit))

    def _count(self, now: float) -> None:
        if now - self._day >= DAY:
            self._day, self.calls = now, 0
        self.calls += 1
