"""What would become of one invoice, by the same code that exports it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from worker.domain.export_rules import exclusion
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice
from worker.domain.reasons import EventReason, failure
from worker.domain.record import InvoiceRecord, Outcome, State, Step
from worker.dry_run.dry_run_creator import DryRunCreator
from worker.dry_run.plan import ASSIGNED_LATER, PlannedAction, PlannedInvoice, Request
from worker.dry_run.prediction import difference, predict_draft, predict_voucher, source_amounts
from worker.economic.mapping.documents import compare_totals, compare_voucher
from worker.economic.mapping.master_data import VoucherFound
from worker.errors import Failure, OnHold, Rejected
from worker.store.effects import anything_sent
from worker.workflow import lookup, voucher_lookup
from worker.workflow.eligibility import await_original
from worker.workflow.execution import Execution
from worker.workflow.requests import (
    attachment_request,
    booking_request,
    checked_master_data,
    draft_request,
    fetch_pdf,
    voucher_booking_request,
    voucher_request,
)


def record_of(given: NewInvoice, standing: InvoiceRecord | None, period: str, now: float) -> InvoiceRecord:
    """Return the record that the export would work on: the ledger's, with the content as it is given now."""
    known = standing or InvoiceRecord(
        id=given.id,
        export=given.export,
        periods=(period,),
        invoice_number=given.invoice_number,
        invoice_type=given.invoice_type,
        region=given.region,
        content="",
        content_hash="",
        state=State.RECEIVED,
        received_at=now,
    )
    return replace(known, invoice_type=given.invoice_type, content=given.content, content_hash=given.content_hash)


def settled(
    given: Sequence[NewInvoice],
    standing: Mapping[str, InvoiceRecord | None],
    invoices: Mapping[str, Invoice],
    unreadable: Mapping[str, Failure],
    *,
    again: bool,
) -> Mapping[str, PlannedInvoice]:
    """Return the invoices of which nothing more has to be found out: unreadable, exported, or in conflict.

    ``again``: those exported are looked up anew, but for what a person declared exported; see ``reexport``.
    """
    return dict(_settled(given, standing, invoices, unreadable, again=again))


def _settled(
    given: Sequence[NewInvoice],
    standing: Mapping[str, InvoiceRecord | None],
    invoices: Mapping[str, Invoice],
    unreadable: Mapping[str, Failure],
    *,
    again: bool,
) -> Iterator[tuple[str, PlannedInvoice]]:
    for one in given:
        plan = _plan(one, invoices.get(one.id))
        record = standing[one.id]
        if one.id in unreadable:
            yield one.id, replace(plan, problems=(unreadable[one.id],))
        elif record and record.content_hash != one.content_hash and _posted(record):
            yield one.id, replace(plan, found=_found(record), problems=(_conflict(record),))
        elif record and record.state is State.EXPORTED and not (again and record.outcome is not Outcome.BY_HAND):
            yield one.id, replace(plan, action=PlannedAction.DONE, found=_found(record))


def _plan(given: NewInvoice, invoice: Invoice | None) -> PlannedInvoice:
    return PlannedInvoice(
        id=given.id,
        invoice_number=given.invoice_number,
        content_hash=given.content_hash,
        action=PlannedAction.FAIL,
        source=source_amounts(invoice) if invoice else None,
    )


def _posted(record: InvoiceRecord) -> bool:
    """Tell whether other content for this invoice would be a conflict; see ``IntakePort.register``."""
    return record.state in {State.EXPORTING, State.EXPORTED} or anything_sent(record.progress)


def _conflict(record: InvoiceRecord) -> Failure:
    text = f"Invoice {record.invoice_number} has been posted with other content ({_found(record) or record.state})."
    return failure(EventReason.CONFLICT, text, field="invoiceNumber", value=str(record.invoice_number))


def _found(record: InvoiceRecord) -> str:
    progress = record.progress
    if progress.booked_number:
        return f"booked invoice {progress.booked_number}"
    if progress.voucher:
        return f"voucher {progress.voucher}"
    return f"draft {progress.draft_number}" if progress.draft_number else record.outcome or ""


def undecided(execution: Execution) -> PlannedInvoice:
    """Return the plan of an invoice of which only the source is known yet."""
    record = execution.record
    return PlannedInvoice(
        id=record.id,
        invoice_number=record.invoice_number,
        content_hash=record.content_hash,
        action=PlannedAction.POST,
        source=source_amounts(execution.invoice),
    )


def failed(plan: PlannedInvoice, *problems: Failure) -> PlannedInvoice:
    """Return the plan of an invoice that would become a dead letter."""
    return replace(plan, action=PlannedAction.FAIL, problems=problems)


