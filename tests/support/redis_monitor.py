"""Every command that any client sends to Redis, as ``MONITOR`` reports it: nothing that passes quickly escapes."""

import socket
import threading
from typing import Self


class RedisMonitor:
    """Listens in a thread from enter to exit. Redis leaves passwords out of it by itself."""

    def __init__(self, port: int, *, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(f"AUTH {user} {password}\r\nMONITOR\r\n".encode())
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._listen)

    @property
    def commands(self) -> list[str]:
        """One for each command, its words quoted; what is not ASCII is escaped."""
        return [line for line in self._lines if '"' in line]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def _listen(self) -> None:
        with self._socket.makefile("r", encoding="utf-8", errors="replace") as lines:
            self._lines.extend(lines)
