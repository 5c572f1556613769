"""Who sent a request: the signature with an export's secret, and how old it may be."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path

import structlog
from starlette.requests import Request

from config.exports import ExportConfig
from worker.forward.signing import SIGNATURE_HEADER, TIME_HEADER, secrets_of, signature
from worker.web.event_api.problems import Refusal

log = structlog.get_logger()

#: The SHA-256 of no body at all.
EMPTY = hashlib.sha256(b"").hexdigest()
_HOW = "Sign as deploy/docs/connect-opter.md shows, with the secret in source.http_secret_file of the export."
#: Compared with where there is no secret, so that the answer takes as long.
_NOBODY = (secrets.token_bytes(32),)
#: Digits of a time that is read at all.
_LONGEST_TIME = 12


def read_secrets(export: ExportConfig | None, folder: Path) -> Sequence[bytes]:
    """Return an export's secrets, read anew so that they can be replaced; those of nobody where it has none."""
    name = export.source.http_secret_file if export else None
    if name is None:
        return _NOBODY
    try:
        return secrets_of((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        log.error("http_secret_unusable", export=export.name if export else "", error=type(error).__name__)  # noqa: TRY400  # a traceback may show the secret
        raise Refusal(
            status=503,
            detail="The secret of this export cannot be read here; nothing was taken.",
            next_step="The operator looks at source.http_secret_file and the log; send it again later.",
            headers={"Retry-After": "60"},
        ) from None


def require_signature(request: Request) -> None:
    """Refuse a request without signature before its body is read. Raises ``Refusal``."""
    missing = [name for name in (TIME_HEADER, SIGNATURE_HEADER) if not request.headers.get(name)]
    if missing:
        raise _unsigned(f"Without {' and '.join(missing)}.")


def target_of(request: Request) -> str:
    """Return path and query just as they were sent."""
    path = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def authenticate(request: Request, keys: Sequence[bytes], *, sha256: str, now: float, window: float) -> None:
    """Prove that a holder of one of the secrets sent this, not long ago. Raises ``Refusal``.

    The time is judged only after the signature, so that only who holds a secret learns about clocks. Within the window
    the same request may come again: it is known by its content.
    """
    timestamp = request.headers.get(TIME_HEADER, "")
    shown = request.headers.get(SIGNATURE_HEADER, "")
    method, target = request.method, target_of(request)
    right = False
    for key in keys:
        expected = signature(key, method=method, target=target, timestamp=timestamp, sha256=sha256)
        right |= hmac.compare_digest(expected.encode(), shown.encode("latin-1", "replace"))
    if not (right and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _LONGEST_TIME):
        raise _unsigned("The signature is not that of this request, or there is no such export.")
    apart = round(now - int(timestamp))
    if abs(apart) > window:
        detail = f"{TIME_HEADER} is {apart} seconds behind our clock; at most {window:g} either way are accepted."
        raise _unsigned(detail, "Set the sender's clock (time service), and sign each request when it is sent.")


def _unsigned(detail: str, next_step: str = _HOW) -> Refusal:
    return Refusal(status=401, detail=detail, next_step=next_step, headers={"WWW-Authenticate": "HMAC-SHA256"})
