"""The durable record of an invoice, and the values that move it from state to state.

received --preflight--> queued --claim--> exporting --> exported
    ^                     ^                  |--> waiting --(due)--> queued
    |                     '---lease ran out--|
    '------requeue------ dead <--------------'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # most records have none of these
    from worker.domain.attachment import PdfAttachment
    from worker.domain.credit_match import CreditMatch
    from worker.errors import Failure


class State(StrEnum):
    """Where an invoice stands; every invoice is in exactly one."""

    #: In the store; its period's preflight has yet to pass it.
    RECEIVED = "received"
    #: Preflight passed; a Celery message is, or soon will be, under way.
    QUEUED = "queued"
    #: A worker holds the lease.
    EXPORTING = "exporting"
    #: Not before ``due_at``: a retry, a throttled agreement, or something awaited.
    WAITING = "waiting"
    #: Done: in the accounting system, declared so by a person, or left out on purpose; see ``Outcome``.
    EXPORTED = "exported"
    #: A dead letter: does not go on until a person has acted.
    DEAD = "dead"


class Outcome(StrEnum):
    """How an exported invoice ended."""

    BOOKED = "booked"
    DRAFTED = "drafted"
    VOUCHER = "voucher"
    BY_HAND = "by-hand"
    #: Not posted, as the exports file leaves its type out.
    EXCLUDED = "excluded"
    #: Not posted, as every amount is zero.
    NOTHING_TO_BOOK = "nothing-to-book"
    #: Not posted, as a person decided that it is to be in no books.
    DISCARDED = "discarded"


class Step(StrEnum):
    """A write to the accounting system that must happen once."""

    DRAFT = "draft"
    BOOK = "book"
    DISCARD = "discard"
    VOUCHER = "voucher"
    #: One of many posted by one call.
    BULK_VOUCHER = "bulk-voucher"
    ATTACH = "attach"
    BOOK_VOUCHER = "book-voucher"


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A write about to be sent, or sent without a known outcome: the frozen request."""

    #: ``Step`` of an invoice, or ``customer`` / ``product`` for shared creations.
    step: str
    #: HTTP method.
    method: str
    #: Path below the API's address.
    path: str
    #: The exact bytes to send, as text.
    body: str
    #: ``Idempotency-Key``.
    key: str
    #: When it was first about to be sent; seconds since the epoch, UTC.
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far the export of one invoice has come; at most one effect is in flight."""

    #: The customer's number in the accounting system.
    customer_number: int | None = None
    #: Rises when a lookup found nothing and a new create is allowed, so that the new request gets a new key.
    generation: int = 0
    intent: Intent | None = None
    #: Something of this invoice may be in the accounting system: look it up before anything else is done.
    lookup: bool = False
    #: Since when lookups have found neither draft nor booked invoice although a draft was known; 0 when not so.
    not_found_since: float = 0.0
    #: When a lookup of the export's own last found nothing, which allows a create; 0: only the preflight looked.
    looked_up_at: float = 0.0
    draft_number: int | None = None
    booked_number: int | None = None
    #: Net, VAT and gross as they were booked, where a tolerance let them differ from the source's.
    booked_amounts: tuple[str, ...] = ()
    #: Accounting year and number of the voucher in ``journal``, for example ``2026-17``.
    voucher: str | None = None
    journal: int | None = None
    attached: bool = False
    #: Found in the accounting system rather than posted by this record.
    adopted: bool = False
    #: What was done differently from the source, for the period's report: cuts, remarks, dates compared.
    remarks: tuple[str, ...] = ()
    #: The failure that a discarded draft leads to, kept while the draft is being deleted.
    pending_failure: Failure | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryEntry:
    """One thing that happened to an invoice."""

    #: Seconds since the epoch, UTC.
    at: float
    #: ``received``, ``claimed``, ``drafted``, ``retry``, ``dead``, ``requeued``, ...
    event: str
    #: Short and free of customer data: a reason code, a number, who did it.
    detail: str = ""


def task_of(history: Sequence[HistoryEntry]) -> str:
    """Return the id of the Celery task that last took an invoice; empty when none has, or the history does not say."""
    taken = (entry.detail for entry in reversed(history) if entry.event == "claimed")
    return next((detail.rpartition(", task ")[2] for detail in taken if ", task " in detail), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceRecord:
    """The one durable record of an invoice."""

    #: See ``worker.domain.identity.invoice_id_of``.
    id: str
    export: str
    #: Periods that this invoice belongs to; the first brought it here.
    periods: tuple[str, ...]
    invoice_number: int
    invoice_type: str
    region: str | None
    #: Canonical JSON of the invoice; see ``Invoice.content``.
    content: str
    content_hash: str
    state: State
    outcome: Outcome | None = None
    #: Attempts used up since the last (re-)queueing.
    attempts: int = 0
    #: Leases in a row that ran out before the execution came to an end: its worker was killed.
    crashes: int = 0
    #: Rises at every claim; a write with an older fence is refused.
    fence: int = 0
    #: Until when the holder's lease is valid; seconds since the epoch, UTC; 0 when not held.
    lease_until: float = 0.0
    #: Not before; seconds since the epoch, UTC; 0 when not waiting.
    due_at: float = 0.0
    #: When its Celery message was last published; 0 when none is under way.
    published_at: float = 0.0
    received_at: float = 0.0
    #: When a preflight last passed it, having looked it up; 0 before.
    passed_at: float = 0.0
    updated_at: float = 0.0
    #: Since when the store is known to have lost nothing of this export, as its claim said; 0: always. Not written.
    whole_since: float = field(default=0.0, compare=False)
    progress: Progress = field(default_factory=Progress)
    #: Why it waits or is dead; the last failure of an exported one is cleared.
    failure: Failure | None = None
    #: What is known of the PDF on what is booked; None: nothing was tried after the booking.
    pdf: PdfAttachment | None = None
    #: What is known of the matching of a credit note with its invoice; None: nothing was tried.
    credit: CreditMatch | None = None
    history: tuple[HistoryEntry, ...] = ()
    #: Its place in the archive; None: it is not archived.
    leaf: int | None = None

    def with_progress(self, **changes: Any) -> InvoiceRecord:
        """Return a copy whose progress has these fields changed."""
        return replace(self, progress=replace(self.progress, **changes))


@dataclass(frozen=True, kw_only=True, slots=True)
class Continue:
    """Keep the lease, extended; more steps follow."""

    event: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """Exported; the lease is released."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Back to the due set until ``until`` (seconds since the epoch, UTC); the lease is released."""

    until: float
    failure: Failure
    costs_attempt: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveToDeadLetters:
    """Dead letter; the lease is released."""

    failure: Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnToQueue:
    """Back to ``queued`` with nothing decided, as the export has been paused; the lease is released."""


Transition = Continue | Finish | Wait | MoveToDeadLetters | ReturnToQueue
