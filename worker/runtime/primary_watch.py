"""The watch over the name of Redis: when another server stands behind it, every connection to the old one is left.

A demoted primary answers READONLY to writes, and is left at once (``worker.store.connection``). One that merely lost
its name goes on answering, and a replica answers reads: nothing but a look at the name tells.
"""

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import redis
import structlog

from worker.store.failover import drop_connections, server_behind_name

log = structlog.get_logger()


class PrimaryWatch:
    """Called now and then, it compares the server behind the name with the one of the last time."""

    def __init__(self, *clients: redis.Redis, leave: Callable[[], None] = lambda: None) -> None:
        """``clients`` have one address; ``leave`` drops what else is connected to it."""
        self._clients: Sequence[redis.Redis] = clients
        self._leave = leave
        self._run_id = ""

    def __call__(self) -> None:
        """Drop all connections if another server stands behind the name now. No error while none answers."""
        run_id = server_behind_name(self._clients[0])
        if run_id and self._run_id and run_id != self._run_id:
            log.warning(
                "redis_replaced", why="Another server stands behind the name in REDIS_URL, or it was restarted."
            )
            for client in self._clients:
                drop_connections(client)
            self._leave()
        self._run_id = run_id or self._run_id


def hang_up(consumer: Any) -> None:
    """Have Celery's consumer connect anew, as after a lost connection: what it waits for is a message on the old one.

    May be called from any thread: the socket is shut, not closed, and the consumer's own loop sees its end.
    """
    # kombu offers nothing else; a consumer that is connecting has none of these.
    connection = getattr(getattr(getattr(consumer, "task_consumer", None), "channel", None), "client", None)
    waiting = getattr(getattr(connection, "connection", None), "_sock", None)
    if waiting is not None:
        with suppress(OSError):
            waiting.shutdown(socket.SHUT_RDWR)
