"""The invoice method: draft, compare to the øre, book. One turn does one thing and records it."""

from collections.abc import Mapping
from typing import Any

from worker.domain.reasons import failure
from worker.domain.record import Continue, Finish, Intent, MoveToDeadLetters, Outcome, Step
from worker.economic.mapping.documents import compare_totals, read_document
from worker.economic.mapping.master_data import Document
from worker.economic.port import Reply
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, OnHold, Refused, Uncertain
from worker.workflow import lookup, refusal_policy
from worker.workflow.customer_update import refresh_customer
from worker.workflow.execution import Execution
from worker.workflow.next_step import Action, next_step
from worker.workflow.requests import booking_request, doubt_master_data, draft_request


def advance(execution: Execution) -> None:
    """Do the next thing. Raises ``ExportError`` when it does not go through, and ``LeaseLost``."""
    book = execution.context.export.booking.book
    create_allowed_at = max(execution.record.passed_at, execution.progress.looked_up_at)
    now, key_memory = execution.context.clock(), execution.context.key_memory
    todo = next_step(execution.progress, book=book, now=now, key_memory=key_memory, create_allowed_at=create_allowed_at)
    _TURNS[todo](execution)


def _draft(execution: Execution) -> None:
    request = draft_request(execution)
    refusal_policy.check_worth_repeating(execution, request.body)
    refresh_customer(execution, request.customer_number)
    execution.intend(
        Step.DRAFT,
        "/invoices/drafts",
        request.body,
        customer_number=request.customer_number,
        remarks=request.remarks,
    )


def _send(execution: Execution) -> None:
    intent = execution.progress.intent
    if intent is None:
        raise LookupError("there is no recorded write to send")
    if intent.step == Step.BOOK and intent != execution.own:
        _resume_booking(execution)
        return
    try:
        reply = execution.send(intent)
    except Refused as refusal:
        _refused(execution, intent, refusal)
    except Uncertain as doubt:
        if not doubt.replayed:
            raise
        execution.save(Continue(event=f"{intent.step}-failure-remembered"), lookup=True)
    else:
        _accepted(execution, intent, reply)


def _resume_booking(execution: Execution) -> None:
    """See whether the draft is still ours and unchanged: its number may be another's by now, booking is for ever."""
    draft = execution.context.economic.draft(execution.progress.draft_number or 0)
    if draft and draft.document_reference == execution.record.id:
        _accept_draft(execution, draft, adopted=execution.progress.adopted)
    else:
        execution.save(Continue(event="draft-gone"), lookup=True)


def _accepted(execution: Execution, intent: Intent, reply: Reply) -> None:
    """A success that e-conomic remembers, or one about something else, proves nothing of what is there now: look."""
    document = read_document(reply.body, booked=intent.step == Step.BOOK)
    if document is None or reply.replayed or not _as_asked(execution, document):
        drafted = {"draft_number": document.number} if document and not document.booked and reply.replayed else {}
        execution.save(Continue(event=f"{intent.step}-remembered"), lookup=True, **drafted)
    elif document.booked:
        lookup.adopt_booked(execution, document, adopted=False)
    else:
        _accept_draft(execution, document)


def _as_asked(execution: Execution, document: Document) -> bool:
    """Whether an answer is about what was sent, as far as it tells: booking another's draft could not be undone."""
    ours = document.document_reference in {"", execution.record.id}
    numbered = document.booked and execution.context.export.booking.numbers == "opter"
    return ours and (not numbered or document.number == execution.invoice.invoice_number)


def _accept_draft(execution: Execution, document: Document, *, adopted: bool = False) -> None:
    """Book a draft that equals the source, discard one that does not."""
    settled = {"draft_number": document.number, "lookup": False, "not_found_since": 0.0, "adopted": adopted}
    difference = compare_totals(execution.invoice, document, execution.context.export.booking.tolerance)
    if difference:
        execution.save(
            Continue(event="totals-differ", detail=str(document.number)),
            intent=None,
            pending_failure=difference,
            **settled,
        )
    elif execution.context.export.booking.book:
        _intend_booking(execution, document.number, settled)
    else:
        execution.save(Finish(outcome=Outcome.DRAFTED, detail=str(document.number)), intent=None, **settled)


def _book(execution: Execution) -> None:
    _intend_booking(execution, execution.progress.draft_number or 0, {})


def _intend_booking(execution: Execution, draft_number: int, settled: Mapping[str, Any]) -> None:
    execution.intend(Step.BOOK, "/invoices/booked", booking_request(execution, draft_number), **settled)


