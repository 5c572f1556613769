"""Everything that a voucher needs, gathered: reference data, PDF, customer; then the payload, frozen."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from worker.errors import InvalidInvoice, Rejected
from worker.export.job import Job
from worker.export.parties import customer_number
from worker.export.prepare import checked_reference
from worker.export.shared import Obtain, find_or_create
from worker.invoicing.encoding import encode
from worker.invoicing.invoice import Pdf
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.vouchers.payload import voucher_payload

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


def booking_request(journal: int | None, entries: Sequence[int]) -> tuple[str, str]:
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
        raise InvalidInvoice(failure(Reason.PDF_MISSING, text, field="pdf"))
    return job.desk.pdfs.fetch(pdf)
