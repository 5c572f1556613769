"""One execution of one invoice: the record under lease, what was learnt since the claim, and what comes next.

What comes next is decided from the record's progress alone, by either method.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any

from worker.domain.identity import idempotency_key
from worker.domain.invoice import Invoice
from worker.domain.reasons import ProcessReason
from worker.domain.record import Continue, Intent, InvoiceRecord, Progress, Step, Transition
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.port import Reply
from worker.errors import Refused
from worker.workflow.context import ExportContext


class Execution:
    """Gathers and writes; what to do next is decided from ``progress``."""

    def __init__(self, record: InvoiceRecord, context: ExportContext) -> None:
        self.record = record
        self.context = context
        #: The last refusal of this execution, and the body that it refused.
        self.refusal: Refused | None = None
        self.refused_body = ""
        self.refusals = 0
        #: The write that this very execution has recorded; any other was left by an earlier one.
        self.own: Intent | None = None
        #: Our voucher, as this execution last saw it.
        self.found: VoucherFound | None = None
        #: The PDF to attach, and what to remark about it; None: not fetched yet in this execution.
        self.pdf: bytes | None = None
        self.pdf_remarks: tuple[str, ...] | None = None
        #: The customer's VAT zone in e-conomic, where the rules' zone does not give the lines' VAT.
        self.own_zone: int | None = None
        #: Whether it has been found to be this invoice's turn.
        self.eligible = False
        #: Remarks of this execution, written with whatever is saved next.
        self.noted: list[str] = []
        #: What became of a write whose outcome nobody knew: ``open`` (left by an earlier execution, or not known yet),
        #: ``found``, ``replayed``, ``sent-again``, ``created`` after fruitless lookups; empty: there was none.
        self.uncertain = "open" if record.progress.intent or _outcome_unknown(record) else ""
        #: Whether the journal was seen to be without it, where a call for many may have posted it.
        self.looked_first = False
        #: When what a lookup went by was read, where that was before it; seconds since the epoch, UTC.
        self.read_at: float | None = None
        #: Master data read before this time are read again before they are used; seconds since the epoch, UTC.
        self.fresh_since: float | None = None

    @cached_property
    def invoice(self) -> Invoice:
        """The source's invoice, parsed once; an unreadable record becomes this execution's failure, not the task's."""
        return Invoice.model_validate_json(self.record.content)

    @property
    def progress(self) -> Progress:
        """How far this invoice has come."""
        return self.record.progress

    @property
    def create_allowed_at(self) -> float:
        """When a lookup, the preflight's or our own, last found nothing; seconds since the epoch, UTC."""
        looked_up_at = self.progress.looked_up_at
        if self.young:
            return looked_up_at if looked_up_at > self.record.whole_since else 0.0
        return max(self.record.passed_at, looked_up_at)

    @property
    def young(self) -> bool:
        """Whether more may have been sent than the store knows: it was empty, or has lost writes, a short time ago."""
        since = self.record.whole_since
        return self.context.clock() - since < self.context.young_for if since else False

    @property
    def looked_up_by_preflight(self) -> float:
        """From when on a lookup of our own has to be apart to be believed, in a young store; 0: one is enough.

        That is when the preflight found nothing, or later, when the store lost writes: what it has forgotten was
        created before that, so that only the time for which listings lag behind counts, not who looked before.
        """
        progress = self.progress
        if not self.young or progress.lookup or progress.intent or progress.looked_up_at > self.record.whole_since:
            return 0.0
        return max(self.record.passed_at, self.record.whole_since)

    @property
    def not_found_since(self) -> float:
        """As above, after a first lookup of our own; 0: there was none."""
        since = self.progress.not_found_since
        return max(since, self.record.whole_since) if since and self.young else since

    def witness(self) -> None:
        """Let other lookups see by this document, of which e-conomic has just said that it exists, how far it lags."""
        self.context.listing_lag.created(self.record.id, self.context.clock())

    def end_doubt(self, how: str) -> None:
        """Note how a write of unknown outcome has ended, if there was one."""
        if self.uncertain == "open":
            self.uncertain = how

    def note(self, remark: str) -> None:
        """Have a remark of this execution written with whatever is saved next."""
        self.noted.append(remark)

    def announce(self, step: str, remarks: Sequence[str]) -> None:
        """Write remarks before the effect that they are about, so that they outlive a worker that dies after it."""
        new = [remark for remark in remarks if remark not in self.progress.remarks]
        if new:
            self.noted += new
            self.save(Continue(event=f"{step}-intended"))

    def withdraw(self, remarks: Sequence[str]) -> None:
        """Take back remarks on an effect that was refused; written with whatever is saved next."""
        kept = tuple(remark for remark in self.progress.remarks if remark not in remarks)
        self.noted = [remark for remark in self.noted if remark not in remarks]
        self.record = self.record.with_progress(remarks=kept)

    def save(self, transition: Transition, **progress: Any) -> None:
        """Write changed progress and the transition. Raises ``LeaseLost`` and ``StoreUnavailable``."""
        if self.noted:
            remarks = progress.get("remarks", self.progress.remarks)
            progress["remarks"] = tuple(dict.fromkeys((*remarks, *self.noted)))
        self.record = self.context.store.save(self.record.with_progress(**progress), transition)

    def intend(self, step: Step, path: str, body: str, *, key: str = "", **progress: Any) -> None:
        """Record a write that is about to be sent, frozen to the byte, before it is sent.

        ``key`` is that of a call for many.
        """
        key = key or self.key(step, progress.get("generation", self.progress.generation))
        intent = Intent(step=step, method="POST", path=path, body=body, key=key, at=self.context.clock())
        self.save(Continue(event=f"{step}-intended"), intent=intent, **progress)
        self.own = intent

    def send(self, intent: Intent) -> Reply:
        """Send the recorded write. Raises what ``Economic.send`` raises; a refusal is kept for the next lookup."""
        call = self._attach if intent.step == Step.ATTACH else self.context.economic.send
        return self._keeping_refusals(intent, call)

    def delete(self, path: str) -> Reply:
        """Delete what is ours; needs no recorded intent, as every execution looks before it deletes."""
        key = self.key(Step.DISCARD, self.progress.generation)
        return self.context.economic.send(
            Intent(step=Step.DISCARD, method="DELETE", path=path, body="", key=key, at=self.context.clock())
        )

    def _attach(self, intent: Intent) -> Reply:
        """Upload the PDF to the voucher that the record knows; the intent holds the hash of the file."""
        journal, voucher = self.progress.journal, self.progress.voucher
        if self.pdf is None or journal is None or voucher is None:
            raise LookupError("there is no file to attach, or nothing to attach it to")
        return self.context.economic.attach(journal, voucher, self.pdf, key=intent.key)

    def _keeping_refusals(self, intent: Intent, call: Callable[[Intent], Reply]) -> Reply:
        try:
            reply = call(intent)
        except Refused as refusal:
            self.refusal, self.refused_body = refusal, intent.body
            raise
        self.refusal = None
        return reply

    def key(self, step: str, generation: int) -> str:
        """Return the key of a write of this invoice."""
        return idempotency_key(f"{self.context.environment}-{self._agreement}", self.record.id, step, generation)

    @cached_property
    def _agreement(self) -> int:
        return self.context.economic.master_data(frozenset()).agreement


