"""Drafts and vouchers ready to be sent: master data, customer, products and PDF gathered, then the frozen body."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain.canonical_json import encode
from worker.domain.invoice import Pdf
from worker.domain.reasons import failure, merged
from worker.economic.mapping.accounting_years import held, waits
from worker.economic.mapping.draft import booking_payload, draft_payload
from worker.economic.mapping.master_data import ReferenceData
from worker.economic.mapping.period_check import check_invoice, grouped_accounts, sales_accounts
from worker.economic.mapping.reasons import VoucherReason, set_up_related
from worker.economic.mapping.voucher_payload import voucher_payload
from worker.errors import Failure, Held, InvalidInvoice, Rejected
from worker.workflow.customers_and_products import customer_number, forget_customer, product_number
from worker.workflow.execution import Job
from worker.workflow.refusal_policy import HELD_FOR
from worker.workflow.single_flight import Obtain, find_or_create

#: Seconds.
_FRESH = 60.0

#: Seconds for which a reading of closed periods is believed.
_HELD_READING = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRequest:
    """A draft ready to be sent."""

    #: Canonical JSON.
    body: str
    customer_number: int
    remarks: tuple[str, ...]


def draft_request(job: Job, obtain: Obtain = find_or_create) -> DraftRequest:
    """Return the draft of this invoice. Raises ``Rejected`` for what a person must change, and e-conomic's errors."""
    reference = checked_reference(job)
    customer = customer_number(job.desk, job.invoice, reference, obtain)
    products = {
        account: product_number(job.desk, account, reference, obtain)
        for account in sorted(sales_accounts([job.invoice]))
    }
    draft = draft_payload(job.invoice, job.desk.export, reference, job.record.id, customer, products)
    return DraftRequest(body=encode(draft.payload), customer_number=customer, remarks=draft.remarks)


def booking_request(job: Job, draft_number: int) -> str:
    """Return the body that books this invoice's draft."""
    number = job.invoice.invoice_number if job.desk.export.booking.numbers == "opter" else None
    return encode(booking_payload(draft_number, number))


def checked_reference(job: Job) -> ReferenceData:
    """Return reference data that this invoice can be mapped with; what is missing is re-read once before believed.

    Raises ``InvalidInvoice``, and ``Held`` when it has to wait for the books to be opened.
    """
    export, now = job.desk.export, job.desk.clock()
    reference, failures = _checked(job, job.fresh_since)
    if any(set_up_related(one) for one in failures):
        # A whole period may wait for one closed month: each of its invoices does not need a reading of its own.
        newer_than = now - _HELD_READING if waits(failures, export) else now
        reference, failures = _checked(job, newer_than)
    if waits(failures, export):
        raise Held(held(merged(failures)), retry_after=HELD_FOR)
    if failures:
        raise InvalidInvoice(merged(failures))
    return reference


def _checked(job: Job, newer_than: float | None) -> tuple[ReferenceData, list[Failure]]:
    accounts = grouped_accounts([job.invoice], job.desk.export)
    reference = job.desk.economic.reference_data(accounts, newer_than=newer_than)
    return reference, check_invoice(job.invoice, job.desk.export, reference)


def doubt_reference_data(job: Job) -> None:
    """After a refusal: what was read earlier may be outdated, the customer's number too.

    A minute is fresh enough, so that many refusals in a row do not read everything as many times.
    """
    reference = job.desk.economic.reference_data(frozenset())
    forget_customer(job.desk, job.invoice, reference.agreement)
    job.fresh_since = job.desk.clock() - _FRESH


#: Only the newer journals service books a journal's entries (its documentation: bookdraftentries).
_BOOKING = "/journalsapi/v15.0.0/journals/{journal}/bookdraftentries"


@dataclass(frozen=True, kw_only=True, slots=True)
class VoucherRequest:
    """A voucher ready to be posted."""

    path: str
    #: Canonical JSON.
    body: str
    customer_number: int
    remarks: tuple[str, ...]


def voucher_request(job: Job, obtain: Obtain = find_or_create) -> VoucherRequest:
    """Return the posting of this invoice. Raises ``Rejected`` for what a person must change, and e-conomic's errors.

    The PDF is fetched and checked before anything is written, the customer's creation included.
    """
    reference = checked_reference(job)
    pdf_remarks = fetch_pdf(job)
    customer = customer_number(job.desk, job.invoice, reference, obtain)
    voucher = voucher_payload(job.invoice, job.desk.export, reference, job.record.id, customer)
    return VoucherRequest(
        path=f"/journals/{voucher.journal}/vouchers",
        body=encode(voucher.payload),
        customer_number=customer,
        remarks=(*voucher.remarks, *pdf_remarks),
    )


def attachment_request(journal: int | None, voucher: str, pdf: bytes) -> tuple[str, str]:
    """Return path and body of the upload; the ledger keeps the file's SHA-256 in the body's stead."""
    return f"/journals/{journal}/vouchers/{voucher}/attachment/file", hashlib.sha256(pdf).hexdigest()


def voucher_booking_request(journal: int | None, entries: Sequence[int]) -> tuple[str, str]:
    """Return path and body that book a voucher's entries, in whatever journal they stand now."""
    return _BOOKING.format(journal=journal), encode({"entryNumbers": entries})


def fetch_pdf(job: Job) -> tuple[str, ...]:
    """Have the PDF at hand as ``job.pdf``, asked for once in an execution; return what to remark when there is none.

    Raises ``Rejected`` when it is missing or wrong and the export insists on it, ``Retryable`` when its host does not
    answer.
    """
    if job.pdf_remarks is None:
        job.pdf, job.pdf_remarks = _asked_for(job)
    return job.pdf_remarks


def _asked_for(job: Job) -> tuple[bytes | None, tuple[str, ...]]:
    try:
        return _fetched(job, job.invoice.pdf), ()
    except Rejected as refusal:
        if job.desk.export.voucher.missing_pdf == "refuse":
            raise
        return None, (f"pdf: not attached ({refusal.failure.reason})",)


def _fetched(job: Job, pdf: Pdf | None) -> bytes:
    if pdf is None:
        text = f"Invoice {job.invoice.invoice_number} comes without a PDF."
        raise InvalidInvoice(failure(VoucherReason.PDF_MISSING, text, field="pdf"))
    return job.desk.pdfs.fetch(pdf)
