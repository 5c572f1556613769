"""The description of the addresses for machines, and requests made from it: answers are as it says, never a fault."""

import atexit
import tempfile
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from support.events import event
from support.posting import SECRET, Posting

from config.settings_sections import Web
from worker.forward.signing import signed
from worker.web.event_api.openapi import document


class Signing:
    """Signs every request with the secret, as a sender's own proxy could: what is behind the signature is met."""

    def __init__(self, app: ASGIApp, posting: Posting) -> None:
        self._app = app
        self._posting = posting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/openapi.json":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        query = scope["query_string"]
        target = (scope["raw_path"] + (b"?" + query if query else b"")).decode("latin-1")
        now, method = self._posting.clock(), scope["method"]
        names = {name.lower().encode() for name in signed(SECRET, method="", target="", now=now)}
        headers = [pair for pair in scope["headers"] if pair[0] not in names]
        for name, value in signed(SECRET, method=method, target=target, now=now, body=body).items():
            headers.append((name.lower().encode(), value.encode()))

        async def whole() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope | {"headers": headers}, whole, send)


place = tempfile.TemporaryDirectory()
atexit.register(place.cleanup)
posting = Posting(Path(place.name), settings=Web(requests_per_minute=1_000_000))
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
plain = schemathesis.openapi.from_asgi("/openapi.json", posting.app)
behind = schemathesis.openapi.from_asgi("/openapi.json", Signing(posting.app, posting))
bounded = settings(max_examples=25, suppress_health_check=list(HealthCheck), derandomize=True)


@plain.parametrize()
@bounded
def test_whatever_is_sent_is_answered_as_described(case: Any) -> None:
    """Unsigned, or signed by another: one of the described answers, in the described form."""
    case.call_and_validate(checks=CHECKS)


@behind.parametrize()
@bounded
def test_whatever_is_signed_is_answered_as_described(case: Any) -> None:
    """Behind the signature, with whatever body and name: the same."""
    case.query["export"] = "main"
    case.call_and_validate(checks=CHECKS)


def test_the_description_is_served_and_describes_what_is_there(tmp_path: Path) -> None:
    """Its paths are the routes; its example of an event is taken."""
    served = Posting(tmp_path)

    assert served.client.get("/openapi.json").json() == document()
    assert set(document()["paths"]) | {"/openapi.json"} == {route.path for route in served.api.routes()}
    assert served.post(event()).status_code == 202
