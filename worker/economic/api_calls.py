"""One call to e-conomic: a permit from the rate limiter, the request, and the answer judged."""

import re
import time
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from typing import Any

import httpx
from pydantic import SecretStr

from config.exports import ExportConfig
from worker.domain.ports import Feedback, Permit, RateDenied, RateLimiter
from worker.domain.reasons import ProcessReason, failure
from worker.economic import error_body, failures, parsers
from worker.economic.app_bucket import with_apps_bucket
from worker.economic.kept_replies import kept_or_read
from worker.economic.port import CallSeen, Reply, Usage, rate_name
from worker.economic.reasons import EconomicReason
from worker.economic.thread_clients import ThreadClients
from worker.economic.urls import RequestLabel, is_openapi, route
from worker.errors import Misconfigured, Refused, Stopped, Unavailable, Uncertain

#: Tokens to reserve for a route that has not been called yet; a page was measured at 3, costs of writes are unknown.
_READ_COST, _WRITE_COST = 3.0, 10.0
_OK = range(200, 300)
_NOT_FOUND = 404
_NOT_OFFERED = (403, 404)
_SENDABLE = re.compile(r"[\x21-\x7e]+")
#: ``X-RateLimiting: token-limit-10000-per-60-seconds: 42/10000``: the last but one number is what is used (measured on
#: a live agreement, August 2026).
_RATE = re.compile(r"token-limit-(\d{1,9})-per-(\d{1,6})-seconds:\s*(\d{1,9})\s*/")
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
#: Tokens of one call beyond which the header is not believed: a slip of it would hold the agreement for days.
_HIGHEST_COST = 1000.0
#: No pause that e-conomic asks for is believed beyond a day.
_LONGEST_PAUSE = 86_400.0
#: Seconds that a work item waits at the longest because of it, in case it was a mistake.
_LONGEST_WAIT = 60.0


#: Seconds by which our clock may have moved otherwise than this host's since the clocks were compared: more, and it was
#: set, so that they are compared again before anything is created.
_SET_BY = 5.0
#: What the execution that this thread is busy with has spent; every thread has a context of its own, or a copy.
_usage: ContextVar[Usage | None] = ContextVar("usage", default=None)


@contextmanager
def metered() -> Iterator[Usage]:
    """Count this thread's calls until the block ends, and those made side by side for it."""
    usage = Usage()
    token = _usage.set(usage)
    try:
        yield usage
    finally:
        _usage.reset(token)


@dataclass(kw_only=True)
class ClockGap:
    """How far e-conomic's clock is from ours, by the ``Date`` of its answers. Safe to share between threads."""

    #: Seconds that e-conomic's clock is ahead for certain (negative: behind); 0 while nothing is known.
    seconds: float = 0.0
    #: Seconds from any fixed point; never set back.
    monotonic: Callable[[], float] = time.monotonic
    #: When the last success came, by our clock and by ``monotonic``.
    _heard_at: tuple[float, float] | None = None

    def holds(self, now: float) -> bool:
        """Whether what is known may be believed: not where nothing is, nor after our clock was set."""
        heard = self._heard_at
        return heard is not None and abs((now - heard[0]) - (self.monotonic() - heard[1])) <= _SET_BY

    def learn(self, date: str, *, sent: float, received: float) -> None:
        """Take in the ``Date`` of an answer to a call made between these times; what is no date says nothing.

        A date names whole seconds, and the call took its time: only what neither explains is a gap.
        """
        self._heard_at = received, self.monotonic()
        named = _seconds(date)
        if named is not None:
            ahead, behind = named - received, named + 1 - sent
            self.seconds = max(ahead, 0.0) + min(behind, 0.0)


