"""Leases in hand: renewed beside work that takes longer than they last, given back when the process has to end."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from worker.errors import LeaseLost, StoreUnavailable

#: Calls a renewal now and then for as long as the block lasts.
LeaseRenewal = Callable[[Callable[[], object]], AbstractContextManager[None]]
#: Has a lease given back once the store answers again.
GiveBack = Callable[[Callable[[], object]], None]
#: Seconds after which a lease is renewed no more: no work takes that long unless it hangs.
_LONGEST = 1800.0


def no_renewal(_: Callable[[], object]) -> AbstractContextManager[None]:
    """Renew nothing: where no lease is held, or where none is to outlast its time."""
    return nullcontext()


def no_giving_back(_: Callable[[], object]) -> None:
    """Give nothing back: the lease runs out."""


@dataclass(kw_only=True, slots=True, eq=False)
class _Lease:
    renew: Callable[[], object]
    until: float
    #: It is over with the first call that reaches the store.
    once: bool = False
    over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def renew_once(self) -> None:
        """Renew, unless it is over: a lease that was released must not be taken again."""
        with self.lock:
            self.over = self.over or time.monotonic() >= self.until
            if self.over:
                return
            try:
                self.renew()
                self.over = self.once
            except LeaseLost:
                self.over = True
            except StoreUnavailable:  # the next renewal may reach it
                return

    def end(self) -> None:
        with self.lock:
            self.over = True


class LeaseRenewer:
    """One thread of a process that renews whatever leases its other threads hold.

    A lost lease is not reported from here: the work itself meets it at its next write. A process that is killed or
    frozen renews nothing, so another takes over as soon as the lease has run out.
    """

    def __init__(self, *, every: float, most: float = _LONGEST) -> None:
        """Renew each lease every ``every`` seconds, for at most ``most`` seconds."""
        self._every = every
        self._most = most
        self._leases: set[_Lease] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def lease_renewal(self, renew: Callable[[], object]) -> Iterator[None]:
        """Renew until the block ends; after that, never again."""
        lease = _Lease(renew=renew, until=time.monotonic() + self._most)
        self._begin(lease)
        try:
            yield
        finally:
            lease.end()
            with self._lock:
                self._leases.discard(lease)

    def give_back_later(self, give_back: Callable[[], object]) -> None:
        """Give a lease back as soon as the store answers again; its execution has ended without a word to it."""
        self._begin(_Lease(renew=give_back, until=time.monotonic() + self._most, once=True))

    def _begin(self, lease: _Lease) -> None:
        with self._lock:
            self._leases.add(lease)
            if self._thread is None or not self._thread.is_alive():  # a thread does not survive a fork
                self._thread = threading.Thread(target=self._renew_all, name="leases", daemon=True)
                self._thread.start()

    def _renew_all(self) -> None:
        """Go on until no lease is left."""
        while True:
            time.sleep(self._every)
            with self._lock:
                leases = tuple(self._leases)
                if not leases:
                    self._thread = None
                    return
            for lease in leases:
                lease.renew_once()
            with self._lock:
                self._leases -= {lease for lease in leases if lease.over}


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
