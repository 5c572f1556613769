"""The sandbox as an ASGI application: the control path, and everything else as e-conomic."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from worker.sandbox.control import PREFIX, create_control
from worker.sandbox.grant_page import PAGE, grant_page
from worker.sandbox.messages import Reply, Request
from worker.sandbox.paths import Router
from worker.sandbox.pipeline import Outcome
from worker.sandbox.protocol import Protocol
from worker.sandbox.routes import Route
from worker.sandbox.server_state import Clock, ServerState, Tokens
from worker.sandbox.state import Agreement

#: Key of the connection's transport in the scope's state (see ``worker.sandbox.server``).
TRANSPORT = "transport"


def create_app(
    agreements: Mapping[Tokens, Agreement], routes: Iterable[Route], *, clock: Callable[[], float]
) -> ASGIApp:
    """Return the sandbox.

    Args:
        agreements: what lies behind each pair of app secret and grant token; copied, so that a reset can restore it.
        routes: every operation of every resource.
        clock: real seconds since the epoch; the control path moves the sandbox's own time on top of it.

    """
    server_state = ServerState(agreements, Clock(clock))
    protocol = Protocol(server_state=server_state, router=Router(routes))
    return Sandbox(protocol, create_control(server_state), grant_page(server_state))


class Sandbox:
    """One endpoint: no middleware between socket and protocol."""

    def __init__(self, protocol: Protocol, control: ASGIApp, grants: ASGIApp) -> None:
        self._protocol = protocol
        self._control = control
        self._grants = grants

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith(PREFIX):
            await self._control(scope, receive, send)
            return
        if scope["path"].endswith(PAGE):
            await self._grants(scope, receive, send)
            return
        request = await _read(scope, receive)
        if request is None:
            return
        outcome = await self._protocol.respond(request)
        if outcome.reply is None:
            scope["state"][TRANSPORT].abort()
        else:
            await _send(outcome.reply, outcome, scope, send)
        if outcome.reply is None or outcome.half:
            await _gone(receive)


async def _read(scope: Scope, receive: Receive) -> Request | None:
    """Return the request; None when its connection broke before all of it was there: half of one is none."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body, more = body + message.get("body", b""), message.get("more_body", False)
    query = scope["query_string"].decode("latin-1")
    return Request(
        method=scope["method"],
        path=scope["path"],
        url=scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


async def _send(reply: Reply, outcome: Outcome, scope: Scope, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if outcome.half:
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
        scope["state"][TRANSPORT].close()
    else:
        await send({"type": "http.response.body", "body": reply.body})


async def _gone(receive: Receive) -> None:
    """Wait until the server has seen the closed connection, or it would answer 500 in our place."""
    while (await receive())["type"] != "http.disconnect":
        pass
