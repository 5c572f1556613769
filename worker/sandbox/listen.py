"""An application on a socket, with what uvicorn does not give: cut connections, and a word when it can be called."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from worker.sandbox.app import TRANSPORT

#: A client's idle connection outlives any pause between two invoices.
KEEP_ALIVE = 120


class Connection(H11Protocol):
    """uvicorn's HTTP protocol, which also hands the transport to the application so that it can cut the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it too
        """Put the transport where the application finds it: the state that is copied into each request's scope."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class Server(uvicorn.Server):
    """uvicorn's server, saying when it can be called."""

    def __init__(self, app: ASGIApp, ready: Callable[[str], Any]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=1,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then report the address."""
        await super().startup(sockets)
        if sockets and self.started:
            host, port = sockets[0].getsockname()[:2]
            self._ready(f"http://{host}:{port}")


def listener(host: str, port: int) -> socket.socket:
    """Return a bound socket; port 0 lets the system choose.

    The protocol is named because asyncio turns Nagle's algorithm off only for sockets that say TCP; with it on, every
    small answer would take 40 ms.

    Raises:
        OSError: the port is taken.

    """
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen()
    except OSError:
        found.close()
        raise
    return found


def run(app: ASGIApp, *, host: str, port: int, ready: Callable[[str], Any]) -> None:
    """Serve until the process is told to stop; ``ready`` gets the address."""
    # uvicorn shuts down in order and then raises the signal again; Ctrl-C is no error here.
    with listener(host, port) as listening, suppress(KeyboardInterrupt):
        Server(app, ready).run(sockets=[listening])
