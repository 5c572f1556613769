"""The body of a request: counted and hashed while it comes, kept on disk when it is large."""

import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO, cast

from starlette.requests import Request

from worker.web.event_api.problems import Refusal

#: Bytes that are held in memory.
_IN_MEMORY = 1 << 20
#: What may be sent; which format a file is in is seen in the file itself.
CONTENT_TYPES = (
    "application/json",
    "application/cloudevents+json",
    "application/x-ndjson",
    "application/xml",
    "text/xml",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
)


def content_type(request: Request) -> str:
    """Return the type of the body. Raises ``Refusal`` for one that is not taken."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    if sent not in CONTENT_TYPES or encoding != "identity":
        shown = f"Content-Type {sent[:100] or 'missing'}, Content-Encoding {encoding[:50]}"
        raise Refusal(
            status=415,
            detail=f"{shown}: this is not taken.",
            next_step=f"Send one of {', '.join(CONTENT_TYPES)}, not compressed.",
            headers={"Accept": ", ".join(CONTENT_TYPES)},
        )
    return sent


@asynccontextmanager
async def received_body(request: Request, limit: int) -> AsyncIterator[tuple[BinaryIO, str]]:
    """Give the body and its SHA-256. Raises ``Refusal`` as soon as it is too large."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    digest, size = hashlib.sha256(), 0
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            digest.update(chunk)
            file.write(chunk)
        file.seek(0)
        yield cast("BinaryIO", file), digest.hexdigest()


def _too_large(limit: int) -> Refusal:
    return Refusal(
        status=413,
        detail=f"The body has more than {limit} bytes.",
        next_step="Split the period's files (each with invoiceCount), or put the file into the watched folder.",
    )
