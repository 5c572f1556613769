"""The event queue in memory, held to the same tests as the Redis one."""

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence

from worker.intake.queue import digest


class MemoryEvents:
    """What several consumers share: the queue, their lists, the dead. The newest event is on the left."""

    def __init__(self) -> None:
        self.queue: deque[bytes] = deque()
        self.processing: defaultdict[str, deque[bytes]] = defaultdict(deque)
        self.alive_until: dict[str, float] = {}
        self.dead: dict[bytes, bytes] = {}
        #: Entries of the log of actions.
        self.log: list[str] = []
        self.readings: Counter[bytes] = Counter()
        self.changed = threading.Condition()


class MemoryEventQueue:
    """One consumer's, publisher's or operator's view of the shared events."""

    def __init__(
        self,
        events: MemoryEvents,
        *,
        consumer: str = "",
        heartbeat: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events = events
        self._consumer = consumer
        self._heartbeat = heartbeat
        self._clock = clock

    @property
    def _own(self) -> deque[bytes]:
        return self._events.processing[self._consumer]

    def beat(self) -> None:
        """See ``EventQueue.beat``."""
        self._events.alive_until[self._consumer] = self._clock() + self._heartbeat

    def take(self, timeout: float, *, besides: frozenset[bytes] = frozenset()) -> bytes | None:
        """See ``EventQueue.take``."""
        with self._events.changed:
            left = [raw for raw in self._own if raw not in besides]
            if left:
                return left[-1]
            self._events.changed.wait_for(lambda: bool(self._events.queue), timeout)
            if self._events.queue:
                self._own.appendleft(self._events.queue.pop())
                return self._own[0]
            return None

    def readings(self, raw: bytes) -> int:
        """See ``EventQueue.readings``."""
        with self._events.changed:
            return self._events.readings[raw]

    def begin(self, raw: bytes) -> int:
        """See ``EventQueue.begin``."""
        with self._events.changed:
            self._events.readings[raw] += 1
            return self._events.readings[raw]

    def acknowledge(self, raw: bytes) -> None:
        """See ``EventQueue.acknowledge``."""
        with self._events.changed:
            self._drop(raw)

    def postpone(self, raw: bytes) -> None:
        """See ``EventQueue.postpone``."""
        with self._events.changed:
            self._drop(raw)
            self._events.queue.appendleft(raw)
            self._events.changed.notify()

    def dead_letter(self, raw: bytes, envelope: bytes) -> None:
        """See ``EventQueue.dead_letter``."""
        with self._events.changed:
            self._events.dead.pop(raw, None)
            self._events.dead[raw] = envelope
            self._drop(raw)

    def reap(self) -> int:
        """See ``EventQueue.reap``."""
        now = self._clock()
        with self._events.changed:
            gone = [name for name, until in self._events.alive_until.items() if until <= now and name != self._consumer]
            return sum(self._give_back(name) for name in gone)

    def leave(self) -> None:
        """See ``EventQueue.leave``."""
        with self._events.changed:
            for raw in self._own:
                self._events.readings.pop(raw, None)
            self._give_back(self._consumer)
            self._events.alive_until.pop(self._consumer, None)

    def publish(self, raw: bytes) -> None:
        """See ``EventQueueOperator.publish``."""
        with self._events.changed:
            self._events.queue.appendleft(raw)
            self._events.changed.notify()

    def waiting(self) -> int:
        """See ``EventQueueOperator.waiting``."""
        with self._events.changed:
            return len(self._events.queue) + sum(map(len, self._events.processing.values()))

    def dead(self) -> Sequence[tuple[bytes, bytes]]:
        """See ``EventQueueOperator.dead``."""
        with self._events.changed:
            return list(reversed(self._events.dead.items()))

    def refused(self) -> Sequence[tuple[str, bytes]]:
        """See ``EventQueueOperator.refused``."""
        with self._events.changed:
            return [(digest(raw), envelope) for raw, envelope in self._events.dead.items()]

    def revive(self, raw: bytes, entry: str = "") -> bool:
        """See ``EventQueueOperator.revive``."""
        with self._events.changed:
            if self._events.dead.pop(raw, None) is None:
                return False
            self._events.log += [entry] if entry else []
            self._events.queue.appendleft(raw)
            self._events.changed.notify()
            return True

    def discard(self, raw: bytes, entry: str = "") -> bool:
        """See ``EventQueueOperator.discard``."""
        with self._events.changed:
            if self._events.dead.pop(raw, None) is None:
                return False
            self._events.log += [entry] if entry else []
            return True

    def _drop(self, raw: bytes) -> None:
        self._events.readings.pop(raw, None)
        if raw in self._own:
            self._own.remove(raw)

    def _give_back(self, consumer: str) -> int:
        events = self._events.processing.pop(consumer, deque())
        self._events.queue.extend(events)
        self._events.changed.notify_all()
        return len(events)
