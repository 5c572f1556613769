"""Slots of a worker shared between exports: a slow agreement takes only what the others leave."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from config.broker import largest_share

#: Seconds after which an execution, or a period's check, is slow: many times what a call to e-conomic takes.
SLOW = 2.0
#: Seconds since its last message for which an export counts as having something to do.
ACTIVE = 5.0
#: Executions in a row that came to nothing, after which an export's next ones most likely do so, too: one that waits
#: for another invoice to create its customer says nothing yet.
FRUITLESS = 3
#: Seconds between two starts of such an export while others have something to do: each costs the worker's one
#: interpreter some 5 ms, and the first that comes to something ends it.
PACE = 0.25


@dataclass(kw_only=True, slots=True)
class _Export:
    """What one export has under way here."""

    #: When each execution that is running began.
    running: list[float] = field(default_factory=list)
    #: Starts what waits for a slot, in order; so many of them go first.
    held: deque[Callable[[], object]] = field(default_factory=deque)
    first: int = 0
    #: Whether the execution that ended last was slow; None: none has ended yet.
    was_slow: bool | None = None
    #: When its last message came.
    heard_at: float = float("-inf")
    #: Executions in a row, up to the last that ended, that came to nothing; and when the last one began.
    fruitless: int = 0
    started_at: float = float("-inf")


class Slots:
    """Decides which message is run at once and which waits here; used by the worker's main loop alone.

    One export may use half of the slots, and all slow ones together no more than that: the other half is free for
    healthy ones at once. A slow one, or one of which nothing is known yet, borrows that much only while the others have
    nothing to do, and gives it back as soon as they have: it starts no more until it is down to a quarter. One whose
    executions come to nothing, as an agreement that answers 429, starts them one by one meanwhile.
    """

    def __init__(self, *, slots: int, now: Callable[[], float] = time.monotonic) -> None:
        self._total = slots
        self._most = largest_share(slots)
        self._now = now
        self._exports: defaultdict[str, _Export] = defaultdict(_Export)

    def offer(self, export: str, start: Callable[[], object], *, first: bool = False) -> None:
        """Run a message now, or when a slot is free for its export; ``first``: before those of it that wait."""
        known = self._exports[export]
        known.heard_at = self._now()
        if first:
            known.held.insert(known.first, start)
            known.first += 1
        else:
            known.held.append(start)
        self.fill()

    def ended(self, export: str, *, fruitless: bool = False) -> None:
        """Take back the slot of an execution that has ended; the one that has run longest, as they look alike.

        ``fruitless``: it has to be done again.
        """
        known = self._exports[export]
        if known.running:
            known.was_slow = self._now() - known.running.pop(0) > SLOW
        known.fruitless = known.fruitless + 1 if fruitless else 0
        self.fill()

    def fill(self) -> None:
        """Start what may start, one of each export in turn."""
        started = True
        while started:
            waiting = sorted(
                (known for known in self._exports.values() if known.held), key=lambda known: len(known.running)
            )
            started = False
            for known in waiting:
                if self._may_start(known):
                    self._start(known)
                    started = True

    def _start(self, known: _Export) -> None:
        """A message that cannot be started never ends, so it must not keep a slot."""
        known.started_at = self._now()
        known.running.append(known.started_at)
        try:
            known.first = max(0, known.first - 1)
            known.held.popleft()()
        except BaseException:
            known.running.pop()
            raise

    def drop_held(self) -> None:
        """Forget what waits: its connection is gone, and the sweep sends it again."""
        for known in self._exports.values():
            known.held.clear()
            known.first = 0

    def holds(self) -> bool:
        """Return whether anything waits for a slot."""
        return any(known.held for known in self._exports.values())

    def paced(self) -> bool:
        """Return whether anything waits that may start after a pause, without any other having ended."""
        return any(known.held and self._pauses(known) for known in self._exports.values())

    def full(self, export: str) -> bool:
        """Return whether enough waits here already, so that further messages stay on the queue."""
        return len(self._exports[export].held) >= self._most

    def _may_start(self, known: _Export) -> bool:
        everywhere = sum(len(other.running) for other in self._exports.values())
        if everywhere >= self._total or len(known.running) >= self._most:
            return False
        slow = self._slow(known)
        if slow and sum(len(other.running) for other in self._exports.values() if self._slow(other)) >= self._most:
            return False
        if self._pauses(known):
            return False
        proven = known.was_slow is False and not slow and known.fruitless < FRUITLESS
        return proven or len(known.running) < max(1, self._most // 4) or self._alone(known)

    def _pauses(self, known: _Export) -> bool:
        recent = known.fruitless >= FRUITLESS and self._now() - known.started_at < PACE
        return recent and not self._alone(known)

    def _slow(self, known: _Export) -> bool:
        return bool(known.was_slow) or bool(known.running and self._now() - known.running[0] > SLOW)

    def _alone(self, known: _Export) -> bool:
        heard_since = self._now() - ACTIVE
        return all(
            other is known or not (other.running or other.held or other.heard_at > heard_since)
            for other in self._exports.values()
        )
