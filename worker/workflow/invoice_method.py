"""The invoice method: draft, compare to the øre, book. One turn does one thing and records it."""

from collections.abc import Mapping
from typing import Any

from worker.domain.reasons import failure
from worker.domain.record import Bury, Continue, Finish, Intent, Outcome, Step
from worker.economic.mapping.documents import compare_totals, read_document
from worker.economic.mapping.master_data import Document
from worker.economic.port import Reply
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, Held, Refused, Uncertain
from worker.workflow import lookup, refusal_policy
from worker.workflow.customer_update import refresh_customer
from worker.workflow.execution import Job
from worker.workflow.next_step import Todo, next_step
from worker.workflow.requests import booking_request, doubt_reference_data, draft_request


def advance(job: Job) -> None:
    """Do the next thing. Raises ``ExportError`` when it does not go through, and ``LeaseLost``."""
    book = job.desk.export.booking.book
    licensed_at = max(job.record.passed_at, job.progress.looked_at)
    now, key_memory = job.desk.clock(), job.desk.key_memory
    todo = next_step(job.progress, book=book, now=now, key_memory=key_memory, licensed_at=licensed_at)
    _TURNS[todo](job)


def _draft(job: Job) -> None:
    request = draft_request(job)
    refusal_policy.check_worth_repeating(job, request.body)
    refresh_customer(job, request.customer_number)
    job.intend(
        Step.DRAFT,
        "/invoices/drafts",
        request.body,
        customer_number=request.customer_number,
        remarks=request.remarks,
    )


def _send(job: Job) -> None:
    intent = job.progress.intent
    if intent is None:
        raise LookupError("there is no recorded write to send")
    if intent.step == Step.BOOK and intent != job.own:
        _resume_booking(job)
        return
    try:
        reply = job.send(intent)
    except Refused as refusal:
        _refused(job, intent, refusal)
    except Uncertain as doubt:
        if not doubt.replayed:
            raise
        job.save(Continue(event=f"{intent.step}-failure-remembered"), look=True)
    else:
        _accepted(job, intent, reply)


def _resume_booking(job: Job) -> None:
    """See whether the draft is still ours and unchanged: its number may be another's by now, booking is for ever."""
    draft = job.desk.economic.draft(job.progress.draft_number or 0)
    if draft and draft.reference == job.record.id:
        _accept_draft(job, draft, adopted=job.progress.adopted)
    else:
        job.save(Continue(event="draft-gone"), look=True)


def _accepted(job: Job, intent: Intent, reply: Reply) -> None:
    """A success that e-conomic remembers, or one about something else, proves nothing of what is there now: look."""
    document = read_document(reply.body, booked=intent.step == Step.BOOK)
    if document is None or reply.replayed or not _as_asked(job, document):
        drafted = {"draft_number": document.number} if document and not document.booked and reply.replayed else {}
        job.save(Continue(event=f"{intent.step}-remembered"), look=True, **drafted)
    elif document.booked:
        lookup.adopt_booked(job, document, adopted=False)
    else:
        _accept_draft(job, document)


def _as_asked(job: Job, document: Document) -> bool:
    """Whether an answer is about what was sent, as far as it tells: booking another's draft could not be undone."""
    ours = document.reference in {"", job.record.id}
    numbered = document.booked and job.desk.export.booking.numbers == "opter"
    return ours and (not numbered or document.number == job.invoice.invoice_number)


def _accept_draft(job: Job, document: Document, *, adopted: bool = False) -> None:
    """Book a draft that equals the source, discard one that does not."""
    settled = {"draft_number": document.number, "look": False, "missing_since": 0.0, "adopted": adopted}
    difference = compare_totals(job.invoice, document, job.desk.export.booking.tolerance)
    if difference:
        job.save(
            Continue(event="totals-differ", detail=str(document.number)), intent=None, verdict=difference, **settled
        )
    elif job.desk.export.booking.book:
        _intend_booking(job, document.number, settled)
    else:
        job.save(Finish(outcome=Outcome.DRAFTED, detail=str(document.number)), intent=None, **settled)


def _book(job: Job) -> None:
    _intend_booking(job, job.progress.draft_number or 0, {})


