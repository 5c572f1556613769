"""How many requests a minute each sender may make, counted in this process."""

from collections.abc import Callable
from dataclasses import dataclass, field

#: Senders that are remembered; beyond, the ones that have all their tokens are forgotten.
_MOST = 1000


@dataclass(kw_only=True, slots=True)
class RequestRate:
    """A bucket of tokens for each sender; full, it holds a minute's."""

    per_minute: int
    clock: Callable[[], float]
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait(self, sender: str) -> float:
        """Take a token; return 0.0, or the seconds until there is one."""
        now = self.clock()
        tokens, at = self._buckets.get(sender, (float(self.per_minute), now))
        tokens = min(float(self.per_minute), tokens + max(0.0, now - at) * self.per_minute / 60)
        if len(self._buckets) >= _MOST:
            self._buckets = {key: kept for key, kept in self._buckets.items() if kept[1] > now - 60}
        taken = tokens >= 1
        self._buckets[sender] = (tokens - 1 if taken else tokens, now)
        return 0.0 if taken else (1 - tokens) * 60 / self.per_minute
