"""The invoice method: draft, compare to the øre, book."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import override

from worker.domain.reasons import failure
from worker.domain.record import Continue, Finish, Intent, MoveToDeadLetters, Outcome, Step
from worker.economic.mapping.answers import about_deleted
from worker.economic.mapping.customer_matching import contradicts_recipient
from worker.economic.mapping.documents import compare_totals, read_document
from worker.economic.mapping.master_data import Document
from worker.economic.port import Reply
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, OnHold, Refused
from worker.workflow import lookup
from worker.workflow.customer_proof import objection
from worker.workflow.execution import Action, Execution, next_invoice_step
from worker.workflow.requests import CreateRequest, booking_request, doubt_master_data, draft_request
from worker.workflow.turn import Method, about_the_key, codes, count_refusal, final_error, look_up_next, unproved


class InvoiceMethod(Method[Document]):
    """See ``Method``: what is found is a draft or a booked invoice."""

    @override
    def next_action(self, execution: Execution) -> Action:
        return next_invoice_step(
            execution.progress,
            execution.own,
            book=execution.context.export.booking.book,
            remembered_since=execution.context.remembered_since(),
            create_allowed_at=execution.create_allowed_at,
        )

    @override
    def request(self, execution: Execution) -> CreateRequest:
        return draft_request(execution)

    @override
    def accept(self, execution: Execution, intent: Intent, reply: Reply) -> None:
        """An answer about something else proves nothing: what it names is read by its number, or looked up."""
        document = _proved(execution, _document(intent, reply))
        if document is None:
            look_up_next(execution, f"{intent.step}-unreadable")
            if intent.step == Step.BOOK:
                raise unproved(f"draft {execution.progress.draft_number} is booked")
        elif document.booked:
            _finish_booked(execution, document, adopted=False)
        else:
            _accept_draft(execution, document, fresh=True)

    @override
    def remembered(self, execution: Execution, intent: Intent, reply: Reply) -> dict[str, Any]:
        document = _document(intent, reply)
        if document is None:
            return {}
        return {"booked_number" if document.booked else "draft_number": document.number}

    @override
    def find(self, execution: Execution) -> Document | None:
        return lookup.find_document(execution)

    @override
    def take_up(self, execution: Execution, found: Document) -> None:
        intent, refusal = execution.progress.intent, execution.refusal
        if found.booked:
            _finish_booked(execution, found, adopted=True)
        elif refusal and intent and intent.step == Step.BOOK:
            _give_up_booking(execution, found, refusal)
        else:
            generation = execution.progress.generation + 1
            execution.save(Continue(event="draft-found", detail=str(found.number)), generation=generation)
            _accept_draft(execution, found, adopted=True)

    @override
    def perform(self, execution: Execution, action: Action) -> None:
        _ACTIONS[action](execution)


def _document(intent: Intent, reply: Reply) -> Document | None:
    return read_document(reply.body, booked=intent.step == Step.BOOK)


def _proved(execution: Execution, answer: Document | None) -> Document | None:
    """Return the document of an answer that fits what was sent, else the one at its number if that is ours."""
    if answer is None or _as_requested(execution, answer):
        return answer
    economic = execution.context.economic
    itself = economic.booked(answer.number) if answer.booked else economic.draft(answer.number)
    return itself if itself and _named_as_ours(execution, itself) else None


def _as_requested(execution: Execution, document: Document) -> bool:
    """Whether an answer says all that was sent: booking another's draft could not be undone."""
    tolerance = execution.context.export.booking.tolerance
    return (
        document.located
        and _named_as_ours(execution, document)
        and execution.progress.customer_number in {None, document.customer}
        and document.date == execution.invoice.invoice_date.isoformat()
        and compare_totals(execution.invoice, document, tolerance) is None
    )


def _named_as_ours(execution: Execution, document: Document) -> bool:
    numbered = document.booked and execution.context.export.booking.numbers == "opter"
    right_number = not numbered or document.number == execution.invoice.invoice_number
    return right_number and lookup.is_ours(execution, document)


def _accept_draft(execution: Execution, draft: Document, *, adopted: bool = False, fresh: bool = False) -> None:
    """Book a draft that equals the source and is on the right account, discard one that does not.

    Whose number it is was proved before a ``fresh`` draft was created, and its answer names the recipient's company
    number: only if that is another debtor's is e-conomic asked. For a draft that was found it is always asked.
    """
    drafted = {"draft_number": draft.number, "lookup": False, "not_found_since": 0.0, "adopted": adopted}
    difference = compare_totals(execution.invoice, draft, execution.context.export.booking.tolerance)
    doubtful = not fresh or contradicts_recipient(execution.invoice.customer, draft.recipient_id)
    wrong = objection(execution, draft.customer) if doubtful and not difference else None
    if wrong:
        doubt_master_data(execution)
    if difference or wrong:
        event = Continue(event="totals-differ" if difference else "customer-differs", detail=str(draft.number))
        execution.save(event, intent=None, pending_failure=difference or wrong, **drafted)
    elif execution.context.export.booking.book:
        _intend_booking(execution, draft.number, drafted)
    else:
        if not adopted:
            execution.witness()
        execution.save(Finish(outcome=Outcome.DRAFTED, detail=str(draft.number)), intent=None, **drafted)


