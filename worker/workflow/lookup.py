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
from worker.workflow.execution import Execution

#: Writes after which there is something to find; when such a key has aged, one fruitless look is enough.
_CREATES = frozenset({Step.DRAFT, Step.VOUCHER})


def find(execution: Execution) -> Document | None:
    """Return the one document that carries our reference; a booked one wins over its draft.

    Raises ``Rejected`` when there are several: only a person can tell which one is right.
    """
    remembered = _remembered(execution)
    if remembered:
        return remembered
    found = execution.context.economic.documents([execution.record.id])
    booked = [document for document in found if document.booked]
    candidates = booked or _drafts_themselves(execution, found)
    if len({document.number for document in candidates}) > 1:
        raise Rejected(_several(execution, candidates))
    for draft in _drafts_themselves(execution, found) if booked else ():
        _note_left_draft(execution, draft)
    return candidates[0] if candidates else _by_number(execution)


def _remembered(execution: Execution) -> Document | None:
    """Return what an earlier export has booked: booked invoices stay, even if a person changed their reference.

    Another reference on another customer is another invoice: the export has moved to another agreement.
    """
    number = execution.progress.booked_number
    document = execution.context.economic.booked(number) if number else None
    if document is None:
        return None
    ours = document.document_reference == execution.record.id or execution.progress.customer_number in {
        None,
        document.customer,
    }
    return document if ours else None


def _drafts_themselves(execution: Execution, found: Sequence[Document]) -> list[Document]:
    """Read listed drafts one by one: a listing may show one that has been booked or changed, a resource does not."""
    drafts = (execution.context.economic.draft(listed.number) for listed in found if not listed.booked)
    return [draft for draft in drafts if draft and draft.document_reference == execution.record.id]


def _note_left_draft(execution: Execution, draft: Document) -> None:
    """Remark a draft that stands beside the booked invoice."""
    execution.note(f"Draft {draft.number} stands beside the booked invoice: delete it, as booking it would double it")


def _by_number(execution: Execution) -> Document | None:
    """Ask for the invoice number itself when a draft of ours is gone: a listing may lag, a resource does not."""
    if not execution.progress.draft_number or execution.context.export.booking.numbers != "opter":
        return None
    document = execution.context.economic.booked(execution.invoice.invoice_number)
    return document if document and document.document_reference == execution.record.id else None


def adopt_booked(execution: Execution, document: Document, *, adopted: bool) -> None:
    """Finish with an invoice that is booked, if it is the source to the øre. Raises ``Rejected`` if it is not."""
    check_booked(execution, document)
    _note_changes(execution, document)
    execution.save(
        Finish(outcome=Outcome.BOOKED, detail=f"{'found ' * adopted}booked as {document.number}"),
        booked_number=document.number,
        customer_number=document.customer,
        adopted=adopted,
        intent=None,
        lookup=False,
        pending_failure=None,
    )


def _note_changes(execution: Execution, document: Document) -> None:
    """Remark what a person changed of our draft before it was booked; amounts have been compared."""
    invoice, customer = execution.invoice, execution.progress.customer_number
    if execution.context.export.booking.numbers == "opter" and document.number != invoice.invoice_number:
        execution.note(f"invoiceNumber: {document.number} in e-conomic, where it was booked by hand")
    if customer and document.customer != customer:
        execution.note(f"customer: {document.customer} in e-conomic, not {customer}")
    if document.date != invoice.invoice_date.isoformat():
        execution.note(f"invoiceDate: {document.date} in e-conomic")


def check_booked(execution: Execution, document: Document) -> None:
    """Refuse a booked invoice that is not the source to the øre: what is booked stays. Raises ``Rejected``."""
    difference = compare_totals(execution.invoice, document, execution.context.export.booking.tolerance)
    if difference:
        raise Rejected(_booked_differs(document, difference))


def allow_create(execution: Execution) -> None:
    """License a new create, or raise ``Uncertain`` to ask for a second look first."""
    progress, now = execution.progress, execution.context.clock()
    intent = progress.intent
    license_ran_out = not (intent or progress.lookup or progress.draft_number)
    aged = intent is not None and intent.step in _CREATES and now - intent.at >= execution.context.key_memory
    looked_before = bool(progress.not_found_since) and now - progress.not_found_since >= execution.context.second_lookup
    if not (aged or looked_before or license_ran_out):
        execution.save(Continue(event="not-found-once"), lookup=True, not_found_since=progress.not_found_since or now)
        raise Uncertain(_look_again(execution), retry_after=execution.context.second_lookup)
    execution.save(
        Continue(event="create-allowed"),
        generation=progress.generation + (not license_ran_out),
        intent=None,
        lookup=False,
        looked_up_at=now,
        not_found_since=0.0,
        draft_number=None,
        booked_number=None,
        voucher=None,
        journal=None,
        attached=False,
    )


def _several(execution: Execution, documents: Sequence[Document]) -> Failure:
    kind = "booked invoices" if documents[0].booked else "drafts"
    numbers = ", ".join(str(document.number) for document in documents)
    text = f"Invoice {execution.invoice.invoice_number} stands in e-conomic more than once, as {kind} {numbers}."
    return failure(EconomicReason.DUPLICATE_DOCUMENTS, text, field="references.other", value=execution.record.id)


def _booked_differs(document: Document, difference: Failure) -> Failure:
    text = f"It is booked in e-conomic as {document.number}, with other amounts. {difference.description}"
    return failure(EconomicReason.BOOKED_DIFFERS, text, field=difference.field, value=difference.value)


def _look_again(execution: Execution) -> Failure:
    text = (
        f"It is not certain whether invoice {execution.invoice.invoice_number} reached e-conomic: a first look found nothing,"
        " a second one follows."
    )
    return failure(ProcessReason.OUTCOME_UNKNOWN, text, field="references.other", value=execution.record.id)
