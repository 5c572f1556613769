"""What would become of one invoice, by the same code that exports it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from worker.domain.exclusions import left_out
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice
from worker.domain.reasons import EventReason, failure
from worker.domain.record import InvoiceRecord, Outcome, State, Step
from worker.dry_run.dry_run_creator import Pretence
from worker.dry_run.plan import GIVEN_LATER, Fate, PlannedInvoice, Request
from worker.dry_run.prediction import difference, foretell_draft, foretell_voucher, source_amounts
from worker.economic.mapping.documents import compare_totals
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.mapping.voucher_checks import compare_voucher
from worker.errors import Failure, Held, Rejected
from worker.store.effects import anything_sent
from worker.workflow import lookup, voucher_lookup
from worker.workflow.eligibility import await_original
from worker.workflow.execution import Job
from worker.workflow.requests import (
    attachment_request,
    booking_request,
    checked_reference,
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
            yield one.id, replace(plan, fate=Fate.DONE, found=_found(record))


def _plan(given: NewInvoice, invoice: Invoice | None) -> PlannedInvoice:
    return PlannedInvoice(
        id=given.id,
        invoice_number=given.invoice_number,
        content_hash=given.content_hash,
        fate=Fate.FAIL,
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


def undecided(job: Job) -> PlannedInvoice:
    """Return the plan of an invoice of which only the source is known yet."""
    record = job.record
    return PlannedInvoice(
        id=record.id,
        invoice_number=record.invoice_number,
        content_hash=record.content_hash,
        fate=Fate.POST,
        source=source_amounts(job.invoice),
    )


def failed(plan: PlannedInvoice, *problems: Failure) -> PlannedInvoice:
    """Return the plan of an invoice that would become a dead letter."""
    return replace(plan, fate=Fate.FAIL, problems=problems)


def plan_posting(job: Job, obtain: Pretence) -> PlannedInvoice:
    """Return the plan of an invoice of which nothing is in e-conomic. Raises ``Retryable`` errors of a read."""
    plan = undecided(job)
    if left_out(job.invoice, job.desk.export):
        return replace(plan, fate=Fate.LEAVE_OUT)
    try:
        await_original(job)
        return (_voucher if job.desk.export.method == "voucher" else _draft)(job, plan, obtain)
    except Held as held:
        return replace(plan, fate=Fate.HOLD, problems=(held.failure,))
    except Rejected as refusal:
        return failed(plan, refusal.failure)


def plan_adoption(job: Job) -> PlannedInvoice | None:
    """Return the plan of an invoice of which e-conomic has something; None: it has nothing after all.

    Raises ``Retryable`` errors of a read.
    """
    plan = replace(undecided(job), fate=Fate.ADOPT)
    try:
        return (_found_voucher if job.desk.export.method == "voucher" else _found_document)(job, plan)
    except Rejected as refusal:
        return failed(plan, refusal.failure)


def _draft(job: Job, plan: PlannedInvoice, obtain: Pretence) -> PlannedInvoice:
    export = job.desk.export
    request = draft_request(job, obtain)
    obtain.refresh(job, request.customer_number)
    foretold = foretell_draft(job.invoice, export, checked_reference(job))
    drafted = Request(step=Step.DRAFT, method="POST", path="/invoices/drafts", body=request.body)
    plan = replace(plan, requests=(drafted,), foretold=foretold, remarks=(*request.remarks, *job.noted))
    wrong = difference(foretold, source_amounts(job.invoice), export.booking.tolerance)
    if wrong:
        return failed(plan, wrong)
    return replace(plan, requests=(drafted, *_booking(job, GIVEN_LATER)))


def _booking(job: Job, draft: int) -> tuple[Request, ...]:
    if not job.desk.export.booking.book:
        return ()
    return (Request(step=Step.BOOK, method="POST", path="/invoices/booked", body=booking_request(job, draft)),)


def _voucher(job: Job, plan: PlannedInvoice, obtain: Pretence) -> PlannedInvoice:
    export = job.desk.export
    request = voucher_request(job, obtain)
    obtain.refresh(job, request.customer_number)
    posted = Request(step=Step.VOUCHER, method="POST", path=request.path, body=request.body)
    foretold = foretell_voucher(job.invoice, export, checked_reference(job))
    later = (*_attachment(job, export.journal, str(GIVEN_LATER)), *_voucher_booking(job, export.journal, ()))
    return replace(plan, requests=(posted, *later), foretold=foretold, remarks=(*request.remarks, *job.noted))


def _attachment(job: Job, journal: int, voucher: str) -> tuple[Request, ...]:
    if job.pdf is None:
        return ()
    path, digest = attachment_request(journal, voucher, job.pdf)
    return (Request(step=Step.ATTACH, method="POST", path=path, body=digest),)


def _voucher_booking(job: Job, journal: int, entries: tuple[int, ...]) -> tuple[Request, ...]:
    if not job.desk.export.voucher.book:
        return ()
    path, body = voucher_booking_request(journal, entries)
    return (Request(step=Step.BOOK_VOUCHER, method="POST", path=path, body=body),)


def _found_document(job: Job, plan: PlannedInvoice) -> PlannedInvoice | None:
    document = lookup.find(job)
    if document is None:
        return None
    kind = "booked invoice" if document.booked else "draft"
    plan = replace(plan, found=f"{kind} {document.number}", remarks=tuple(job.noted))
    if document.booked:
        lookup.check_booked(job, document)
        return plan
    wrong = compare_totals(job.invoice, document, job.desk.export.booking.tolerance)
    return failed(plan, wrong) if wrong else replace(plan, requests=_booking(job, document.number))


def _found_voucher(job: Job, plan: PlannedInvoice) -> PlannedInvoice | None:
    found = voucher_lookup.find(job)
    if found is None:
        return None
    where = f"in journal {found.journal}" if found.journal else "booked"
    plan = replace(plan, found=f"voucher {found.number} of {found.year}, {where}", remarks=tuple(job.noted))
    wrong = compare_voucher(job.invoice, found)
    return failed(plan, wrong) if wrong else replace(plan, requests=_completion(job, found))


def _completion(job: Job, found: VoucherFound) -> tuple[Request, ...]:
    """Return what a voucher that stands in a journal is still without."""
    if found.journal is None:
        return ()
    voucher = f"{found.year}-{found.number}"
    if job.desk.economic.attachment(found.journal, voucher) is None:
        fetch_pdf(job)
    return (*_attachment(job, found.journal, voucher), *_voucher_booking(job, found.journal, found.entries))