def _intend_booking(execution: Execution, draft_number: int, progress: Mapping[str, Any]) -> None:
    execution.intend(Step.BOOK, "/invoices/booked", booking_request(execution, draft_number), **progress)


def _book(execution: Execution) -> None:
    _intend_booking(execution, execution.progress.draft_number or 0, {})


def _check_draft(execution: Execution) -> None:
    """See whether the draft is still ours and unchanged: its number may be another's by now, booking is for ever."""
    draft = execution.context.economic.draft(execution.progress.draft_number or 0)
    if draft and lookup.is_ours(execution, draft):
        _accept_draft(execution, draft, adopted=execution.progress.adopted)
    else:
        look_up_next(execution, "draft-gone")


def _finish_booked(execution: Execution, document: Document, *, adopted: bool) -> None:
    """Finish with an invoice that is booked, if it is the source to the øre. Raises ``Rejected`` if it is not."""
    if not adopted:
        execution.witness()
    lookup.check_booked(execution, document)
    lookup.note_changes(execution, document)
    execution.save(
        Finish(outcome=Outcome.BOOKED, detail=f"{'found ' * adopted}booked as {document.number}"),
        booked_number=document.number,
        customer_number=document.customer,
        booked_amounts=lookup.booked_amounts(execution, document),
        adopted=adopted,
        intent=None,
        lookup=False,
        pending_failure=None,
    )


def _give_up_booking(execution: Execution, draft: Document, refusal: Refused) -> None:
    """The booking was refused and the draft is still there: wait for the books to be opened, or discard it."""
    event = Continue(event="booking-refused", detail=codes(refusal))
    progress = {"intent": None, "draft_number": draft.number, "generation": execution.progress.generation + 1}
    error = final_error(execution, refusal)
    if isinstance(error, OnHold):
        execution.save(event, lookup=True, **progress)
        raise error
    reason = _why_not_booked(execution, refusal, draft.customer) if error is refusal else error.failure
    execution.save(event, lookup=False, pending_failure=reason, **progress)


def _why_not_booked(execution: Execution, refusal: Refused, customer: int) -> Failure:
    """Name the customer, the holder of the number, or the total of zero: e-conomic's codes are not documented."""
    wrong = objection(execution, customer)
    if wrong:
        doubt_master_data(execution)
        return replace(wrong, remote_message=refusal.failure.remote_message, log_id=refusal.failure.log_id)
    if execution.context.export.booking.numbers != "opter":
        return _maybe_zero(execution, refusal)
    holder = execution.context.economic.booked(execution.invoice.invoice_number)
    if holder is None:
        return _maybe_zero(execution, refusal)
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


def _maybe_zero(execution: Execution, refusal: Refused) -> Failure:
    """Point a refused invoice of zero at its setting, unless e-conomic named another cause that is known."""
    said = refusal.failure
    if execution.invoice.gross or said.reason != EconomicReason.REFUSED_BY_ECONOMIC:
        return said
    return failure(
        EconomicReason.ZERO_REFUSED,
        f"The total of invoice {execution.invoice.invoice_number} is zero. {said.description}",
        field="gross",
        value=str(execution.invoice.gross),
        remote_message=said.remote_message,
        log_id=said.log_id,
    )


def _discard(execution: Execution) -> None:
    """Delete our draft, and only ours: draft numbers are used again, so it is read first, every time."""
    number = execution.progress.draft_number or 0
    draft = execution.context.economic.draft(number)
    if draft and lookup.is_ours(execution, draft) and not _deleted(execution, draft.number):
        execution.save(Continue(event="discard-remembered"), generation=execution.progress.generation + 1)
    else:
        execution.save(Continue(event="draft-discarded", detail=str(number)), draft_number=None)


def _deleted(execution: Execution, number: int) -> bool:
    """Delete a draft; False when e-conomic's answer is about an earlier use of the key: this draft is still there.

    Raises ``Uncertain`` when the answer says nothing of a deletion and the draft is still there.
    """
    try:
        reply = execution.delete(f"/invoices/drafts/{number}")
    except Refused as refusal:
        count_refusal(execution, refusal)
        if about_the_key(refusal):
            return False
        raise
    if reply.replayed or about_deleted(reply.status, reply.body):
        return not reply.replayed
    draft = execution.context.economic.draft(number)
    if draft and lookup.is_ours(execution, draft):
        raise unproved(f"draft {number} was deleted")
    return True


def _move_to_dead_letters(execution: Execution) -> None:
    pending_failure = execution.progress.pending_failure
    if pending_failure is None:
        raise LookupError("there is no failure to move the invoice to the dead letters with")
    generation = execution.progress.generation + 1
    execution.save(MoveToDeadLetters(failure=pending_failure), pending_failure=None, generation=generation)


def _finish(execution: Execution) -> None:
    outcome = Outcome.BOOKED if execution.progress.booked_number else Outcome.DRAFTED
    execution.save(Finish(outcome=outcome))


_ACTIONS = {
    Action.CHECK_DRAFT: _check_draft,
    Action.BOOK: _book,
    Action.DISCARD: _discard,
    Action.MOVE_TO_DEAD_LETTERS: _move_to_dead_letters,
    Action.FINISH: _finish,
}
