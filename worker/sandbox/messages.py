"""Requests and replies as bytes, parsed and rendered. Money never passes through a float on the way in."""

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPMethod
from typing import Any

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from worker.sandbox.failures import refused, schema_failed
from worker.sandbox.state import Answer, ApiError, Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One HTTP request, body read to the end."""

    method: str
    #: Percent-decoded path.
    path: str
    #: Path and query as sent.
    url: str
    query: Mapping[str, str]
    #: Lower-case names.
    headers: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """The idempotency key; empty for a GET, where e-conomic ignores it."""
        return "" if self.method == HTTPMethod.GET else self.headers.get("idempotency-key", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One HTTP response, rendered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, extra: Mapping[str, str]) -> "Reply":
        """Return the same answer with more headers."""
        return Reply(status=self.status, body=self.body, headers={**self.headers, **extra})


def decode(data: bytes) -> Any:
    """Parse JSON with every fraction a Decimal.

    Raises:
        ApiError: 400, not JSON.

    """
    try:
        return json.loads(data, parse_float=Decimal, parse_constant=_refuse_constant) if data else None
    except ValueError as error:
        raise schema_failed([f"The body is not valid JSON: {error}"]) from error


def encode(body: Any) -> bytes:
    """Render JSON; a Decimal becomes a number."""
    return json.dumps(body, default=json_default, ensure_ascii=False, separators=(",", ":")).encode()


def render(answer: Answer) -> Reply:
    """Turn a resource's answer into bytes: JSON, a file, or nothing."""
    if answer.body is None:
        return Reply(status=answer.status, body=b"", headers=dict(answer.headers))
    if isinstance(answer.body, bytes):
        return Reply(
            status=answer.status, body=answer.body, headers={"content-type": "application/pdf", **answer.headers}
        )
    headers = {"content-type": "application/json", **answer.headers}
    return Reply(status=answer.status, body=encode(answer.body), headers=headers)


def render_failure(error: ApiError, *, service: bool, call: int, now: datetime, path: str) -> Reply:
    """Render a refusal with what the server adds to each: ids, times, and the OpenAPI services' own shape."""
    body = _problem(error) if service else error.body
    trace, time = f"{call:016x}-CPH", now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    stamps = (
        {"traceId": trace, "traceTimeUtc": time, "instance": path} if service else {"logId": trace, "logTime": time}
    )
    kind = "application/problem+json" if service else "application/json"
    return Reply(status=error.status, body=encode(body | stamps), headers={"content-type": kind})


async def upload(request: Request) -> tuple[str, bytes, dict[str, str]]:
    """Return name and content of a multipart request's first file, whatever its field's name, and the other fields.

    Raises:
        ApiError: 400, no file in it.

    """
    form = None
    try:
        form = await MultiPartParser(Headers(dict(request.headers)), _once(request.body)).parse()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        for value in form.values():
            if isinstance(value, UploadFile):
                return value.filename or "", await value.read(), fields
    except (MultiPartException, KeyError) as error:
        raise refused(400, f"The multipart body cannot be read: {error}", "E00510") from error
    finally:
        if form is not None:
            await form.close()
    raise refused(400, "No file was uploaded.", "E00510")


def json_default(value: Any) -> Any:
    """Return what JSON can hold for the sandbox's own types (``default`` of ``json.dumps``)."""
    match value:
        case Decimal():
            # Up to fifteen digits a float prints exactly what the Decimal says.
            return float(value)
        case bytes():
            return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
        case set() | frozenset():
            return sorted(value)
        case date():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _problem(error: ApiError) -> Json:
    if "title" in error.body:
        return error.body
    message, code = str(error.body.get("message", "")), str(error.body.get("errorCode", ""))
    return {
        "type": f"https://httpstatuses.io/{error.status}",
        "title": message,
        "detail": message,
        "status": error.status,
        "errorCode": code,
        "errors": [{"message": message, "errorCode": code, "property": ""}],
    }


async def _once(data: bytes) -> AsyncGenerator[bytes]:
    yield data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
