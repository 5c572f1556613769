"""Drafts and vouchers ready to be sent: master data, customer, products and PDF gathered, then the frozen body."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain.identity import canonical_json
from worker.domain.invoice import Pdf
from worker.domain.reasons import failure, merged
from worker.economic.mapping.accounting_years import on_hold, waits
from worker.economic.mapping.draft import booking_payload, draft_payload
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.period_check import check_against_agreement, grouped_accounts, sales_accounts
from worker.economic.mapping.reasons import VoucherReason, set_up_related
from worker.economic.mapping.voucher_payload import voucher_payload
from worker.errors import Failure, InvalidInvoice, OnHold, Rejected
from worker.workflow.customers_and_products import customer_number, forget_customer, product_number
from worker.workflow.execution import Execution
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


def draft_request(execution: Execution, obtain: Obtain = find_or_create) -> DraftRequest:
    """Return the draft of this invoice. Raises ``Rejected`` for what a person must change, and e-conomic's errors."""
    master_data = checked_master_data(execution)
    customer = customer_number(execution.context, execution.invoice, master_data, obtain)
    products = {
        account: product_number(execution.context, account, master_data, obtain)
        for account in sorted(sales_accounts([execution.invoice]))
    }
    draft = draft_payload(
        execution.invoice, execution.context.export, master_data, execution.record.id, customer, products
    )
    return DraftRequest(body=canonical_json(draft.payload), customer_number=customer, remarks=draft.remarks)


def booking_request(execution: Execution, draft_number: int) -> str:
    """Return the body that books this invoice's draft."""
    number = execution.invoice.invoice_number if execution.context.export.booking.numbers == "opter" else None
    return canonical_json(booking_payload(draft_number, number))


def checked_master_data(execution: Execution) -> MasterData:
    """Return reference data that this invoice can be mapped with; what is missing is re-read once before believed.

    Raises ``InvalidInvoice``, and ``OnHold`` when it has to wait for the books to be opened.
    """
    export, now = execution.context.export, execution.context.clock()
    master_data, failures = _checked(execution, execution.fresh_since)
    if any(set_up_related(one) for one in failures):
        # A whole period may wait for one closed month: each of its invoices does not need a reading of its own.
        newer_than = now - _HELD_READING if waits(failures, export) else now
        master_data, failures = _checked(execution, newer_than)
    if waits(failures, export):
        raise OnHold(on_hold(merged(failures)), retry_after=HELD_FOR)
    if failures:
        raise InvalidInvoice(merged(failures))
    return master_data


def _checked(execution: Execution, newer_than: float | None) -> tuple[MasterData, list[Failure]]:
    accounts = grouped_accounts([execution.invoice], execution.context.export)
    master_data = execution.context.economic.master_data(accounts, newer_than=newer_than)
    return master_data, check_against_agreement(execution.invoice, execution.context.export, master_data)


def doubt_master_data(execution: Execution) -> None:
    """After a refusal: what was read earlier may be outdated, the customer's number too.

    A minute is fresh enough, so that many refusals in a row do not read everything as many times.
    """
    master_data = execution.context.economic.master_data(frozenset())
    forget_customer(execution.context, execution.invoice, master_data.agreement)
    execution.fresh_since = execution.context.clock() - _FRESH


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


def voucher_request(execution: Execution, obtain: Obtain = find_or_create) -> VoucherRequest:
    """Return the posting of this invoice. Raises ``Rejected`` for what a person must change, and e-conomic's errors.

    The PDF is fetched and checked before anything is written, the customer's creation included.
    """
    master_data = checked_master_data(execution)
    pdf_remarks = fetch_pdf(execution)
    customer = customer_number(execution.context, execution.invoice, master_data, obtain)
    voucher = voucher_payload(execution.invoice, execution.context.export, master_data, execution.record.id, customer)
    return VoucherRequest(
        path=f"/journals/{voucher.journal}/vouchers",
        body=canonical_json(voucher.payload),
        customer_number=customer,
        remarks=(*voucher.remarks, *pdf_remarks),
    )


def attachment_request(journal: int | None, voucher: str, pdf: bytes) -> tuple[str, str]:
    """Return path and body of the upload; the ledger keeps the file's SHA-256 in the body's stead."""
    return f"/journals/{journal}/vouchers/{voucher}/attachment/file", hashlib.sha256(pdf).hexdigest()


def voucher_booking_request(journal: int | None, entries: Sequence[int]) -> tuple[str, str]:
    """Return path and body that book a voucher's entries, in whatever journal they stand now."""
    return _BOOKING.format(journal=journal), canonical_json({"entryNumbers": entries})


def fetch_pdf(execution: Execution) -> tuple[str, ...]:
    """Have the PDF at hand as ``job.pdf``, asked for once in an execution; return what to remark when there is none.

    Raises ``Rejected`` when it is missing or wrong and the export insists on it, ``Retryable`` when its host does not
    answer.
    """
    if execution.pdf_remarks is None:
        execution.pdf, execution.pdf_remarks = _asked_for(execution)
    return execution.pdf_remarks


def _asked_for(execution: Execution) -> tuple[bytes | None, tuple[str, ...]]:
    try:
        return _fetched(execution, execution.invoice.pdf), ()
    except Rejected as refusal:
        if execution.context.export.voucher.missing_pdf == "refuse":
            raise
        return None, (f"pdf: not attached ({refusal.failure.reason})",)


def _fetched(execution: Execution, pdf: Pdf | None) -> bytes:
    if pdf is None:
        text = f"Invoice {execution.invoice.invoice_number} comes without a PDF."
        raise InvalidInvoice(failure(VoucherReason.PDF_MISSING, text, field="pdf"))
    return execution.context.pdfs.fetch(pdf)