def _intend_booking(job: Job, draft_number: int, settled: Mapping[str, Any]) -> None:
    job.intend(Step.BOOK, "/invoices/booked", booking_request(job, draft_number), **settled)


def _refused(job: Job, intent: Intent, refusal: Refused) -> None:
    """What e-conomic remembers of a key is left behind; what may have been done all the same is looked into."""
    refusal_policy.count(job, refusal)
    if intent.step == Step.BOOK or refusal_policy.may_have_done(job, intent, refusal):
        job.save(Continue(event=f"{intent.step}-refused", detail=refusal_policy.codes(refusal)), look=True)
    else:
        doubt_reference_data(job)
        job.save(
            Continue(event=f"{intent.step}-refused", detail=refusal_policy.codes(refusal)),
            intent=None,
            generation=job.progress.generation + 1,
        )
    if refusal_policy.about_the_key(refusal):
        job.refusal = None


def _look(job: Job) -> None:
    document = lookup.find(job)
    if document is None:
        lookup.nothing_found(job)
    elif document.booked:
        lookup.adopt_booked(job, document, adopted=True)
    elif job.refusal and job.progress.intent and job.progress.intent.step == Step.BOOK:
        _booking_refused(job, document, job.refusal)
    else:
        job.save(Continue(event="draft-found", detail=str(document.number)), generation=job.progress.generation + 1)
        _accept_draft(job, document, adopted=True)


def _booking_refused(job: Job, draft: Document, refusal: Refused) -> None:
    told = Continue(event="booking-refused", detail=refusal_policy.codes(refusal))
    settled = {"intent": None, "draft_number": draft.number, "generation": job.progress.generation + 1}
    verdict = refusal_policy.verdict(job, refusal)
    if isinstance(verdict, Held):
        job.save(told, look=True, **settled)
        raise verdict
    reason = _why_not_booked(job, refusal) if verdict is refusal else verdict.failure
    job.save(told, look=False, verdict=reason, **settled)


def _why_not_booked(job: Job, refusal: Refused) -> Failure:
    """Name the holder of the number, when that is the cause: e-conomic's code for it is not documented."""
    if job.desk.export.booking.numbers != "opter":
        return refusal.failure
    holder = job.desk.economic.booked(job.invoice.invoice_number)
    if holder is None:
        return refusal.failure
    number = str(job.invoice.invoice_number)
    text = (
        f"Number {number} is taken in e-conomic by an invoice of {holder.date} over {holder.gross} {holder.currency}."
    )
    said = refusal.failure
    return failure(
        EconomicReason.NUMBER_TAKEN,
        text,
        field="invoiceNumber",
        value=number,
        economic_message=said.economic_message,
        log_id=said.log_id,
    )


def _discard(job: Job) -> None:
    """Delete our draft, and only ours: draft numbers are used again, so it is read first, every time."""
    number = job.progress.draft_number or 0
    draft = job.desk.economic.draft(number)
    if draft and draft.reference == job.record.id and not _deleted(job, draft.number):
        job.save(Continue(event="discard-remembered"), generation=job.progress.generation + 1)
    else:
        job.save(Continue(event="draft-discarded", detail=str(number)), draft_number=None)


def _deleted(job: Job, number: int) -> bool:
    """Delete a draft; False when e-conomic's answer is about an earlier use of the key: this draft is still there."""
    try:
        return not job.delete(f"/invoices/drafts/{number}").replayed
    except Refused as refusal:
        refusal_policy.count(job, refusal)
        if refusal_policy.about_the_key(refusal):
            return False
        raise


def _bury(job: Job) -> None:
    verdict = job.progress.verdict
    if verdict is None:
        raise LookupError("there is no verdict to bury the invoice with")
    job.save(Bury(failure=verdict), verdict=None, generation=job.progress.generation + 1)


def _finish(job: Job) -> None:
    outcome = Outcome.BOOKED if job.progress.booked_number else Outcome.DRAFTED
    job.save(Finish(outcome=outcome))


_TURNS = {
    Todo.LOOK: _look,
    Todo.SEND: _send,
    Todo.DRAFT: _draft,
    Todo.BOOK: _book,
    Todo.DISCARD: _discard,
    Todo.BURY: _bury,
    Todo.FINISH: _finish,
}
