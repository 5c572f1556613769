"""One file by ``POST /events``, signed, and what the answer means for it."""

import json
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from worker.forward.signing import secrets_of, signed

Outcome = Literal["sent", "refused", "later", "stop"]
_TYPES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".xml": "application/xml",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_LOCAL = ("localhost", "127.0.0.1", "::1")
#: Bytes of an answer that are read.
_MOST_ANSWER = 1 << 20
#: Longest wait that an answer may ask for, in seconds.
_MOST_WAIT = 900.0
#: What is wrong with the file itself: sent again, it would be refused again.
_OF_THE_FILE = (HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, 422)
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_NOT_THE_PAGE = (
    "Check the address: it must be the page's own, and its host one of OPTER_ECONOMIC_WEB__ALLOWED_HOSTS there."
)


class Unusable(Exception):
    """Something of the set-up is wrong; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a file that was sent."""

    outcome: Outcome
    #: In plain words, for the log and for who looks at the file.
    detail: str
    next_step: str = ""
    problems: tuple[str, ...] = ()
    #: The same problems in Danish.
    danish: tuple[str, ...] = ()
    #: Seconds to wait at least.
    retry_after: float = 0.0
    #: The answer as it came.
    document: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Sends for one export to one address."""

    url: str
    export: str
    secret_file: Path
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    context: ssl.SSLContext | None = None
    #: Send to another machine without TLS: whoever listens reads the invoices.
    allow_http: bool = False
    #: Seconds without a byte.
    timeout: float = 60.0

    def send(self, name: str, content: bytes) -> Answer:
        """Send a file. Raises ``Unusable``; that the other side is away is an answer too."""
        query = urlencode({"export": self.export, "name": name}, quote_via=quote, errors="replace")
        target = f"/events?{query}"
        ending = Path(name).suffix.lower()
        headers = {"Content-Type": _TYPES.get(ending, "application/octet-stream")}
        headers |= signed(self._secret(), method="POST", target=target, now=self.clock(), body=content)
        try:
            with closing(self._connection()) as connection:
                return self._exchange(connection, target, content, headers)
        except ssl.SSLCertVerificationError as error:
            raise Unusable(f"The certificate of {self.url} is not trusted: {error.verify_message}.") from None
        except (OSError, HTTPException) as error:
            return Answer(outcome="later", detail=f"{self.url} does not answer ({type(error).__name__}: {error}).")

    def _exchange(self, connection: HTTPConnection, target: str, content: bytes, headers: dict[str, str]) -> Answer:
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before its end: the answer says why
            connection.request("POST", target, body=content, headers=headers)
        response = connection.getresponse()
        wait = response.headers.get("Retry-After", "")
        return read_answer(response.status, response.read(_MOST_ANSWER), retry_after=wait)

    def check(self) -> None:
        """Raises ``Unusable`` for an address or secret file that cannot be used."""
        self._connection().close()
        self._secret()

    def _secret(self) -> bytes:
        """Read anew, so that a new secret counts at once; the first line signs."""
        try:
            return secrets_of(self.secret_file.read_text(encoding="utf-8"))[0]
        except OSError as error:
            raise Unusable(f"{self.secret_file} cannot be read: {error.strerror}.") from None
        except ValueError as error:
            raise Unusable(f"{self.secret_file}: {error}.") from None

    def _connection(self) -> HTTPConnection:
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise Unusable(f"{self.url} is no address.") from None
        if not host or parts.scheme not in {"https", "http"} or parts.path.strip("/") or parts.query or parts.username:
            raise Unusable(f"{self.url} is not of the form https://host or https://host:port.")
        if parts.scheme == "https":
            return HTTPSConnection(host, port, timeout=self.timeout, context=self.context)
        if host not in _LOCAL and not self.allow_http:
            raise Unusable(f"{self.url} is not encrypted. Use https, or --allow-http where nobody else listens.")
        return HTTPConnection(host, port, timeout=self.timeout)


def read_answer(status: int, body: bytes, *, retry_after: str = "") -> Answer:
    """Return what an answer means. What is not known is no acceptance."""
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    document = document if isinstance(document, dict) else {}
    detail = str(document.get("detail") or f"Status {status}.")
    found = document.get("problems")
    shown = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    wait = min(float(retry_after), _MOST_WAIT) if retry_after.isdigit() else 0.0
    outcome = _outcome(status, document)
    unknown = _NOT_THE_PAGE if outcome == "stop" else ""
    return Answer(
        outcome=outcome,
        detail=detail,
        next_step=str(document.get("nextStep") or unknown),
        problems=tuple(str(each.get("description", "")) for each in shown),
        danish=tuple(str(each["danish"]) for each in shown if each.get("danish")),
        retry_after=wait,
        document=document,
    )


def _outcome(status: int, document: dict[str, Any]) -> Outcome:
    if status == HTTPStatus.ACCEPTED and document.get("state") == "accepted":
        return "sent"
    if status in _OF_THE_FILE and document.get("status") == status:
        return "refused"
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "later"
    # Not signed, moved, not found, or from somebody else: the set-up is wrong, not the file.
    return "stop"
