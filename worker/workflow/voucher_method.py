"""The voucher method: post, compare to the øre, attach the PDF, book if the export says so."""

from dataclasses import replace
from typing import Any

from typing_extensions import override

from worker.domain.reasons import failure
from worker.domain.record import Continue, Finish, Intent, Outcome, Step
from worker.economic.mapping.answers import about_attachment, about_booked_entries
from worker.economic.mapping.documents import identified
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.mapping.voucher_comparison import compare_voucher
from worker.economic.port import Reply
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, Refused, Rejected, Unavailable
from worker.workflow import lookup
from worker.workflow.customer_proof import objection
from worker.workflow.execution import Action, Execution, next_voucher_step
from worker.workflow.requests import (
    CreateRequest,
    attachment_request,
    checked_master_data,
    doubt_master_data,
    fetch_pdf,
    voucher_booking_request,
    voucher_request,
)
from worker.workflow.turn import (
    Method,
    about_the_key,
    codes,
    final_error,
    look_up_next,
    second_lookup_awaited,
    unproved,
)

_NOT_FOUND = 404
#: Seconds until a voucher that was just posted can be read (integrators wait 1.5 s, several times).
READ_LAG = 3.0


class VoucherMethod(Method[VoucherFound]):
    """See ``Method``: what is found is a voucher in a journal, or booked."""

    @override
    def next_action(self, execution: Execution) -> Action:
        action = next_voucher_step(
            execution.progress,
            execution.own,
            remembered_since=execution.context.remembered_since(),
            create_allowed_at=execution.create_allowed_at,
        )
        # A store that lost its last second gives a posting the same key again, which e-conomic remembers. A call for
        # many has no such key.
        unseen = execution.context.export.voucher.bulk and not execution.looked_first
        return Action.LOOK_FIRST if unseen and action is Action.CREATE else action

    @override
    def request(self, execution: Execution) -> CreateRequest:
        return voucher_request(execution)

    @override
    def accept(self, execution: Execution, intent: Intent, reply: Reply) -> None:
        if intent.step == Step.VOUCHER:
            _accept_posting(execution, reply)
        elif intent.step == Step.ATTACH:
            _accept_attachment(execution, reply)
        elif about_booked_entries(reply.status, reply.body):
            _finish(execution, _last_seen(execution), booked=True)
        else:
            look_up_next(execution, "book-voucher-unreadable")
            raise unproved(f"voucher {execution.progress.voucher} is booked")

    @override
    def refused(self, execution: Execution, intent: Intent, refusal: Refused) -> None:
        """Go on after a refused attachment: one that is there already is as good, and most exports do without."""
        if intent.step != Step.ATTACH or about_the_key(refusal):
            super().refused(execution, intent, refusal)
        elif "VoucherAlreadyHasAttachment" in refusal.codes:
            _go_on(execution, _last_seen(execution), attached=True)
        elif refusal.status == _NOT_FOUND:
            super().refused(execution, intent, refusal)
            raise Unavailable(_unreadable(execution), retry_after=READ_LAG)
        elif execution.context.export.voucher.missing_pdf == "refuse":
            raise refusal
        else:
            execution.pdf = None
            remark = f"pdf: not attached, e-conomic refused it ({codes(refusal)})"
            remarks = (*execution.progress.remarks, remark)
            _go_on(execution, _last_seen(execution), attached=False, remarks=remarks)

    @override
    def remembered(self, execution: Execution, intent: Intent, reply: Reply) -> dict[str, Any]:
        posted = execution.context.economic.posted(reply) if intent.step == Step.VOUCHER else ()
        ours = [voucher for voucher in identified([execution.record.id], posted) if not voucher.unclear]
        return {"voucher": _key(ours[0]), "journal": ours[0].journal} if len(ours) == 1 else {}

    @override
    def find(self, execution: Execution) -> VoucherFound | None:
        return lookup.find_voucher(execution)

    @override
    def take_up(self, execution: Execution, found: VoucherFound) -> None:
        """Go on under a new key, as the voucher's address may be another by now.

        Raises what refused its booking, and ``Rejected`` when it charges a customer that is another's by now.
        """
        progress = execution.progress
        booking = progress.intent is not None and progress.intent.step == Step.BOOK_VOUCHER
        if execution.refusal and booking and not found.booked:
            raise final_error(execution, execution.refusal)
        _check_customer(execution, found)
        _accept_voucher(
            execution,
            found,
            attached=progress.attached or _has_attachment(execution, found),
            # Nothing under way: it was posted before, by this record (and goes again) or by another.
            adopted=progress.adopted or not (progress.voucher and progress.intent),
            generation=progress.generation + 1,
        )

    @override
    def perform(self, execution: Execution, action: Action) -> None:
        """Allow the posting anew once nothing is found (``RENEW``); what is invalid or on hold needs no lookup."""
        if action is Action.LOOK_FIRST:
            self._look_first(execution)
        elif action is Action.RENEW:
            self._renew(execution)
        else:
            raise LookupError(f"the voucher method knows no {action}")

    def _renew(self, execution: Execution) -> None:
        checked_master_data(execution)
        first = execution.looked_up_by_preflight
        wait = first and first + execution.context.listing_lag.expected(execution.context.clock())
        if wait > execution.context.clock():
            raise second_lookup_awaited(execution, until=wait)
        scan = lookup.recent_scan(execution, newer_than=wait)
        found = lookup.only_voucher(execution, scan.of(execution.record.id))
        if found is None:
            execution.save(Continue(event="create-allowed"), looked_up_at=scan.at)
        else:
            self.take_up(execution, found)

    def _look_first(self, execution: Execution) -> None:
        standing = execution.context.economic.standing(execution.context.export.journal)
        found = lookup.only_voucher(execution, list(identified([execution.record.id], standing)))
        execution.looked_first = found is None
        if found:
            self.take_up(execution, found)


