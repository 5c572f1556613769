"""Free ports of this machine for servers of the tests, however many tests run side by side."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

#: Below the ports that a system gives to clients and to whoever asks for port 0: none of those takes one in between.
_FIRST, _END = 11_000, 16_000
_LAST_GIVEN = Path(tempfile.gettempdir()) / f"opter-economic-tests-{os.getuid()}.port"


def free_port() -> int:
    """Return a port that nobody listens on and no other test is given soon; a server may bind it seconds later."""
    with _LAST_GIVEN.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        port = int(file.read() or _FIRST)
        while True:
            port = port + 1 if port + 1 < _END else _FIRST
            if _is_free(port):
                break
        file.truncate(0)
        file.write(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
