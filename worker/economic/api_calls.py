"""One call to e-conomic: leave from the gate, the request, the gate's feedback, and the answer judged."""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from config.exports import ExportConfig
from worker.domain.ports import Feedback, RateDenied, RateLimiter
from worker.domain.reasons import failure
from worker.economic import error_body, failures, json_body, rate_headers
from worker.economic.failures import RequestLabel
from worker.economic.reasons import EconomicReason
from worker.economic.thread_clients import ThreadClients
from worker.economic.urls import is_openapi, route
from worker.errors import Misconfigured, Unavailable, Uncertain


@dataclass(slots=True)
class Usage:
    """The running sum of one job."""

    #: HTTP requests tried.
    calls: int = 0
    #: Rate tokens that they cost (``X-CallCost``, or the estimate where e-conomic did not say).
    tokens: float = 0.0


class UsageMeters:
    """The current job's meter of each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def metered(self) -> Iterator[Usage]:
        """Count this thread's calls until the block ends."""
        before = getattr(self._local, "meter", None)
        self._local.meter = meter = Usage()
        try:
            yield meter
        finally:
            self._local.meter = before

    @property
    def begun(self) -> bool:
        """Whether this thread's job has made a call."""
        meter: Usage | None = getattr(self._local, "meter", None)
        return meter is not None and meter.calls > 0

    def count(self, tokens: float) -> None:
        """Add one call of this thread."""
        meter: Usage | None = getattr(self._local, "meter", None)
        if meter is not None:
            meter.calls += 1
            meter.tokens += tokens


#: No answer that we ask for comes near this many bytes.
LARGEST_BODY = 32 * 1024 * 1024
#: Tokens to reserve for a route that has not been called yet; a page was measured at 3, costs of writes are unknown.
_READ_COST, _WRITE_COST = 3.0, 10.0
_NOT_FOUND = 404
_NOT_OFFERED = (403, 404)
_OK = range(200, 300)


def agreement_key(export: ExportConfig) -> str:
    """Name the agreement for the rate gate: exports that share a grant share its rate."""
    return f"grant-{hashlib.sha256(export.grant_token.get_secret_value().encode()).hexdigest()[:16]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A successful answer."""

    status: int
    #: Parsed JSON; None for an empty body.
    body: Any
    #: It came from e-conomic's memory of an idempotency key.
    replayed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Raw:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def replayed(self) -> bool:
        return self.headers.get("x-resultfromcache", "").strip().lower() == "true"


