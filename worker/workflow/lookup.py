"""Settling an uncertain outcome by a look: what is in e-conomic under our reference?

Found, not found and unknown are three answers. An outage raises, so it never passes for absence, and a fruitless look
counts only when the write's key has aged past e-conomic's memory, or when a second look agrees a minute later
(listings may lag behind writes).
"""

from collections.abc import Sequence

from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Continue, Finish, Outcome, Step
from worker.economic.mapping.documents import compare_totals
from worker.economic.mapping.master_data import Document
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, Rejected, Uncertain
from worker.workflow.execution import Job

#: Writes after which there is something to find; when such a key has aged, one fruitless look is enough.
_CREATES = frozenset({Step.DRAFT, Step.VOUCHER})


def find(job: Job) -> Document | None:
    """Return the one document that carries our reference; a booked one wins over its draft.

    Raises ``Rejected`` when there are several: only a person can tell which one is right.
    """
    remembered = _remembered(job)
    if remembered:
        return remembered
    found = job.desk.economic.documents([job.record.id])
    booked = [document for document in found if document.booked]
    candidates = booked or _drafts_themselves(job, found)
    if len({document.number for document in candidates}) > 1:
        raise Rejected(_several(job, candidates))
    for draft in _drafts_themselves(job, found) if booked else ():
        _note_left_draft(job, draft)
    return candidates[0] if candidates else _by_number(job)


def _remembered(job: Job) -> Document | None:
    """Return what an earlier export has booked: booked invoices stay, even if a person changed their reference.

    Another reference on another customer is another invoice: the export has moved to another agreement.
    """
    number = job.progress.booked_number
    document = job.desk.economic.booked(number) if number else None
    if document is None:
        return None
    ours = document.reference == job.record.id or job.progress.customer_number in {None, document.customer}
    return document if ours else None


def _drafts_themselves(job: Job, found: Sequence[Document]) -> list[Document]:
    """Read listed drafts one by one: a listing may show one that has been booked or changed, a resource does not."""
    drafts = (job.desk.economic.draft(listed.number) for listed in found if not listed.booked)
    return [draft for draft in drafts if draft and draft.reference == job.record.id]


def _note_left_draft(job: Job, draft: Document) -> None:
    """Remark a draft that stands beside the booked invoice."""
    job.note(f"Draft {draft.number} stands beside the booked invoice: delete it, as booking it would double it")


def _by_number(job: Job) -> Document | None:
    """Ask for the invoice number itself when a draft of ours is gone: a listing may lag, a resource does not."""
    if not job.progress.draft_number or job.desk.export.booking.numbers != "opter":
        return None
    document = job.desk.economic.booked(job.invoice.invoice_number)
    return document if document and document.reference == job.record.id else None


def adopt_booked(job: Job, document: Document, *, adopted: bool) -> None:
    """Finish with an invoice that is booked, if it is the source to the øre. Raises ``Rejected`` if it is not."""
    check_booked(job, document)
    _note_changes(job, document)
    job.save(
        Finish(outcome=Outcome.BOOKED, detail=f"{'found ' * adopted}booked as {document.number}"),
        booked_number=document.number,
        customer_number=document.customer,
        adopted=adopted,
        intent=None,
        look=False,
        verdict=None,
    )


def _note_changes(job: Job, document: Document) -> None:
    """Remark what a person changed of our draft before it was booked; amounts have been compared."""
    invoice, customer = job.invoice, job.progress.customer_number
    if job.desk.export.booking.numbers == "opter" and document.number != invoice.invoice_number:
        job.note(f"invoiceNumber: {document.number} in e-conomic, where it was booked by hand")
    if customer and document.customer != customer:
        job.note(f"customer: {document.customer} in e-conomic, not {customer}")
    if document.date != invoice.invoice_date.isoformat():
        job.note(f"invoiceDate: {document.date} in e-conomic")


def check_booked(job: Job, document: Document) -> None:
    """Refuse a booked invoice that is not the source to the øre: what is booked stays. Raises ``Rejected``."""
    difference = compare_totals(job.invoice, document, job.desk.export.booking.tolerance)
    if difference:
        raise Rejected(_booked_differs(document, difference))


def nothing_found(job: Job) -> None:
    """License a new create, or raise ``Uncertain`` to ask for a second look first."""
    progress, now = job.progress, job.desk.clock()
    intent = progress.intent
    license_ran_out = not (intent or progress.look or progress.draft_number)
    aged = intent is not None and intent.step in _CREATES and now - intent.at >= job.desk.key_memory
    looked_before = bool(progress.missing_since) and now - progress.missing_since >= job.desk.second_look
    if not (aged or looked_before or license_ran_out):
        job.save(Continue(event="looked-in-vain"), look=True, missing_since=progress.missing_since or now)
        raise Uncertain(_look_again(job), retry_after=job.desk.second_look)
    job.save(
        Continue(event="create-licensed"),
        generation=progress.generation + (not license_ran_out),
        intent=None,
        look=False,
        looked_at=now,
        missing_since=0.0,
        draft_number=None,
        booked_number=None,
        voucher=None,
        journal=None,
        attached=False,
    )


def _several(job: Job, documents: Sequence[Document]) -> Failure:
    kind = "booked invoices" if documents[0].booked else "drafts"
    numbers = ", ".join(str(document.number) for document in documents)
    text = f"Invoice {job.invoice.invoice_number} stands in e-conomic more than once, as {kind} {numbers}."
    return failure(EconomicReason.DUPLICATE_DOCUMENTS, text, field="references.other", value=job.record.id)


def _booked_differs(document: Document, difference: Failure) -> Failure:
    text = f"It is booked in e-conomic as {document.number}, with other amounts. {difference.description}"
    return failure(EconomicReason.BOOKED_DIFFERS, text, field=difference.field, value=difference.value)


def _look_again(job: Job) -> Failure:
    text = (
        f"It is not certain whether invoice {job.invoice.invoice_number} reached e-conomic: a first look found nothing,"
        " a second one follows."
    )
    return failure(ProcessReason.OUTCOME_UNKNOWN, text, field="references.other", value=job.record.id)
