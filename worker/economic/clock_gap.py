"""The gap between e-conomic's clock, as its answers' ``Date`` shows it, and the one that decides here."""

from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache


@dataclass(kw_only=True)
class ClockGap:
    """Measured at every success. Safe to share between threads."""

    #: Seconds that e-conomic's clock is ahead for certain (negative: behind); 0 while nothing is known.
    seconds: float = field(default=0.0)

    def learn(self, date: str, *, sent: float, received: float) -> None:
        """Take in the ``Date`` of an answer to a call made between these times; what is no date says nothing.

        A date names whole seconds, and the call took its time: only what neither explains is a gap.
        """
        named = _seconds(date)
        if named is not None:
            ahead, behind = named - received, named + 1 - sent
            self.seconds = max(ahead, 0.0) + min(behind, 0.0)


@lru_cache(maxsize=16)  # the answers of a second bear the same date
def _seconds(date: str) -> float | None:
    """Return the moment that a ``Date`` names, in seconds since the epoch, UTC; None for what is no date."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError, TypeError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