@lru_cache(maxsize=16)  # the answers of a second bear the same date
def _seconds(date: str) -> float | None:
    """Return the moment that a ``Date`` names, in seconds since the epoch, UTC; None for what is no date."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError, TypeError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class ApiCalls:
    """Calls under the tokens of one export. Every method raises the errors of ``worker.economic.port``."""

    def __init__(  # noqa: PLR0913  # what every call needs
        self,
        export: ExportConfig,
        *,
        rate_limiter: RateLimiter,
        clients: ThreadClients,
        clock: Callable[[], float],
        deadline: float,
        stopped: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
        seen: Callable[[CallSeen], None] | None = None,
        slot: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """``deadline`` bounds a whole call, in seconds; once ``stopped`` no call begins.

        ``monotonic`` is for tests, in which time is made. ``seen`` gets every call; it must neither wait nor raise.
        ``slot`` holds one of the calls that may be under way, see ``CallSlots.taken``.
        """
        self._export = export
        self._rate_limiter = with_apps_bucket(rate_limiter, export)
        self._clients = clients
        self._clock = clock
        self._deadline = deadline
        self._stopped = stopped
        self._seen = seen
        self._slot = slot
        self._agreement = rate_name(export.grant_token)
        self._api_url = str(export.api_url).rstrip("/")
        self._openapi_url = str(export.openapi_url).rstrip("/")
        #: How far e-conomic's clock is from the one that decides.
        self.clock_gap = ClockGap(monotonic=monotonic)
        #: What a call cost last.
        self._costs: dict[RequestLabel, float] = {}

    def get(self, path: str) -> Reply:
        """Read what must be there: a 404 is ``Refused`` like other refusals."""
        return kept_or_read(path, lambda: self._call("GET", path))

    def find(self, path: str) -> Reply | None:
        """Read a single resource; None when e-conomic itself says that there is none."""
        try:
            return self.get(path)
        except Refused as refused:
            # A proxy's or maintenance page's 404 is no refusal but an outage, and an outage is never absence.
            if refused.status == _NOT_FOUND:
                return None
            raise

    def offered(self, path: str) -> Reply | None:
        """Read what an agreement may do without; None for 403 and 404, whoever answers so."""
        reply = self._call("GET", path, accepted=_NOT_OFFERED)
        return None if reply.status in _NOT_OFFERED else reply

    def write(self, method: str, path: str, body: bytes, key: str) -> Reply:
        """Send these bytes under this idempotency key."""
        return self._call(method, path, body, {"Idempotency-Key": key})

    def upload(self, path: str, body: bytes, content_type: str, key: str, *, extra_seconds: float) -> Reply:
        """Send a form's bytes under this idempotency key; the call may take ``extra_seconds`` more than others."""
        headers = {"Idempotency-Key": key, "Content-Type": content_type}
        return self._call("POST", path, body, headers, deadline=self._deadline + extra_seconds)

    def _call(  # noqa: PLR0913  # what makes one request
        self,
        method: str,
        path: str,
        body: bytes = b"",
        extra_headers: dict[str, str] | None = None,
        *,
        deadline: float | None = None,
        accepted: Container[int] = (),
    ) -> Reply:
        """Make one call; a status that is ``accepted`` is an answer like a success, without a body."""
        label = RequestLabel(export=self._export.name, method=method, route=route(path))
        headers = self._headers.copy()
        headers.update(extra_headers)
        permit = self._permit(label)
        sent_at = self._clock()
        try:
            url = (self._openapi_url if is_openapi(path) else self._api_url) + path
            client, seconds = self._clients.client(), deadline or self._deadline
            with self._slot():
                self._go_on()  # the wait for a slot may have been long, too; the call's own time begins only now
                sent_at = self._clock()
                status, received, content = client.send(method, url, headers, body, deadline=seconds)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failed = failures.of_transport(error, label)
            sent = isinstance(failed, Uncertain | Unavailable)
            feedback = Feedback(failed=True, cost=permit.cost if sent else 0.0)
            self._report(permit, feedback, label, 0, sent=sent, seconds=self._clock() - sent_at)
            raise failed from error
        now = self._clock()
        if status in _OK:
            self.clock_gap.learn(received.get("date", ""), sent=sent_at, received=now)
        feedback = rate_feedback(status, received, now)
        self._report(permit, feedback, label, status, seconds=now - sent_at)
        if feedback.cost is not None:
            self._costs[label] = feedback.cost
        replayed = received.get("x-resultfromcache", "").strip().lower() == "true"
        if status in accepted:
            return Reply(status=status, body=None, replayed=replayed)
        if status not in _OK:
            for token in (self._export.app_secret_token, self._export.grant_token):
                content = content.replace(token.get_secret_value().encode(), b"(token)")
            explanation = error_body.explain(content)
            raise failures.of_status(
                status, explanation, label, retry_after=_worth_waiting(feedback.retry_after), replayed=replayed
            )
        return Reply(status=status, body=_parsed(content, label, replayed=replayed), replayed=replayed)

    def _permit(self, label: RequestLabel) -> Permit:
        estimate = self._costs.get(label, _WRITE_COST if label.writes else _READ_COST)
        limits, usage = self._export.limits, _usage.get()
        begun = usage is not None and usage.calls > 0
        self._go_on()
        try:
            permit = self._rate_limiter.acquire(self._agreement, estimate, limits, begun=begun)
        except RateDenied as denied:
            self._go_on()
            raise failures.of_limiter(denied, limits) from denied
        self._go_on()  # the wait for tokens may have been long; those that are not used are not missed
        return permit

    def _go_on(self) -> None:
        if self._stopped():
            raise Stopped(failure(ProcessReason.WORKER_STOPPED, ProcessReason.WORKER_STOPPED.cause))

    def _report(  # noqa: PLR0913  # what is known of a call
        self,
        permit: Permit,
        feedback: Feedback,
        label: RequestLabel,
        status: int,
        *,
        seconds: float,
        sent: bool = True,
    ) -> None:
        self._rate_limiter.report(permit, feedback)
        tokens = permit.cost if feedback.cost is None else feedback.cost
        usage = _usage.get()
        if usage is not None:
            with usage.lock:
                usage.calls += 1
                usage.tokens += tokens
        if self._seen is not None:
            self._seen(CallSeen(label=label, status=status, sent=sent, seconds=max(seconds, 0.0), tokens=tokens))

    @cached_property
    def _headers(self) -> httpx.Headers:
        """The headers of every call, made at the first one: tokens that cannot be sent are no reason not to start."""
        return httpx.Headers(
            {
                "Accept": "*/*",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": "opter-economic",
                "X-AppSecretToken": self._sendable(self._export.app_secret_token, "app_secret_token"),
                "X-AgreementGrantToken": self._sendable(self._export.grant_token, "grant_token"),
                "Content-Type": "application/json",
            }
        )

    def _sendable(self, token: SecretStr, name: str) -> str:
        """Return the token; one that HTTP cannot carry would be printed in the HTTP library's complaint."""
        text = token.get_secret_value()
        if not _SENDABLE.fullmatch(text):
            problem = f"{name} of export {self._export.name} is empty or holds spaces, line ends or odd characters."
            raise Misconfigured(failure(EconomicReason.TOKENS_REFUSED, problem, field=name))
        return text


