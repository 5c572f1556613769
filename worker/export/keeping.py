"""A lease kept alive beside work that takes longer than it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from worker.errors import LeaseLost, LedgerDown


@contextmanager
def kept(renew: Callable[[], object], *, every: float) -> Iterator[None]:
    """Call ``renew`` every so many seconds until the block ends.

    A lost lease is not told from here: the work itself meets it at its next write. A process that is killed or frozen
    renews nothing, so another takes over as soon as the lease has run out.
    """
    stop = threading.Event()
    beating = threading.Thread(target=_beat, args=(renew, every, stop), name="lease", daemon=True)
    beating.start()
    try:
        yield
    finally:
        stop.set()
        beating.join()


def _beat(renew: Callable[[], object], every: float, stop: threading.Event) -> None:
    while not stop.wait(every):
        try:
            renew()
        except LeaseLost:
            return
        except LedgerDown:
            continue
