"""What would become of one invoice, by the same code that exports it."""

from dataclasses import replace

from worker.errors import Failure, Held, Rejected
from worker.export import look, voucher_look
from worker.export.admission import await_original
from worker.export.job import Job
from worker.export.plan_pretence import Pretence
from worker.export.prepare import booking_request, checked_reference, draft_request
from worker.export.voucher_request import attachment_request, fetch_pdf, voucher_request
from worker.export.voucher_request import booking_request as voucher_booking_request
from worker.invoicing.left_out import left_out
from worker.invoicing.plans.foretelling import difference, foretell_draft, foretell_voucher, source_amounts
from worker.invoicing.plans.plan import GIVEN_LATER, Fate, PlannedInvoice, Request
from worker.invoicing.record import Step
from worker.invoicing.reference import VoucherFound
from worker.invoicing.totals import compare_totals
from worker.invoicing.vouchers.comparing import compare_voucher


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
    document = look.find(job)
    if document is None:
        return None
    kind = "booked invoice" if document.booked else "draft"
    plan = replace(plan, found=f"{kind} {document.number}", remarks=tuple(job.noted))
    if document.booked:
        look.check_booked(job, document)
        return plan
    wrong = compare_totals(job.invoice, document, job.desk.export.booking.tolerance)
    return failed(plan, wrong) if wrong else replace(plan, requests=_booking(job, document.number))


def _found_voucher(job: Job, plan: PlannedInvoice) -> PlannedInvoice | None:
    found = voucher_look.find(job)
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
