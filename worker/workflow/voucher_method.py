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
from worker.workflow.execution import Job
from worker.workflow.next_step import VoucherTodo, next_voucher_step
from worker.workflow.requests import (
    attachment_request,
    checked_reference,
    doubt_reference_data,
    fetch_pdf,
    voucher_booking_request,
    voucher_request,
)

_NOT_FOUND = 404
#: Seconds until a voucher that was just posted can be read (integrators wait 1.5 s, several times).
_READ_LAG = 3.0


def advance(job: Job) -> None:
    """Do the next thing. Raises ``ExportError`` when it does not go through, and ``LeaseLost``."""
    licensed_at = max(job.record.passed_at, job.progress.looked_at)
    now, key_memory = job.desk.clock(), job.desk.key_memory
    todo = next_voucher_step(job.progress, job.own, now=now, key_memory=key_memory, licensed_at=licensed_at)
    _TURNS[todo](job)


def _post(job: Job) -> None:
    request = voucher_request(job)
    refusal_policy.check_worth_repeating(job, request.body)
    refresh_customer(job, request.customer_number)
    job.intend(
        Step.VOUCHER, request.path, request.body, customer_number=request.customer_number, remarks=request.remarks
    )


def _send(job: Job) -> None:
    intent = job.progress.intent
    if intent is None:
        raise LookupError("there is no recorded write to send")
    try:
        reply = job.attach(intent) if intent.step == Step.ATTACH else job.send(intent)
    except Refused as refusal:
        _REFUSED[Step(intent.step)](job, intent, refusal)
        if refusal_policy.about_the_key(refusal):
            job.refusal = None
    except Uncertain as doubt:
        if not doubt.replayed:
            raise
        _look_next(job, f"{intent.step}-failure-remembered")
    else:
        _accepted(job, Step(intent.step), reply)


def _accepted(job: Job, step: Step, reply: Reply) -> None:
    """A success that e-conomic remembers proves that it was done once, not that it is still there: look."""
    if reply.replayed:
        _look_next(job, f"{step}-remembered")
    elif step is Step.VOUCHER:
        _posted(job, reply)
    elif step is Step.ATTACH:
        _go_on(job, _seen(job), attached=True)
    else:
        _finish(job, _seen(job), booked=True)


def _posted(job: Job, reply: Reply) -> None:
    """Entries of one date make one voucher (inferred); an answer that tells anything else is settled by a look."""
    found = [one for one in job.desk.economic.posted(reply) if one.reference == job.record.id]
    if len(found) == 1:
        _settle(job, found[0], attached=False, adopted=False)
    else:
        _look_next(job, "voucher-unreadable")


def _look(job: Job) -> None:
    found = voucher_lookup.find(job)
    if found is None:
        lookup.nothing_found(job)
    else:
        _take_up(job, found)


def _renew(job: Job) -> None:
    """The license to post has run out. What cannot be posted yet is told, or held, without a look."""
    checked_reference(job)
    seen = job.desk.sightings.recent(job.desk.economic, job.invoice.invoice_date, job.desk.clock())
    found = voucher_lookup.the_one(job, seen.of(job.record.id))
    if found is None:
        job.save(Continue(event="create-licensed"), looked_at=seen.at)
    else:
        _take_up(job, found)


def _take_up(job: Job, found: VoucherFound) -> None:
    """Go on with a voucher that was found: what comes next gets a new key, as its address may be another by now."""
    if job.refusal and not found.booked and job.progress.intent and job.progress.intent.step == Step.BOOK_VOUCHER:
        raise refusal_policy.verdict(job, job.refusal)
    progress = job.progress
    # Nothing under way: it was posted before, by this record (and goes again) or by another.
    generation, adopted = progress.generation + 1, progress.adopted or not (progress.voucher and progress.intent)
    attached = job.progress.attached or _has_attachment(job, found)
    _settle(job, found, attached=attached, adopted=adopted, generation=generation)


def _has_attachment(job: Job, found: VoucherFound) -> bool:
    if found.journal is None:
        return False
    return job.desk.economic.attachment(found.journal, _key(found)) is not None


def _settle(job: Job, found: VoucherFound, *, attached: bool, adopted: bool, **changes: Any) -> None:
    """Take our voucher for posted, if it is the source to the øre. Raises ``Rejected`` if it is not."""
    remarks = [*job.progress.remarks, *voucher_lookup.check_found(job, found)]
    known = {"voucher": _key(found), "journal": found.journal, "adopted": adopted, "attached": attached, **changes}
    known |= {"look": False, "missing_since": 0.0}
    job.found = found
    if job.desk.export.voucher.book and not (found.booked or found.entries):
        remarks.append("not booked: e-conomic does not tell the numbers of the voucher's entries")
    if found.booked and not attached and job.invoice.pdf:
        remarks.append("pdf: not attached by this program, as the voucher was booked before")
    elif not (found.booked or attached):
        remarks += _late_pdf(job, found, known)
    _go_on(job, found, **{**known, "remarks": tuple(dict.fromkeys(remarks))})