def _refused(execution: Execution, intent: Intent, refusal: Refused) -> None:
    """What e-conomic remembers of a key is left behind; what may have been done all the same is looked into."""
    refusal_policy.count(execution, refusal)
    if intent.step == Step.BOOK or refusal_policy.may_have_done(execution, intent, refusal):
        execution.save(Continue(event=f"{intent.step}-refused", detail=refusal_policy.codes(refusal)), lookup=True)
    else:
        doubt_master_data(execution)
        execution.save(
            Continue(event=f"{intent.step}-refused", detail=refusal_policy.codes(refusal)),
            intent=None,
            generation=execution.progress.generation + 1,
        )
    if refusal_policy.about_the_key(refusal):
        execution.refusal = None


def _look(execution: Execution) -> None:
    document = lookup.find(execution)
    if document is None:
        lookup.allow_create(execution)
    elif document.booked:
        lookup.adopt_booked(execution, document, adopted=True)
    elif execution.refusal and execution.progress.intent and execution.progress.intent.step == Step.BOOK:
        _booking_refused(execution, document, execution.refusal)
    else:
        execution.save(
            Continue(event="draft-found", detail=str(document.number)), generation=execution.progress.generation + 1
        )
        _accept_draft(execution, document, adopted=True)


def _booking_refused(execution: Execution, draft: Document, refusal: Refused) -> None:
    told = Continue(event="booking-refused", detail=refusal_policy.codes(refusal))
    settled = {"intent": None, "draft_number": draft.number, "generation": execution.progress.generation + 1}
    pending_failure = refusal_policy.final_error(execution, refusal)
    if isinstance(pending_failure, OnHold):
        execution.save(told, lookup=True, **settled)
        raise pending_failure
    reason = _why_not_booked(execution, refusal) if pending_failure is refusal else pending_failure.failure
    execution.save(told, lookup=False, pending_failure=reason, **settled)


def _why_not_booked(execution: Execution, refusal: Refused) -> Failure:
    """Name the holder of the number, when that is the cause: e-conomic's code for it is not documented."""
    if execution.context.export.booking.numbers != "opter":
        return refusal.failure
    holder = execution.context.economic.booked(execution.invoice.invoice_number)
    if holder is None:
        return refusal.failure
    number = str(execution.invoice.invoice_number)
    text = (
        f"Number {number} is taken in e-conomic by an invoice of {holder.date} over {holder.gross} {holder.currency}."
    )
    said = refusal.failure
    return failure(
        EconomicReason.NUMBER_TAKEN,
        text,
        field="invoiceNumber",
        value=number,
        remote_message=said.remote_message,
        log_id=said.log_id,
    )


def _discard(execution: Execution) -> None:
    """Delete our draft, and only ours: draft numbers are used again, so it is read first, every time."""
    number = execution.progress.draft_number or 0
    draft = execution.context.economic.draft(number)
    if draft and draft.document_reference == execution.record.id and not _deleted(execution, draft.number):
        execution.save(Continue(event="discard-remembered"), generation=execution.progress.generation + 1)
    else:
        execution.save(Continue(event="draft-discarded", detail=str(number)), draft_number=None)


def _deleted(execution: Execution, number: int) -> bool:
    """Delete a draft; False when e-conomic's answer is about an earlier use of the key: this draft is still there."""
    try:
        return not execution.delete(f"/invoices/drafts/{number}").replayed
    except Refused as refusal:
        refusal_policy.count(execution, refusal)
        if refusal_policy.about_the_key(refusal):
            return False
        raise


def _move_to_dead_letters(execution: Execution) -> None:
    pending_failure = execution.progress.pending_failure
    if pending_failure is None:
        raise LookupError("there is no pending_failure to bury the invoice with")
    execution.save(
        MoveToDeadLetters(failure=pending_failure), pending_failure=None, generation=execution.progress.generation + 1
    )


def _finish(execution: Execution) -> None:
    outcome = Outcome.BOOKED if execution.progress.booked_number else Outcome.DRAFTED
    execution.save(Finish(outcome=outcome))


_TURNS = {
    Action.LOOK_UP: _look,
    Action.SEND: _send,
    Action.DRAFT: _draft,
    Action.BOOK: _book,
    Action.DISCARD: _discard,
    Action.MOVE_TO_DEAD_LETTERS: _move_to_dead_letters,
    Action.FINISH: _finish,
}
