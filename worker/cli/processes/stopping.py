"""Ctrl-C and SIGTERM as an event to wait for."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Give an event that is set when this process is told to end; from the main thread only."""
    stop = threading.Event()
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in _SIGNALS}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
