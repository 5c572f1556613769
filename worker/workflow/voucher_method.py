"""The voucher method: post, compare to the øre, attach the PDF, book if wanted. Each turn is recorded."""

from dataclasses import replace
from typing import Any

from worker.domain.reasons import failure
from worker.domain.record import Continue, Finish, Intent, Outcome, Step
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.port import Reply
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, Refused, Rejected, Unavailable, Uncertain
from worker.workflow import lookup, refusal_policy, voucher_lookup
from worker.workflow.customer_update import refresh_customer
from worker.workflow.execution import Execution
from worker.workflow.next_step import VoucherAction, next_voucher_step
from worker.workflow.requests import (
    attachment_request,
    checked_master_data,
    doubt_master_data,
    fetch_pdf,
    voucher_booking_request,
    voucher_request,
)

_NOT_FOUND = 404
#: Seconds until a voucher that was just posted can be read (integrators wait 1.5 s, several times).
_READ_LAG = 3.0


def advance(execution: Execution) -> None:
    """Do the next thing. Raises ``ExportError`` when it does not go through, and ``LeaseLost``."""
    create_allowed_at = max(execution.record.passed_at, execution.progress.looked_up_at)
    now, key_memory = execution.context.clock(), execution.context.key_memory
    todo = next_voucher_step(
        execution.progress, execution.own, now=now, key_memory=key_memory, create_allowed_at=create_allowed_at
    )
    _TURNS[todo](execution)


def _post(execution: Execution) -> None:
    request = voucher_request(execution)
    refusal_policy.check_worth_repeating(execution, request.body)
    refresh_customer(execution, request.customer_number)
    execution.intend(
        Step.VOUCHER, request.path, request.body, customer_number=request.customer_number, remarks=request.remarks
    )


def _send(execution: Execution) -> None:
    intent = execution.progress.intent
    if intent is None:
        raise LookupError("there is no recorded write to send")
    try:
        reply = execution.attach(intent) if intent.step == Step.ATTACH else execution.send(intent)
    except Refused as refusal:
        _REFUSED[Step(intent.step)](execution, intent, refusal)
        if refusal_policy.about_the_key(refusal):
            execution.refusal = None
    except Uncertain as doubt:
        if not doubt.replayed:
            raise
        _look_next(execution, f"{intent.step}-failure-remembered")
    else:
        _accepted(execution, Step(intent.step), reply)


def _accepted(execution: Execution, step: Step, reply: Reply) -> None:
    """A success that e-conomic remembers proves that it was done once, not that it is still there: look."""
    if reply.replayed:
        _look_next(execution, f"{step}-remembered")
    elif step is Step.VOUCHER:
        _posted(execution, reply)
    elif step is Step.ATTACH:
        _go_on(execution, _seen(execution), attached=True)
    else:
        _finish(execution, _seen(execution), booked=True)


def _posted(execution: Execution, reply: Reply) -> None:
    """Entries of one date make one voucher (inferred); an answer that tells anything else is settled by a look."""
    found = [one for one in execution.context.economic.posted(reply) if one.document_reference == execution.record.id]
    if len(found) == 1:
        _accept_voucher(execution, found[0], attached=False, adopted=False)
    else:
        _look_next(execution, "voucher-unreadable")


def _look(execution: Execution) -> None:
    found = voucher_lookup.find(execution)
    if found is None:
        lookup.allow_create(execution)
    else:
        _take_up(execution, found)


def _renew(execution: Execution) -> None:
    """The license to post has run out. What cannot be posted yet is told, or held, without a look."""
    checked_master_data(execution)
    seen = execution.context.voucher_scans.recent(
        execution.context.economic, execution.invoice.invoice_date, execution.context.clock()
    )
    found = voucher_lookup.the_one(execution, seen.of(execution.record.id))
    if found is None:
        execution.save(Continue(event="create-allowed"), looked_up_at=seen.at)
    else:
        _take_up(execution, found)


def _take_up(execution: Execution, found: VoucherFound) -> None:
    """Go on with a voucher that was found: what comes next gets a new key, as its address may be another by now."""
    if (
        execution.refusal
        and not found.booked
        and execution.progress.intent
        and execution.progress.intent.step == Step.BOOK_VOUCHER
    ):
        raise refusal_policy.final_error(execution, execution.refusal)
    progress = execution.progress
    # Nothing under way: it was posted before, by this record (and goes again) or by another.
    generation, adopted = progress.generation + 1, progress.adopted or not (progress.voucher and progress.intent)
    attached = execution.progress.attached or _has_attachment(execution, found)
    _accept_voucher(execution, found, attached=attached, adopted=adopted, generation=generation)


def _has_attachment(execution: Execution, found: VoucherFound) -> bool:
    if found.journal is None:
        return False
    return execution.context.economic.attachment(found.journal, _key(found)) is not None


