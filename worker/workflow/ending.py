"""The end of a process, as what is under way in it meets it: how long it may go on, and what is given back at last."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Ending:
    """How far the end of this process has come: nothing, asked for, or over with the time of what is under way.

    Once that time is over no call to e-conomic begins; one that is under way comes to its own end. Safe to share
    between threads, and ``begin`` may interrupt any of them, as a signal does.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ends_at = math.inf
        self._begun = threading.Event()
        self._lock = threading.Lock()
        #: What gives back each lease that is held.
        self._held: dict[int, Callable[[], object]] = {}

    def begin(self, seconds: float) -> None:
        """Let what is under way go on for so many seconds; a second word of it changes nothing."""
        if self._ends_at == math.inf:  # the second may interrupt the first
            self._ends_at = self._monotonic() + seconds
            self._begun.set()

    def wait(self) -> None:
        """Wait until the end has been asked for."""
        self._begun.wait()

    def over(self) -> bool:
        """Tell whether the time of what is under way is over."""
        return self._monotonic() >= self._ends_at

    def sleep(self, seconds: float) -> None:
        """Wait so long, but not beyond the time of what is under way."""
        until = self._monotonic() + seconds
        if self._begun.wait(seconds):
            time.sleep(max(0.0, min(until, self._ends_at) - self._monotonic()))

    @contextmanager
    def holding(self, give_back: Callable[[], object]) -> Iterator[None]:
        """Remember, until the block ends, what gives back the lease that it works under."""
        key = id(give_back)
        with self._lock:
            self._held[key] = give_back
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(key, None)

    def give_back_all(self) -> int:
        """Give back every lease that is held; returns how many.

        For the very end of the process alone, with calls still under way: whoever takes over finds what this process
        meant to do, as after a crash. Raises what giving back raises.
        """
        with self._lock:
            held = tuple(self._held.values())
        for give_back in held:
            give_back()
        return len(held)