def _outcome_unknown(record: InvoiceRecord) -> bool:
    return record.failure is not None and record.failure.reason == ProcessReason.OUTCOME_UNKNOWN


class Action(StrEnum):
    """One turn of an export; each turn does one thing and records it."""

    #: Find out what is in e-conomic under our reference before anything else is done.
    LOOK_UP = "lookup"
    #: Send the recorded write, for the first time or again under the same key.
    SEND = "send"
    #: Gather everything and record the write that creates the draft or voucher.
    CREATE = "create"
    #: Invoice method: an earlier execution may have sent this booking, so see first whether the draft is still ours.
    CHECK_DRAFT = "check-draft"
    #: Invoice method: record the booking of a draft that equals its source.
    BOOK = "book"
    #: Invoice method: delete the draft that differs from its source, or cannot be booked.
    DISCARD = "discard"
    #: Invoice method: the draft is gone, and the pending failure goes to the dead letters.
    MOVE_TO_DEAD_LETTERS = "dead-letter"
    FINISH = "finish"
    #: Voucher method: the time in which a create is allowed has ended; see once more that nothing is there.
    RENEW = "renew"
    #: Voucher method with calls for many: see that none has posted it of which the store has lost what it wrote.
    LOOK_FIRST = "look-first"


def next_invoice_step(
    progress: Progress, own: Intent | None, *, book: bool, remembered_since: float, create_allowed_at: float
) -> Action:
    """Decide the next turn of the invoice method; ``own`` is the write that this very execution has recorded.

    A recorded write is sent under its key while e-conomic remembers keys (those used after ``remembered_since``, less
    than an hour ago); past that the same key would be executed again, so only a lookup can tell what came of it. For
    the same reason the permission to create (given at ``create_allowed_at``) ends: a store that was restored to an
    older state, or has lost its last second, may not know of a create. Within the memory the key prevents a second
    one, past it only a lookup does. All times in seconds since the epoch, UTC.
    """
    if progress.lookup:
        return Action.LOOK_UP
    if progress.intent:
        return _send_or_look_up(progress.intent, own, remembered_since)
    action = _without_intent(progress, book=book)
    return Action.LOOK_UP if action is Action.CREATE and create_allowed_at <= remembered_since else action


def _send_or_look_up(intent: Intent, own: Intent | None, remembered_since: float) -> Action:
    """Draft numbers are used again and a booking is for ever: one that an earlier execution left begins with a look."""
    if intent.step == Step.BOOK and intent != own and intent.at > remembered_since:
        return Action.CHECK_DRAFT
    return Action.SEND if intent.at > remembered_since else Action.LOOK_UP


def _without_intent(progress: Progress, *, book: bool) -> Action:
    if progress.booked_number:
        return Action.FINISH
    if progress.pending_failure:
        return Action.DISCARD if progress.draft_number else Action.MOVE_TO_DEAD_LETTERS
    if not progress.draft_number:
        return Action.CREATE
    return Action.BOOK if book else Action.FINISH


def next_voucher_step(
    progress: Progress, own: Intent | None, *, remembered_since: float, create_allowed_at: float
) -> Action:
    """Decide the next turn of the voucher method; see ``next_invoice_step``.

    What follows a posting names the voucher by its number, and a bookkeeper may have moved it to another: what an
    earlier execution left there begins with a lookup. So does a posting of many by one call: it is sent once.
    """
    intent = progress.intent
    if progress.lookup:
        return Action.LOOK_UP
    if intent is not None:
        if intent.step == Step.BULK_VOUCHER:
            return Action.LOOK_UP
        remembered = intent.step == Step.VOUCHER and intent.at > remembered_since
        return Action.SEND if intent == own or remembered else Action.LOOK_UP
    if progress.voucher:
        return Action.LOOK_UP
    return Action.CREATE if create_allowed_at > remembered_since else Action.RENEW
