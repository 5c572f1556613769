"""Leases kept alive beside work that takes longer than them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from worker.errors import LeaseLost, StoreUnavailable

#: Calls a renewal now and then for as long as its block lasts.
LeaseRenewal = Callable[[Callable[[], object]], AbstractContextManager[None]]
#: Seconds after which a lease is kept no more: no honest work takes that long, so whoever holds it hangs.
_MOST = 1800.0


def no_renewal(_: Callable[[], object]) -> AbstractContextManager[None]:
    """Renew nothing: where no lease is held, or where none is to outlast its time."""
    return nullcontext()


@dataclass(kw_only=True, slots=True, eq=False)
class _Held:
    renew: Callable[[], object]
    until: float
    over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def beat(self) -> None:
        """Renew once, unless it is over: what has been given back must not be taken again."""
        with self.lock:
            self.over = self.over or time.monotonic() >= self.until
            if self.over:
                return
            try:
                self.renew()
            except LeaseLost:
                self.over = True
            except StoreUnavailable:  # the next beat may reach it
                return

    def end(self) -> None:
        with self.lock:
            self.over = True


class LeaseRenewer:
    """One thread of a process that renews whatever leases its other threads hold.

    A lost lease is not told from here: the work itself meets it at its next write. A process that is killed or frozen
    renews nothing, so another takes over as soon as the lease has run out.
    """

    def __init__(self, *, every: float, most: float = _MOST) -> None:
        """``every`` so many seconds each lease is renewed, and at most for ``most`` seconds."""
        self._every = every
        self._most = most
        self._held: set[_Held] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def lease_renewal(self, renew: Callable[[], object]) -> Iterator[None]:
        """Renew until the block ends; after that, never again."""
        held = _Held(renew=renew, until=time.monotonic() + self._most)
        self._begin(held)
        try:
            yield
        finally:
            held.end()
            with self._lock:
                self._held.discard(held)

    def _begin(self, held: _Held) -> None:
        with self._lock:
            self._held.add(held)
            if self._thread is None or not self._thread.is_alive():  # a thread does not survive a fork
                self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
                self._thread.start()

    def _beat(self) -> None:
        """Go on until nothing is held."""
        while True:
            time.sleep(self._every)
            with self._lock:
                held = tuple(self._held)
                if not held:
                    self._thread = None
                    return
            for one in held:
                one.beat()