def _check_customer(execution: Execution, found: VoucherFound) -> None:
    """What is booked stays; what is in a journal can be deleted there, and is not booked on somebody else's account."""
    number = execution.progress.customer_number
    wrong = objection(execution, number) if number and not found.booked else None
    if wrong:
        doubt_master_data(execution)
        where = (
            f"Voucher {_key(found)} in journal {found.journal} stands on it; if that is wrong, delete it there first."
        )
        raise Rejected(replace(wrong, description=f"{wrong.description} {where}"))


def _accept_posting(execution: Execution, reply: Reply) -> None:
    """Entries of one date make one voucher (inferred); an answer that says anything else leads to a lookup.

    So does one without the numbers by which its entries are booked, where they are to be.
    """
    posted = execution.context.economic.posted(reply)
    ours = [voucher for voucher in identified([execution.record.id], posted) if not voucher.unclear]
    if (
        len(ours) == 1
        and (ours[0].entries or not execution.context.export.voucher.book)
        and compare_voucher(execution.invoice, ours[0], lookup.expected(execution, ours[0])) is None
    ):
        execution.witness()
        _accept_voucher(execution, ours[0], attached=False, adopted=False)
    else:
        look_up_next(execution, "voucher-unreadable")


def take_up_posted(execution: Execution, found: VoucherFound) -> None:
    """Take up a voucher that a posting of many has made, as it was read back. Raises ``Rejected`` if it differs."""
    execution.witness()
    _accept_voucher(execution, found, attached=False, adopted=False)


def _accept_attachment(execution: Execution, reply: Reply) -> None:
    """Believe an answer that describes the pages; after another, the voucher is asked what is attached to it."""
    found = _last_seen(execution)
    if about_attachment(_key(found), reply.body) or _has_attachment(execution, found):
        _go_on(execution, found, attached=True)
    else:
        look_up_next(execution, "attach-unreadable")
        raise unproved(f"the PDF is attached to voucher {_key(found)}")


def _has_attachment(execution: Execution, found: VoucherFound) -> bool:
    if found.journal is None:
        return False
    return execution.context.economic.attachment(found.journal, _key(found)) is not None


def _accept_voucher(
    execution: Execution, found: VoucherFound, *, attached: bool, adopted: bool, **changes: Any
) -> None:
    """Take up our voucher, if it is the source to the øre. Raises ``Rejected`` if it is not."""
    remarks = [*execution.progress.remarks, *lookup.check_voucher_found(execution, found)]
    known = {"voucher": _key(found), "journal": found.journal, "adopted": adopted, "attached": attached, **changes}
    known |= {"lookup": False, "not_found_since": 0.0}
    execution.found = found
    if execution.context.export.voucher.book and not (found.booked or found.entries):
        remarks.append("not booked: e-conomic does not show the numbers of the voucher's entries")
    if found.booked and not attached and execution.invoice.pdf:
        remarks.append("pdf: not attached by this program, as the voucher was booked before")
    elif not (found.booked or attached):
        remarks += _late_pdf(execution, found, known)
    _go_on(execution, found, **{**known, "remarks": tuple(dict.fromkeys(remarks))})


def _late_pdf(execution: Execution, found: VoucherFound, known: dict[str, Any]) -> tuple[str, ...]:
    """Return what to remark about the PDF; when it is fetched only now, the voucher is recorded before."""
    if execution.pdf_remarks is None:
        execution.save(Continue(event="voucher-found", detail=_key(found)), intent=None, **known)
    try:
        return fetch_pdf(execution)
    except Rejected as refusal:
        text = f"{refusal.failure.description} Voucher {_key(found)} in journal {found.journal} is without it."
        raise Rejected(replace(refusal.failure, description=text)) from refusal


def _go_on(execution: Execution, found: VoucherFound, *, attached: bool, **changes: Any) -> None:
    """Intend what a posted voucher still needs, or finish."""
    if found.booked:
        _finish(execution, found, booked=True, attached=attached, **changes)
    elif not attached and execution.pdf is not None:
        execution.intend(Step.ATTACH, *attachment_request(found.journal, _key(found), execution.pdf), **changes)
    elif execution.context.export.voucher.book and found.entries:
        request = voucher_booking_request(found.journal, found.entries)
        execution.intend(Step.BOOK_VOUCHER, *request, attached=attached, **changes)
    else:
        _finish(execution, found, booked=False, attached=attached, **changes)


def _finish(execution: Execution, found: VoucherFound, *, booked: bool, **changes: Any) -> None:
    where = "booked" if booked else f"in journal {found.journal}"
    journal = {"journal": None} if booked else {}
    done = Finish(outcome=Outcome.VOUCHER, detail=f"{_key(found)} {where}")
    execution.save(done, **{**changes, **journal, "intent": None, "lookup": False})


def _last_seen(execution: Execution) -> VoucherFound:
    if execution.found is None:
        raise LookupError("there is no voucher to go on with")
    return execution.found


def _key(found: VoucherFound) -> str:
    return f"{found.year}-{found.number}"


def _unreadable(execution: Execution) -> Failure:
    text = f"Voucher {execution.progress.voucher} was posted, but cannot be read yet to attach its PDF."
    return failure(EconomicReason.ECONOMIC_UNAVAILABLE, text)
