"""Ports of the workflow besides the store: the rate limiter and the printed invoices."""

from dataclasses import dataclass
from typing import Protocol

from config.export_schema import Limits
from worker.domain.invoice import Pdf


class PdfSource(Protocol):
    """The printed invoices: allowed folders and hosts, and nothing outside them."""

    def fetch(self, pdf: Pdf) -> bytes:
        """Return the file: a real PDF, no larger than the accounting system takes, with the hash that the event names.

        Raises ``Rejected`` when it is missing, too large, no PDF, another file than announced, or outside the allowed
        places; ``Retryable`` when the host does not answer.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Permit:
    """Permission for one call to one agreement, tokens reserved."""

    agreement: str
    limits: Limits
    #: Tokens reserved for it.
    cost: float
    #: Tokens that all our workers had reserved in the last 60 seconds when this call's were, these included.
    spent: float = 0.0
    #: Tokens per 60 seconds that the rate limiter believes are granted.
    granted: float = 0.0
    #: Used tokens by the other side's count above which its answer is news to all workers.
    news_above: float = float("inf")
    #: Calls before this one have failed or met a 429, so that its success is news.
    watched: bool = False
    #: The only call let through, to see whether an outage is over.
    probe: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """What the answer to one call says about the agreement's rate and health."""

    #: Tokens that the call really cost; None when the answer did not say.
    cost: float | None = None
    #: Tokens used per 60 seconds by everybody, as the other side counts; None when the answer did not say.
    used: float | None = None
    #: Tokens granted per 60 seconds; None when the answer did not say.
    granted: float | None = None
    #: Tokens that may be used within the window that the answer speaks of, and so at once; None when it did not say.
    capacity: float | None = None
    #: Seconds to wait before the next call (``Retry-After``).
    retry_after: float | None = None
    #: Answered with 429.
    throttled: bool = False
    #: No connection, no answer, or 5xx.
    failed: bool = False


#: Failed calls in a row that open the circuit breaker, as ``lua/rate_limiter.lua`` counts them.
OPENS_AFTER = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementRate:
    """What all workers together know of the calls to one agreement."""

    #: Tokens reserved in the last 60 seconds, and granted for them.
    spent: float
    granted: float
    #: Seconds since the last call, to within five.
    called_ago: float
    #: Calls in a row that failed while the circuit breaker is closed: no connection, no answer, or 5xx.
    failures: int
    #: How often in a row the circuit breaker has opened; 0: it is closed.
    trips: int
    #: Seconds until the next call may see whether the outage is over.
    open_for: float
    #: Seconds for which the other side asked to be left alone.
    blocked_for: float

    @property
    def failed_in_a_row(self) -> int:
        """Calls in a row that failed, the probes of an open circuit breaker included."""
        return self.failures + (OPENS_AFTER + self.trips - 1 if self.trips else 0)

    @property
    def failing(self) -> bool:
        """Whether the last call failed, or nothing but probes are sent."""
        return self.failures > 0 or self.trips > 0


class RateDenied(Exception):
    """No call is permitted now; nothing was reserved."""

    def __init__(self, cause: str, *, retry_after: float) -> None:
        super().__init__(cause)
        #: ``rate``: the granted tokens are used up; ``blocked``: the other side asked us to wait;
        #: ``breaker-open``: it failed several times in a row; ``day``: the calls of 24 hours are used up.
        self.cause = cause
        #: Seconds until it is worth asking again.
        self.retry_after = retry_after


class RateLimiter(Protocol):
    """Paces the calls of all workers to one agreement; the adapter for Redis stands in ``worker.store``."""

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        """Reserve ``cost`` tokens, sleeping up to about two seconds for them.

        An execution that has ``begun`` to call sleeps longer, as its earlier calls would have to be repeated. Raises
        ``RateDenied`` when the wait would be longer, the day's calls are used up, or the circuit breaker is open;
        ``StoreUnavailable`` when the store does not answer.
        """

    def report(self, permit: Permit, feedback: Feedback) -> None:
        """Learn from the answer. Never raises: the answer itself matters more than its statistics."""