def _late_pdf(job: Job, found: VoucherFound, known: dict[str, Any]) -> tuple[str, ...]:
    """Return what to remark about the PDF; when it is asked for only now, the voucher is recorded before."""
    if job.pdf_remarks is None:
        job.save(Continue(event="voucher-found", detail=_key(found)), intent=None, **known)
    try:
        return fetch_pdf(job)
    except Rejected as refusal:
        text = f"{refusal.failure.description} Voucher {_key(found)} in journal {found.journal} is without it."
        raise Rejected(replace(refusal.failure, description=text)) from refusal


def _go_on(job: Job, found: VoucherFound, *, attached: bool, **changes: Any) -> None:
    """Intend what is still missing of a posted voucher, or finish."""
    if found.booked:
        _finish(job, found, booked=True, attached=attached, **changes)
    elif not attached and job.pdf is not None:
        job.intend(Step.ATTACH, *attachment_request(found.journal, _key(found), job.pdf), **changes)
    elif job.desk.export.voucher.book and found.entries:
        job.intend(
            Step.BOOK_VOUCHER, *voucher_booking_request(found.journal, found.entries), attached=attached, **changes
        )
    else:
        _finish(job, found, booked=False, attached=attached, **changes)


def _finish(job: Job, found: VoucherFound, *, booked: bool, **changes: Any) -> None:
    where = "booked" if booked else f"in journal {found.journal}"
    journal = {"journal": None} if booked else {}
    done = Finish(outcome=Outcome.VOUCHER, detail=f"{_key(found)} {where}")
    job.save(done, **{**changes, **journal, "intent": None, "look": False})


def _posting_refused(job: Job, intent: Intent, refusal: Refused) -> None:
    """What e-conomic remembers of a key is left behind; what may have been done all the same is looked into."""
    refusal_policy.count(job, refusal)
    told = Continue(event="voucher-refused", detail=refusal_policy.codes(refusal))
    if refusal_policy.may_have_done(job, intent, refusal):
        job.save(told, look=True)
    else:
        doubt_reference_data(job)
        job.save(told, intent=None, generation=job.progress.generation + 1)


def _attaching_refused(job: Job, _: Intent, refusal: Refused) -> None:
    """One that is there already is settled; a voucher that is gone, or not readable yet, is looked for."""
    refusal_policy.count(job, refusal)
    told = Continue(event="attach-refused", detail=refusal_policy.codes(refusal))
    if refusal_policy.about_the_key(refusal):
        job.save(told, look=True)
    elif "VoucherAlreadyHasAttachment" in refusal.codes:
        _go_on(job, _seen(job), attached=True)
    elif refusal.status == _NOT_FOUND:
        job.save(told, look=True)
        raise Unavailable(_unreadable(job), retry_after=_READ_LAG)
    elif job.desk.export.voucher.missing_pdf == "refuse":
        raise refusal
    else:
        job.pdf = None
        remark = f"pdf: not attached, e-conomic refused it ({refusal_policy.codes(refusal)})"
        _go_on(job, _seen(job), attached=False, remarks=(*job.progress.remarks, remark))


def _booking_refused(job: Job, _: Intent, refusal: Refused) -> None:
    """A bookkeeper may have been faster, or moved it: a look tells whether the refusal stands."""
    refusal_policy.count(job, refusal)
    _look_next(job, "booking-refused", detail=refusal_policy.codes(refusal))


def _look_next(job: Job, event: str, detail: str = "") -> None:
    job.save(Continue(event=event, detail=detail), look=True)


def _seen(job: Job) -> VoucherFound:
    if job.found is None:
        raise LookupError("there is no voucher to go on with")
    return job.found


def _key(found: VoucherFound) -> str:
    return f"{found.year}-{found.number}"


def _unreadable(job: Job) -> Failure:
    text = f"Voucher {job.progress.voucher} was posted, but cannot be read yet to attach its PDF."
    return failure(EconomicReason.ECONOMIC_UNAVAILABLE, text)


_TURNS = {
    VoucherTodo.LOOK: _look,
    VoucherTodo.SEND: _send,
    VoucherTodo.POST: _post,
    VoucherTodo.RENEW: _renew,
}
_REFUSED = {
    Step.VOUCHER: _posting_refused,
    Step.ATTACH: _attaching_refused,
    Step.BOOK_VOUCHER: _booking_refused,
}
