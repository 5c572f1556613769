"""The lanes in which events are read side by side: which event may begin, and the threads that read them.

A slow source holds up its own events only: one event of an export at a time, in the order in which they came, and few
from one file host or folder. What an event holds itself is in memory, so only one of those is read at a time.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from worker.intake.reading import Event

#: Events read at the same time whose files lie at one host or in one folder.
MOST_OF_A_PLACE = 2
#: Events in hand, read or waiting for a lane; more are left to the queue.
MOST_IN_HAND = 64


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reading:
    """One event in hand, and how it is read."""

    raw: bytes
    #: Reads it to its end, whatever that is. Raises ``StoreUnavailable``.
    run: Callable[[], None]
    #: Events of one export are read in their order; empty: it is not known yet.
    export: str = ""
    #: Where what it holds lies; empty: not known yet.
    place: str = ""
    #: It is read while nothing else is, and nothing overtakes it.
    alone: bool = False


def place_of(event: Event) -> str:
    """Return where an event's invoices lie: a host, a folder, or ``inline``."""
    file = event.data.invoices_ref
    if file is None:
        return "inline"
    try:
        parts = urlsplit(file.url)
        return f"//{parts.hostname}" if parts.netloc else str(PurePosixPath(parts.path).parent)
    except ValueError:
        return "no address"  # refused when it is read


def next_reading(waiting: Sequence[Reading], running: Collection[Reading], readers: int) -> Reading | None:
    """Return the first that may begin now."""
    if len(running) >= readers or any(each.alone for each in running):
        return None
    busy = {each.export for each in running}
    places = Counter(each.place for each in running)
    for each in waiting:
        if each.alone:
            return None if running else each
        if each.export not in busy and places[each.place] < _most_of(each.place):
            return each
        busy.add(each.export)  # its next event does not overtake it
    return None


def _most_of(place: str) -> int:
    return 1 if place == "inline" else MOST_OF_A_PLACE


@dataclass(kw_only=True, slots=True)
class Lanes:
    """Up to ``readers`` threads; with one reader, events are read one after the other by the caller itself."""

    readers: int = 1
    #: Bytes of all events in hand together; one larger event is still taken.
    most_bytes: int = 1
    _waiting: list[Reading] = field(default_factory=list)
    _running: list[Reading] = field(default_factory=list)
    #: How a reading failed, until the caller has heard it.
    _failed: Exception | None = None
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _threads: ThreadPoolExecutor | None = None

    def start(self, reading: Reading) -> None:
        """Read an event as soon as it may begin; not at all where another has just failed, which may come before it.

        With one reader: raises ``StoreUnavailable``.
        """
        if self.readers == 1:
            reading.run()
            return
        with self._changed:
            if self._failed is None:
                self._waiting.append(reading)
                self._begin()

    def room(self, patience: float) -> bool:
        """Return whether another event may be taken, after at most ``patience`` seconds.

        Raises what a reading raised, as ``StoreUnavailable``; that event, and those that waited, are out of hand.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._failed or self._has_room(), patience)
            failed, self._failed = self._failed, None
            if failed:
                raise failed
            return self._has_room()

    def in_hand(self) -> frozenset[bytes]:
        """Return the events that are read or wait for a lane."""
        with self._changed:
            return frozenset(each.raw for each in (*self._running, *self._waiting))

    def close(self) -> None:
        """Begin nothing more, and wait for what is being read."""
        with self._changed:
            self._waiting.clear()
            threads, self._threads = self._threads, None
        if threads:
            threads.shutdown()

    def _has_room(self) -> bool:
        held = (*self._running, *self._waiting)
        return (
            len(held) < MOST_IN_HAND
            and not any(each.alone for each in held)
            and sum(len(each.raw) for each in held) < self.most_bytes
        )

    def _begin(self) -> None:
        """Begin what may begin; the lock is held."""
        while reading := next_reading(self._waiting, self._running, self.readers):
            self._threads = self._threads or ThreadPoolExecutor(self.readers, thread_name_prefix="reader")
            self._waiting.remove(reading)
            self._running.append(reading)
            self._threads.submit(self._read, reading)

    def _read(self, reading: Reading) -> None:
        failed: Exception | None = None
        try:
            reading.run()
        except Exception as error:  # noqa: BLE001  # it is raised in the caller's thread
            failed = error
        with self._changed:
            self._running.remove(reading)
            if failed:
                # It is taken again, and before those that came after it.
                self._failed = failed
                self._waiting.clear()
            self._begin()
            self._changed.notify_all()
