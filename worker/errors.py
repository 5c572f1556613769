"""What can go wrong, drawn as the tree that decides what happens next.

ExportError
├─ Rejected                 never retried; a dead letter with a reason, a description and the next step
│  ├─ InvalidInvoice        refused by our own checks, before any call
│  └─ Refused               refused by e-conomic: 4xx with its code
├─ Retryable                later; ``retry_after`` when the other side named a time
│  ├─ Unreachable           connect and pool errors: never sent
│  ├─ Throttled             429, or our own rate limiter spares this agreement; costs no attempt
│  ├─ Unavailable           5xx or no answer on a read
│  ├─ Busy                  another worker has this invoice, customer or product; costs no attempt
│  ├─ OnHold                waits until a person has opened something in e-conomic; costs no attempt
│  ├─ TooEarly              a second lookup is due, or clocks disagree; costs no attempt
│  ├─ Stopped               this worker is being stopped: nothing was sent; another one goes on
│  └─ StoreUnavailable      Redis does not answer
│     ├─ BrokerUnavailable  the broker of Celery's messages does not answer: what is due is sent again later
│     └─ ArchiveUnavailable the archive does not answer: what it holds is known to be there, and waits
├─ Uncertain                sent, no usable answer: look it up before repeating
└─ Misconfigured            401/403: the export pauses as a whole; no invoice dies for it

LeaseLost                   another worker took over; this one stops without writing
"""

import re
from dataclasses import dataclass

#: An element's place in a path: ``lines[0].product``.
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What a person reads about an invoice that does not go on. It never holds a token."""

    #: Reason code from the tables of ``ReasonCode``, for example ``product-group-missing``.
    reason: str
    #: What was wrong, in plain words, with the values that matter.
    description: str
    #: What a bookkeeper or operator does now.
    next_step: str
    #: The field of the invoice or set-up that is wrong, in the event's spelling; empty when no field is.
    field: str = ""
    #: The value of that field.
    value: str = ""
    #: The accounting system's own message and error code, verbatim; empty when it was not asked.
    remote_message: str = ""
    #: Its id of the request in its logs (``logId``, ``traceId``): what its support asks for.
    log_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """One error code in e-conomic's answer and where it stood: the same code means another thing elsewhere."""

    #: For example ``E04041``.
    code: str
    #: Path of the property that it stood under, for example ``[0].entries.date``; empty: of the request as a whole.
    field: str = ""
    #: The property's value as e-conomic understood it.
    value: str = ""

    @property
    def properties(self) -> tuple[str, ...]:
        """The names in the path, outermost first, in lower case and without indices."""
        return tuple(name for name in _INDEX.sub("", self.field).lower().split(".") if name)


class ExportError(Exception):
    """The export of an invoice did not go through."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.description)
        self.failure = failure


class Rejected(ExportError):
    """Repeating it cannot help: a person has to change something first."""


class InvalidInvoice(Rejected):
    """Refused by our own checks, before any call."""


class Refused(Rejected):
    """Refused by e-conomic with a 4xx answer, so it certainly did nothing."""

    def __init__(
        self,
        failure: Failure,
        *,
        status: int,
        codes: frozenset[str] = frozenset(),
        complaints: tuple[Complaint, ...] = (),
        replayed: bool = False,
    ) -> None:
        super().__init__(failure)
        self.status = status
        #: Every error code found in the body (``E06000``, ``PayloadChanged``, ...).
        self.codes = codes
        #: The codes that stood in a field of their own, each with the property at fault.
        self.complaints = complaints
        #: The answer came from e-conomic's key memory: an earlier request with this key was refused.
        self.replayed = replayed


class Retryable(ExportError):
    """Later is better; nothing was created by this call."""

    #: Whether one of the limited attempts is used up.
    costs_attempt = True

    def __init__(self, failure: Failure, *, retry_after: float | None = None) -> None:
        super().__init__(failure)
        #: Seconds to wait at least, when the other side or our rate limiter named them.
        self.retry_after = retry_after


class Unreachable(Retryable):
    """No connection could be made: the request was never sent."""


class Throttled(Retryable):
    """The agreement's rate is used up, or its circuit breaker is open after an outage."""

    costs_attempt = False


class Unavailable(Retryable):
    """e-conomic answered a read with 5xx, or not at all."""


class Busy(Retryable):
    """Another worker has the same invoice, customer or product right now."""

    costs_attempt = False


class OnHold(Retryable):
    """It waits until a person has opened something in e-conomic, as the exports file says."""

    costs_attempt = False


class TooEarly(Retryable):
    """It cannot be told yet whether e-conomic has the invoice, or what time it is; costs no attempt."""

    costs_attempt = False


class Stopped(Retryable):
    """This worker is being stopped, so the call was not begun; another worker goes on. Costs no attempt."""

    costs_attempt = False


class StoreUnavailable(Retryable):
    """Redis does not answer, so nothing may be sent either."""


class BrokerUnavailable(StoreUnavailable):
    """The broker does not answer, so no message can be sent or counted; the store knows what is due all the same."""


class ArchiveUnavailable(StoreUnavailable):
    """The archive does not answer: whatever may be in it waits, and counts as unknown never."""


class Uncertain(ExportError):
    """A write was sent and no usable answer came: it may have happened."""

    def __init__(self, failure: Failure, *, retry_after: float | None = None, replayed: bool = False) -> None:
        super().__init__(failure)
        self.retry_after = retry_after
        #: The answer came from e-conomic's key memory: the earlier request has ended, and its 5xx is remembered.
        self.replayed = replayed


class Misconfigured(ExportError):
    """e-conomic refuses the tokens (401), or a role or module is missing (403)."""


class LeaseLost(Exception):
    """The lease ran out and another worker has taken over; the stale holder's write was refused."""
