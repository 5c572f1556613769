"""A TCP server that answers byte by byte as a script says: what no well-behaved server would do."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

#: What is done with one connection.
Script = Callable[[socket.socket], None]


@contextlib.contextmanager
def raw_server(script: Script) -> Iterator[str]:
    """Run ``script`` for each connection; yield the server's address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        stop = threading.Event()
        accepting = threading.Thread(target=_serve, args=(listener, script, stop))
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            accepting.join()


def read_request(connection: socket.socket) -> bytes:
    """Read one request without a body; empty when the client has gone."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65_536)
        if not chunk:
            return b""
        received += chunk
    return received


def _serve(listener: socket.socket, script: Script, stop: threading.Event) -> None:
    threads: list[threading.Thread] = []
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            threads.append(threading.Thread(target=_play, args=(connection, script)))
            threads[-1].start()
    for thread in threads:
        thread.join()


def _play(connection: socket.socket, script: Script) -> None:
    connection.settimeout(5)
    with connection, contextlib.suppress(OSError):
        script(connection)
