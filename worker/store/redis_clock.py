"""The time of the Redis server, carried on between its answers by this host's monotonic clock.

Hosts need not agree: whatever is decided by the time of day is decided by this one. Every answer of the store names
the server's time; between the sending of a call and its answer that time lay somewhere, so each answer bounds how far
the server is ahead of the monotonic clock, and the bounds of several are narrower than those of one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

#: Seconds without an answer after which the server is asked: its clock may have been set meanwhile.
STALE = 60.0


@dataclass(kw_only=True)
class RedisClock:
    """Safe to share between threads: what has been learnt is replaced as a whole."""

    #: Seconds from any fixed point; never set back.
    monotonic: Callable[[], float] = monotonic
    #: The least and the greatest that the server may be ahead of ``monotonic``, and when that was learnt.
    _learnt: tuple[float, float, float] | None = field(default=None)

    def learn(self, server: float, *, sent: float) -> None:
        """Take in the time that an answer names; ``sent`` is when the call was made, by ``monotonic``.

        What contradicts the answers before it means that the server's clock was set: then only this one counts.
        """
        received = self.monotonic()
        least, greatest = server - received, server - sent
        if self._learnt:
            narrower = max(least, self._learnt[0]), min(greatest, self._learnt[1])
            if narrower[0] <= narrower[1]:
                least, greatest = narrower
        self._learnt = least, greatest, received

    def now(self) -> float | None:
        """Return the server's time, never later than it is; None when it has to be asked."""
        learnt, now = self._learnt, self.monotonic()
        if learnt is None or now - learnt[2] > STALE:
            return None
        return now + learnt[0]