class ApiCalls:
    """Calls under the tokens of one export."""

    def __init__(
        self,
        export: ExportConfig,
        *,
        rate_limiter: RateLimiter,
        slots: ThreadClients,
        clock: Callable[[], float],
        deadline: float,
    ) -> None:
        self.meters = UsageMeters()
        self._export = export
        self._gate = rate_limiter
        self._slots = slots
        self._clock = clock
        self._deadline = deadline
        self._agreement = agreement_key(export)
        #: Route -> what it cost last.
        self._costs: dict[str, float] = {}

    def get(self, path: str) -> Any:
        """Return the body of a read. Raises ``Refused`` for a 404 as for other refusals."""
        asked = self._asked("GET", path)
        return self._judged(self._exchange(asked, path, b"", {}), asked).body

    def find(self, path: str) -> Any:
        """Return the body of a single resource, or None when e-conomic itself says that there is none."""
        asked = self._asked("GET", path)
        raw = self._exchange(asked, path, b"", {})
        # A proxy's or maintenance page's 404 is an outage, and an outage is never absence.
        if raw.status == _NOT_FOUND and self._explain(raw).by_economic:
            return None
        return self._judged(raw, asked).body

    def offered(self, path: str) -> Any:
        """Return the body of a read that an agreement may do without; None for 403 and 404, whoever answers so."""
        asked = self._asked("GET", path)
        raw = self._exchange(asked, path, b"", {})
        return None if raw.status in _NOT_OFFERED else self._judged(raw, asked).body

    def write(self, method: str, path: str, body: bytes, key: str) -> Answer:
        """Send these bytes under this idempotency key."""
        asked = self._asked(method, path)
        return self._judged(self._exchange(asked, path, body, {"Idempotency-Key": key}), asked)

    def upload(self, path: str, body: bytes, content_type: str, key: str, *, deadline: float) -> Answer:
        """Send a form's bytes under this idempotency key; the whole call takes at most ``deadline`` seconds."""
        asked = self._asked("POST", path)
        headers = {"Idempotency-Key": key, "Content-Type": content_type}
        return self._judged(self._exchange(asked, path, body, headers, deadline), asked)

    def _exchange(
        self, asked: RequestLabel, path: str, body: bytes, extra: Mapping[str, str], deadline: float | None = None
    ) -> _Raw:
        headers = {**self._tokens(), "Content-Type": "application/json", **extra}
        limits, begun = self._export.limits, self.meters.begun
        try:
            permit = self._gate.acquire(self._agreement, self._estimate(asked), limits, begun=begun)
        except RateDenied as denied:
            raise failures.of_limiter(denied, limits) from denied
        try:
            raw = self._fetch(asked.method, self._url(path), headers, body, deadline or self._deadline)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failed = failures.of_transport(error, asked)
            cost = permit.cost if isinstance(failed, Uncertain | Unavailable) else 0.0  # else it was never sent
            self._gate.report(permit, Feedback(failed=True, cost=cost))
            self.meters.count(cost)
            raise failed from error
        told = rate_headers.feedback(raw.status, raw.headers, self._clock())
        self._gate.report(permit, told)
        self.meters.count(permit.cost if told.cost is None else told.cost)
        self._learn(asked, told)
        return raw

    def _fetch(self, method: str, url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> _Raw:
        # The deadline counts from here: how long a call may wait for its leave is the gate's business.
        extensions = {"deadline": time.monotonic() + deadline}
        client = self._slots.client()
        with client.stream(method, url, headers=headers, content=body or None, extensions=extensions) as response:
            return _Raw(status=response.status_code, headers=response.headers, body=_bounded(response))

    def _judged(self, raw: _Raw, asked: RequestLabel) -> Answer:
        if raw.status in _OK:
            return Answer(status=raw.status, body=self._body(raw, asked), replayed=raw.replayed)
        wait = rate_headers.retry_after(raw.headers, self._clock())
        raise failures.of_status(raw.status, self._explain(raw), asked, retry_after=wait, replayed=raw.replayed)

    def _body(self, raw: _Raw, asked: RequestLabel) -> Any:
        try:
            body = json_body.parse(raw.body)
        except ValueError:
            raise failures.no_answer(asked, "the answer was not JSON", replayed=raw.replayed) from None
        if error_body.is_refusal(body):
            raise failures.no_answer(asked, "a success whose body tells of an error", replayed=raw.replayed)
        return body

    def _explain(self, raw: _Raw) -> error_body.Explanation:
        body = raw.body
        for token in (self._export.app_secret_token, self._export.grant_token):
            body = body.replace(token.get_secret_value().encode(), b"(token)")
        return error_body.explain(body)

    def _asked(self, method: str, path: str) -> RequestLabel:
        return RequestLabel(export=self._export.name, method=method, route=route(path.partition("?")[0]))

    def _url(self, path: str) -> str:
        return f"{self._export.openapi_url if is_openapi(path) else self._export.api_url}".rstrip("/") + path

    def _tokens(self) -> dict[str, str]:
        return {
            "X-AppSecretToken": self._sendable(self._export.app_secret_token, "app_secret_token"),
            "X-AgreementGrantToken": self._sendable(self._export.grant_token, "grant_token"),
        }

    def _sendable(self, token: SecretStr, name: str) -> str:
        """Return the token; one that HTTP cannot carry would be printed in the HTTP library's complaint."""
        text = token.get_secret_value()
        if not re.fullmatch(r"[\x21-\x7e]+", text):
            told = f"{name} of export {self._export.name} is empty or holds spaces, line ends or odd characters."
            raise Misconfigured(failure(EconomicReason.TOKENS_REFUSED, told, field=name))
        return text

    def _estimate(self, asked: RequestLabel) -> float:
        return self._costs.get(str(asked), _WRITE_COST if asked.writes else _READ_COST)

    def _learn(self, asked: RequestLabel, told: Feedback) -> None:
        if told.cost is not None:
            self._costs[str(asked)] = told.cost


def _bounded(response: httpx.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise httpx.RemoteProtocolError(f"an answer of more than {LARGEST_BODY} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
