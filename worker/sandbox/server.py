"""The sandbox on a socket, with what uvicorn does not offer: cut connections, and the address once it can be called."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from worker.sandbox.app import TRANSPORT, create_app
from worker.sandbox.resources import ROUTES
from worker.sandbox.seed import standard_agreement
from worker.sandbox.server_state import Tokens
from worker.sandbox.state import Agreement

DEFAULT_TOKENS: Tokens = ("sandbox-app", "sandbox-grant")
DEFAULT_PORT = 8765
#: A client's idle connection outlives any pause between two invoices.
KEEP_ALIVE = 120


def standard_agreements(also: Iterable[str] = ()) -> Mapping[Tokens, Agreement]:
    """Return standard agreements behind their tokens: the default one, and one for each further name.

    The further ones take the same app secret token and the grant token ``sandbox-grant-NAME``, and are numbered upwards
    from the default one's number.
    """
    first = standard_agreement()
    app, grant = DEFAULT_TOKENS
    further = {
        (app, f"{grant}-{name}"): standard_agreement(number=first.number + at, name=name)
        for at, name in enumerate(also, start=1)
    }
    return {DEFAULT_TOKENS: first} | further


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    agreements: Mapping[Tokens, Agreement] | None = None,
    ready: Callable[[str], Any] = lambda _: None,
) -> None:
    """Serve the sandbox until SIGINT or SIGTERM.

    Args:
        host: address to bind; the control path is open to whoever reaches it, so keep it local.
        port: 0 lets the system choose.
        agreements: app secret and grant token -> agreement; none: one standard agreement behind ``DEFAULT_TOKENS``.
        ready: called with the sandbox's address once it answers.

    Raises:
        OSError: the port is taken.

    """
    app = create_app(agreements or standard_agreements(), ROUTES, clock=time.time)
    _run(app, host=host, port=port, ready=ready)


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
                date_header=False,
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
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def _run(app: ASGIApp, *, host: str, port: int, ready: Callable[[str], Any]) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` gets the address."""
    # uvicorn shuts down in order and then raises the signal again; Ctrl-C is no error here.
    with listener(host, port) as listening, suppress(KeyboardInterrupt):
        Server(app, ready).run(sockets=[listening])
