"""e-conomic without a socket: the sandbox's protocol behind httpx's transport seam, in the caller's own thread."""

from collections.abc import Callable
from urllib.parse import parse_qsl

import httpx

from worker.sandbox.messages import Request
from worker.sandbox.paths import Router
from worker.sandbox.pipeline import Outcome
from worker.sandbox.protocol import Protocol
from worker.sandbox.resources import ROUTES
from worker.sandbox.seed import standard_agreement
from worker.sandbox.server import DEFAULT_TOKENS
from worker.sandbox.server_state import Clock, ServerState
from worker.sandbox.state import Agreement

_ROUTER = Router(ROUTES)


class Sandbox:
    """A sandbox with one standard agreement, its time in the caller's hands."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.server_state = ServerState({DEFAULT_TOKENS: standard_agreement()}, Clock(clock))
        self._protocol = Protocol(server_state=self.server_state, router=_ROUTER)

    @property
    def agreement(self) -> Agreement:
        return self.server_state.agreements[DEFAULT_TOKENS]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, or raise what httpx raises when the connection is cut."""
        outcome = _now(self._protocol, _request(request))
        if outcome.reply is None or outcome.half:
            raise httpx.RemoteProtocolError("the connection was cut", request=request)
        reply = outcome.reply
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)


def _request(request: httpx.Request) -> Request:
    url = request.url
    return Request(
        method=request.method,
        path=url.path,
        url=url.raw_path.decode("latin-1"),
        query=dict(parse_qsl(url.query.decode("latin-1"), keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read(),
    )


def _now(protocol: Protocol, request: Request) -> Outcome:
    """Drive the coroutine by hand: without latency it never waits."""
    running = protocol.respond(request)
    try:
        running.send(None)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome
    raise RuntimeError("the in-process sandbox cannot wait")