def plan_posting(execution: Execution, obtain: DryRunCreator) -> PlannedInvoice:
    """Return the plan of an invoice of which nothing is in e-conomic. Raises ``Retryable`` errors of a read."""
    plan = undecided(execution)
    if exclusion(execution.invoice, execution.context.export):
        return replace(plan, action=PlannedAction.LEAVE_OUT)
    try:
        await_original(execution)
        return (_voucher if execution.context.export.method == "voucher" else _draft)(execution, plan, obtain)
    except OnHold as held:
        return replace(plan, action=PlannedAction.HOLD, problems=(held.failure,))
    except Rejected as refusal:
        return failed(plan, refusal.failure)


def plan_adoption(execution: Execution) -> PlannedInvoice | None:
    """Return the plan of an invoice of which e-conomic has something; None: it has nothing after all.

    Raises ``Retryable`` errors of a read.
    """
    plan = replace(undecided(execution), action=PlannedAction.ADOPT)
    try:
        return (_found_voucher if execution.context.export.method == "voucher" else _found_document)(execution, plan)
    except Rejected as refusal:
        return failed(plan, refusal.failure)


def _draft(execution: Execution, plan: PlannedInvoice, obtain: DryRunCreator) -> PlannedInvoice:
    export = execution.context.export
    request = draft_request(execution, obtain)
    obtain.refresh(execution, request.customer_number)
    predicted = predict_draft(execution.invoice, export, checked_master_data(execution))
    drafted = Request(step=Step.DRAFT, method="POST", path="/invoices/drafts", body=request.body)
    plan = replace(plan, requests=(drafted,), predicted=predicted, remarks=(*request.remarks, *execution.noted))
    wrong = difference(predicted, source_amounts(execution.invoice), export.booking.tolerance)
    if wrong:
        return failed(plan, wrong)
    return replace(plan, requests=(drafted, *_booking(execution, ASSIGNED_LATER)))


def _booking(execution: Execution, draft: int) -> tuple[Request, ...]:
    if not execution.context.export.booking.book:
        return ()
    return (Request(step=Step.BOOK, method="POST", path="/invoices/booked", body=booking_request(execution, draft)),)


def _voucher(execution: Execution, plan: PlannedInvoice, obtain: DryRunCreator) -> PlannedInvoice:
    export = execution.context.export
    request = voucher_request(execution, obtain)
    obtain.refresh(execution, request.customer_number)
    posted = Request(step=Step.VOUCHER, method="POST", path=request.path, body=request.body)
    predicted = predict_voucher(execution.invoice, export, checked_master_data(execution))
    later = (
        *_attachment(execution, export.journal, str(ASSIGNED_LATER)),
        *_voucher_booking(execution, export.journal, ()),
    )
    return replace(plan, requests=(posted, *later), predicted=predicted, remarks=(*request.remarks, *execution.noted))


def _attachment(execution: Execution, journal: int, voucher: str) -> tuple[Request, ...]:
    if execution.pdf is None:
        return ()
    path, digest = attachment_request(journal, voucher, execution.pdf)
    return (Request(step=Step.ATTACH, method="POST", path=path, body=digest),)


def _voucher_booking(execution: Execution, journal: int, entries: tuple[int, ...]) -> tuple[Request, ...]:
    if not execution.context.export.voucher.book:
        return ()
    path, body = voucher_booking_request(journal, entries)
    return (Request(step=Step.BOOK_VOUCHER, method="POST", path=path, body=body),)


def _found_document(execution: Execution, plan: PlannedInvoice) -> PlannedInvoice | None:
    document = lookup.find(execution)
    if document is None:
        return None
    kind = "booked invoice" if document.booked else "draft"
    plan = replace(plan, found=f"{kind} {document.number}", remarks=tuple(execution.noted))
    if document.booked:
        lookup.check_booked(execution, document)
        return plan
    wrong = compare_totals(execution.invoice, document, execution.context.export.booking.tolerance)
    return failed(plan, wrong) if wrong else replace(plan, requests=_booking(execution, document.number))


def _found_voucher(execution: Execution, plan: PlannedInvoice) -> PlannedInvoice | None:
    found = voucher_lookup.find(execution)
    if found is None:
        return None
    where = f"in journal {found.journal}" if found.journal else "booked"
    plan = replace(plan, found=f"voucher {found.number} of {found.year}, {where}", remarks=tuple(execution.noted))
    wrong = compare_voucher(execution.invoice, found)
    return failed(plan, wrong) if wrong else replace(plan, requests=_completion(execution, found))


def _completion(execution: Execution, found: VoucherFound) -> tuple[Request, ...]:
    """Return what a voucher that stands in a journal is still without."""
    if found.journal is None:
        return ()
    voucher = f"{found.year}-{found.number}"
    if execution.context.economic.attachment(found.journal, voucher) is None:
        fetch_pdf(execution)
    return (*_attachment(execution, found.journal, voucher), *_voucher_booking(execution, found.journal, found.entries))
