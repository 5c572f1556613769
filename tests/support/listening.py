"""A sandbox application on a real socket, in a thread of the test."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread

from starlette.types import ASGIApp

from worker.sandbox.server import Server, listener


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Serve the application on a free port of this machine; yields its address, such as ``http://127.0.0.1:40123``."""
    addresses: SimpleQueue[str] = SimpleQueue()
    server = Server(app, addresses.put)
    with listener("127.0.0.1", 0) as listening_socket:
        thread = Thread(target=server.run, kwargs={"sockets": [listening_socket]}, daemon=True)
        thread.start()
        try:
            yield addresses.get(timeout=60)
        finally:
            server.should_exit = True
            thread.join(timeout=60)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until it holds; the bound only keeps a broken test from hanging."""
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, f"did not happen: {what}"
        time.sleep(0.02)