def _accept_voucher(
    execution: Execution, found: VoucherFound, *, attached: bool, adopted: bool, **changes: Any
) -> None:
    """Take our voucher for posted, if it is the source to the øre. Raises ``Rejected`` if it is not."""
    remarks = [*execution.progress.remarks, *voucher_lookup.check_found(execution, found)]
    known = {"voucher": _key(found), "journal": found.journal, "adopted": adopted, "attached": attached, **changes}
    known |= {"lookup": False, "not_found_since": 0.0}
    execution.found = found
    if execution.context.export.voucher.book and not (found.booked or found.entries):
        remarks.append("not booked: e-conomic does not tell the numbers of the voucher's entries")
    if found.booked and not attached and execution.invoice.pdf:
        remarks.append("pdf: not attached by this program, as the voucher was booked before")
    elif not (found.booked or attached):
        remarks += _late_pdf(execution, found, known)
    _go_on(execution, found, **{**known, "remarks": tuple(dict.fromkeys(remarks))})


def _late_pdf(execution: Execution, found: VoucherFound, known: dict[str, Any]) -> tuple[str, ...]:
    """Return what to remark about the PDF; when it is asked for only now, the voucher is recorded before."""
    if execution.pdf_remarks is None:
        execution.save(Continue(event="voucher-found", detail=_key(found)), intent=None, **known)
    try:
        return fetch_pdf(execution)
    except Rejected as refusal:
        text = f"{refusal.failure.description} Voucher {_key(found)} in journal {found.journal} is without it."
        raise Rejected(replace(refusal.failure, description=text)) from refusal


def _go_on(execution: Execution, found: VoucherFound, *, attached: bool, **changes: Any) -> None:
    """Intend what is still missing of a posted voucher, or finish."""
    if found.booked:
        _finish(execution, found, booked=True, attached=attached, **changes)
    elif not attached and execution.pdf is not None:
        execution.intend(Step.ATTACH, *attachment_request(found.journal, _key(found), execution.pdf), **changes)
    elif execution.context.export.voucher.book and found.entries:
        execution.intend(
            Step.BOOK_VOUCHER, *voucher_booking_request(found.journal, found.entries), attached=attached, **changes
        )
    else:
        _finish(execution, found, booked=False, attached=attached, **changes)


def _finish(execution: Execution, found: VoucherFound, *, booked: bool, **changes: Any) -> None:
    where = "booked" if booked else f"in journal {found.journal}"
    journal = {"journal": None} if booked else {}
    done = Finish(outcome=Outcome.VOUCHER, detail=f"{_key(found)} {where}")
    execution.save(done, **{**changes, **journal, "intent": None, "lookup": False})


def _posting_refused(execution: Execution, intent: Intent, refusal: Refused) -> None:
    """What e-conomic remembers of a key is left behind; what may have been done all the same is looked into."""
    refusal_policy.count(execution, refusal)
    told = Continue(event="voucher-refused", detail=refusal_policy.codes(refusal))
    if refusal_policy.may_have_done(execution, intent, refusal):
        execution.save(told, lookup=True)
    else:
        doubt_master_data(execution)
        execution.save(told, intent=None, generation=execution.progress.generation + 1)


def _attaching_refused(execution: Execution, _: Intent, refusal: Refused) -> None:
    """One that is there already is settled; a voucher that is gone, or not readable yet, is looked for."""
    refusal_policy.count(execution, refusal)
    told = Continue(event="attach-refused", detail=refusal_policy.codes(refusal))
    if refusal_policy.about_the_key(refusal):
        execution.save(told, lookup=True)
    elif "VoucherAlreadyHasAttachment" in refusal.codes:
        _go_on(execution, _seen(execution), attached=True)
    elif refusal.status == _NOT_FOUND:
        execution.save(told, lookup=True)
        raise Unavailable(_unreadable(execution), retry_after=_READ_LAG)
    elif execution.context.export.voucher.missing_pdf == "refuse":
        raise refusal
    else:
        execution.pdf = None
        remark = f"pdf: not attached, e-conomic refused it ({refusal_policy.codes(refusal)})"
        _go_on(execution, _seen(execution), attached=False, remarks=(*execution.progress.remarks, remark))


def _booking_refused(execution: Execution, _: Intent, refusal: Refused) -> None:
    """A bookkeeper may have been faster, or moved it: a look tells whether the refusal stands."""
    refusal_policy.count(execution, refusal)
    _look_next(execution, "booking-refused", detail=refusal_policy.codes(refusal))


def _look_next(execution: Execution, event: str, detail: str = "") -> None:
    execution.save(Continue(event=event, detail=detail), lookup=True)


def _seen(execution: Execution) -> VoucherFound:
    if execution.found is None:
        raise LookupError("there is no voucher to go on with")
    return execution.found


def _key(found: VoucherFound) -> str:
    return f"{found.year}-{found.number}"


def _unreadable(execution: Execution) -> Failure:
    text = f"Voucher {execution.progress.voucher} was posted, but cannot be read yet to attach its PDF."
    return failure(EconomicReason.ECONOMIC_UNAVAILABLE, text)


_TURNS = {
    VoucherAction.LOOK_UP: _look,
    VoucherAction.SEND: _send,
    VoucherAction.POST: _post,
    VoucherAction.RENEW: _renew,
}
_REFUSED = {
    Step.VOUCHER: _posting_refused,
    Step.ATTACH: _attaching_refused,
    Step.BOOK_VOUCHER: _booking_refused,
}
