"""What time proves: how far e-conomic's listings lag behind its writes, and when the clocks were last compared.

A listing that does not show a document yet looks like one of an agreement that does not have it. So "not found" counts
only from a listing that has been seen to show what was created after the doubt arose, or that has had time enough: as
long as the lag was measured to be, by documents of our own, else the longest that is believed of e-conomic. Never less
than a minute.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from config.settings_sections import Http

#: Seconds between two lookups that must both find nothing before something is created anew.
SHORTEST = 60.0
#: Witnesses are this many seconds apart and so many at most, so that they reach back further than two lookups.
_APART, _MOST = 15.0, 12
#: A measurement counts this long, in seconds, and twice as much time as it says is given.
_FRESH, _MARGIN = 900.0, 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """A document of ours of which e-conomic has said itself that it exists."""

    reference: str
    #: When that was; the store's time.
    at: float


@dataclass(kw_only=True)
class ListingLag:
    """What one process has seen of one agreement. Safe to share between threads."""

    #: Seconds after which everything is believed to be listed, whatever was measured.
    bound: float = Http().listing_lag_minutes * 60
    _witnesses: deque[Witness] = field(default_factory=lambda: deque(maxlen=_MOST))
    #: Listings have shown what was created at this time.
    _caught_up: float = 0.0
    #: How old a document was, at most, that listings have shown, and when that was seen.
    _measured: tuple[float, float] | None = None

    def created(self, reference: str, at: float) -> None:
        """Take in that e-conomic has just answered with this document as it leaves it for good."""
        if not self._witnesses or at - self._witnesses[-1].at >= _APART or at < self._witnesses[-1].at:
            self._witnesses.append(Witness(reference=reference, at=at))

    def witnesses(self) -> list[str]:
        """Return the references to ask for along with those that matter: no call more."""
        return [witness.reference for witness in tuple(self._witnesses)]

    def seen(self, listed: Collection[str], began: float) -> None:
        """Learn from a listing read since ``began`` (the store's time) that shows these references, normal form."""
        shown = [witness.at for witness in tuple(self._witnesses) if witness.reference in listed]
        missing = [witness.at for witness in tuple(self._witnesses) if witness.reference not in listed]
        if missing and began - min(missing) > self.expected(began):
            self._measured = None
        if shown and (newest := max(shown)) <= began:
            self._caught_up = max(self._caught_up, newest)
            if self._measured is None or began - newest <= self._measured[0] or began - self._measured[1] > _FRESH:
                self._measured = (began - newest, began)

    def expected(self, now: float) -> float:
        """Return how long a lookup has to be apart from the first one to be believed, in seconds."""
        if self._measured is None or not 0 <= now - self._measured[1] <= _FRESH:
            return max(self.bound, SHORTEST)
        return min(max(SHORTEST, _MARGIN * self._measured[0]), max(self.bound, SHORTEST))

    def enough(self, since: float, began: float) -> bool:
        """Tell whether a listing read since ``began`` proves absence, if an earlier one ended ``since`` without it."""
        caught_up = since <= self._caught_up <= began
        return began - since >= (SHORTEST if caught_up else self.expected(began))


@dataclass(kw_only=True)
class ClockNotes:
    """When this process last noted its clocks in the store. Threads may share it: at worst two note the same."""

    #: Seconds between two notes, as long as nothing changes.
    every: float = 60.0
    _last: tuple[float, bool] | None = None

    def due(self, now: float, *, agree: bool) -> bool:
        """Tell whether to note now; then the next one is due later."""
        if self._last and self._last[1] == agree and 0 <= now - self._last[0] < self.every:
            return False
        self._last = now, agree
        return True