def _parsed(content: bytes, label: RequestLabel, *, replayed: bool) -> Any:
    try:
        body = parsers.parse_json(content)
    except ValueError:
        raise failures.no_answer(label, "the answer was not JSON", replayed=replayed) from None
    if is_refusal(body):
        raise failures.no_answer(label, "the body of a success describes an error", replayed=replayed)
    return body


def is_refusal(body: Any) -> bool:
    """Return whether this parsed body names an error, whatever status it came with."""
    if not isinstance(body, dict) or {"message", "title"}.isdisjoint(body):
        return False
    return not {"errorCode", "httpStatusCode"}.isdisjoint(body)


def rate_feedback(status: int, headers: Mapping[str, str], now: float) -> Feedback:
    """Read the headers by which e-conomic speaks of its rate limit; each may be missing or odd.

    Counts come out per 60 seconds, whatever the window that the headers speak of.
    """
    cost = _whole(headers.get("x-callcost", ""))  # 3 (measured); another observer saw a letter
    used, granted, capacity = _rate(headers.get("x-ratelimiting", ""))
    return Feedback(
        cost=cost if cost is not None and cost <= _HIGHEST_COST else None,
        used=used,
        granted=granted,
        capacity=capacity,
        retry_after=retry_after(headers.get("retry-after", ""), now),
        throttled=status == 429,  # noqa: PLR2004  # the status has a name only in RFC 6585
        failed=status >= 500,  # noqa: PLR2004  # the server's own errors begin here
    )


def retry_after(text: str, now: float) -> float | None:
    """Return the seconds of ``Retry-After``, written as a number or as a date; None when it says nothing."""
    seconds = _whole(text)
    if seconds is None and text:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    return None if seconds is None else min(max(seconds, 0.0), _LONGEST_PAUSE)


def _worth_waiting(seconds: float | None) -> float | None:
    """Return how long one invoice or period stays away; the rate limiter, which asks once a minute, holds the rest."""
    return None if seconds is None else min(seconds, _LONGEST_WAIT)


def _whole(text: str) -> float | None:
    return float(text) if _WHOLE.fullmatch(text.strip()) else None


def _rate(text: str) -> tuple[float | None, float | None, float | None]:
    limit = _RATE.search(text)
    if not limit or int(limit[1]) == 0 or int(limit[2]) == 0:
        return None, None, None
    scale = 60 / int(limit[2])
    return int(limit[3]) * scale, int(limit[1]) * scale, float(limit[1])
