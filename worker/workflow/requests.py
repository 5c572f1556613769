"""Requests ready to be sent: master data, customer, products and PDF gathered, then the frozen body."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from worker.domain.identity import canonical_json
from worker.domain.invoice import Invoice, Pdf
from worker.domain.reasons import failure, merged
from worker.domain.record import Step
from worker.economic.mapping.dates import on_hold, waits
from worker.economic.mapping.documents import booking_payload, draft_payload
from worker.economic.mapping.exchange_rates import needs_booked_rates
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.period_check import (
    check_against_agreement,
    grouped_accounts,
    needs_own_zone,
    sales_accounts,
)
from worker.economic.mapping.reasons import VoucherReason, set_up_related
from worker.economic.mapping.voucher_entries import draft_entries
from worker.economic.mapping.voucher_payload import Voucher, open_journal, voucher_payload
from worker.economic.port import Economic
from worker.errors import Failure, InvalidInvoice, OnHold, Rejected
from worker.workflow.customers_and_products import customer_number, doubt_customer, own_vat_zone, product_number
from worker.workflow.execution import Execution
from worker.workflow.single_flight import Obtain, find_or_create

#: Seconds between two checks whether the books have been opened.
RECHECK_BOOKS = 3600.0
#: Seconds for which master data count as fresh after a refusal, and a reading of closed periods while invoices wait.
_FRESH, _FRESH_PERIODS = 60.0, 300.0
#: Only the newer journals service books a journal's entries (its documentation: bookdraftentries).
_BOOKING = "/journalsapi/v15.0.0/journals/{journal}/bookdraftentries"
#: The same service posts up to 500 entries by one call, all of them or none.
_BULK = "/journalsapi/v15.0.0/draft-entries/bulk"


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateRequest:
    """The write that creates the draft or voucher of an invoice."""

    step: Step
    path: str
    #: Canonical JSON.
    body: str
    #: e-conomic's customer number.
    customer_number: int
    #: What differs from the source.
    remarks: tuple[str, ...]


def draft_request(execution: Execution, obtain: Obtain = find_or_create) -> CreateRequest:
    """Return the draft of this invoice. Raises ``Rejected`` for what a person must change, and e-conomic's errors."""
    master_data = checked_master_data(execution)
    customer = customer_number(execution, master_data, obtain)
    products = {
        account: product_number(execution, account, master_data, obtain)
        for account in sorted(sales_accounts([execution.invoice]))
    }
    draft = draft_payload(
        execution.invoice,
        execution.context.export,
        master_data,
        execution.record.id,
        customer,
        products,
        execution.own_zone,
    )
    return CreateRequest(
        step=Step.DRAFT,
        path="/invoices/drafts",
        body=canonical_json(draft.payload),
        customer_number=customer,
        remarks=draft.remarks,
    )


def booking_request(execution: Execution, draft_number: int) -> str:
    """Return the body that books this invoice's draft."""
    number = execution.invoice.invoice_number if execution.context.export.booking.numbers == "opter" else None
    return canonical_json(booking_payload(draft_number, number))


def checked_master_data(execution: Execution) -> MasterData:
    """Return master data that this invoice can be mapped with; what is missing is read once more before it is believed.

    Raises ``InvalidInvoice``, and ``OnHold`` when it has to wait for the books to be opened.
    """
    export, now = execution.context.export, execution.context.clock()
    master_data, failures = _checked(execution, execution.fresh_since)
    if any(map(set_up_related, failures)):
        # A whole period may wait for one closed month: each of its invoices does not need a reading of its own.
        newer_than = now - _FRESH_PERIODS if waits(failures, export) else now
        master_data, failures = _checked(execution, newer_than)
    if waits(failures, export):
        raise OnHold(on_hold(merged(failures)), retry_after=RECHECK_BOOKS)
    if failures:
        raise InvalidInvoice(merged(failures))
    return master_data


def _checked(execution: Execution, newer_than: float | None) -> tuple[MasterData, list[Failure]]:
    accounts = grouped_accounts([execution.invoice], execution.context.export)
    economic = execution.context.economic
    master_data = with_booked_rates(
        economic, economic.master_data(accounts, newer_than=newer_than), [execution.invoice]
    )
    failures = check_against_agreement(execution.invoice, execution.context.export, master_data, execution.own_zone)
    if execution.own_zone is None and any(map(needs_own_zone, failures)):
        execution.own_zone = own_vat_zone(execution.context, execution.invoice)
        failures = check_against_agreement(execution.invoice, execution.context.export, master_data, execution.own_zone)
    return master_data, failures


def with_booked_rates(economic: Economic, master_data: MasterData, invoices: Iterable[Invoice]) -> MasterData:
    """Return the master data with the rates that e-conomic booked last, if any of these invoices states a rate."""
    base = master_data.base_currency
    if not any(needs_booked_rates(invoice, base) for invoice in invoices):
        return master_data
    return replace(master_data, booked_rates=economic.booked_rates(base))


def doubt_master_data(execution: Execution) -> None:
    """After a refusal: what was read earlier may be outdated, the customer's number too.

    A minute is fresh enough, so that many refusals in a row do not read everything as many times.
    """
    master_data = execution.context.economic.master_data(frozenset())
    doubt_customer(execution.context, execution.invoice, master_data.agreement)
    execution.fresh_since = execution.context.clock() - _FRESH


def voucher_request(execution: Execution, obtain: Obtain = find_or_create) -> CreateRequest:
    """Return the posting of this invoice. Raises ``Rejected`` for what a person must change, and e-conomic's errors.

    The PDF is fetched and checked before anything is written, the customer's creation included.
    """
    voucher, customer, remarks = _voucher(execution, obtain)
    path, body = f"/journals/{voucher.journal}/vouchers", canonical_json(voucher.payload)
    return CreateRequest(step=Step.VOUCHER, path=path, body=body, customer_number=customer, remarks=remarks)


def bulk_request(execution: Execution, obtain: Obtain = find_or_create) -> CreateRequest | None:
    """Return this invoice's part of a posting of many, the array of its entries; None when it has to go by itself.

    Raises as ``voucher_request`` does.
    """
    voucher, customer, remarks = _voucher(execution, obtain)
    master_data = execution.context.economic.master_data(frozenset())
    series = open_journal(execution.context.export, master_data).series
    entries = draft_entries(voucher, execution.invoice, series)
    if entries is None:
        return None
    body = canonical_json(entries)
    return CreateRequest(step=Step.BULK_VOUCHER, path=_BULK, body=body, customer_number=customer, remarks=remarks)


def _voucher(execution: Execution, obtain: Obtain) -> tuple[Voucher, int, tuple[str, ...]]:
    master_data = checked_master_data(execution)
    pdf_remarks = fetch_pdf(execution)
    customer = customer_number(execution, master_data, obtain)
    voucher = voucher_payload(execution.invoice, execution.context.export, master_data, execution.record.id, customer)
    return voucher, customer, (*voucher.remarks, *pdf_remarks)


def attachment_request(journal: int | None, voucher: str, pdf: bytes) -> tuple[str, str]:
    """Return path and body of the upload; the record keeps the file's SHA-256 in place of a body."""
    return f"/journals/{journal}/vouchers/{voucher}/attachment/file", hashlib.sha256(pdf).hexdigest()


def voucher_booking_request(journal: int | None, entries: Sequence[int]) -> tuple[str, str]:
    """Return path and body that book a voucher's entries, in whatever journal they stand now."""
    return _BOOKING.format(journal=journal), canonical_json({"entryNumbers": entries})


def fetch_pdf(execution: Execution) -> tuple[str, ...]:
    """Fetch the PDF to ``execution.pdf``, once in an execution; return what to remark when there is none.

    Raises ``Rejected`` when it is missing or wrong and the export insists on it, ``Retryable`` when its host does not
    answer.
    """
    if execution.pdf_remarks is None:
        execution.pdf, execution.pdf_remarks = _pdf_or_remarks(execution)
    return execution.pdf_remarks


def _pdf_or_remarks(execution: Execution) -> tuple[bytes | None, tuple[str, ...]]:
    try:
        return _fetch(execution, execution.invoice.pdf), ()
    except Rejected as refusal:
        if execution.context.export.voucher.missing_pdf == "refuse":
            raise
        return None, (f"pdf: not attached ({refusal.failure.reason})",)


def _fetch(execution: Execution, pdf: Pdf | None) -> bytes:
    if pdf is None:
        text = f"Invoice {execution.invoice.invoice_number} comes without a PDF."
        raise InvalidInvoice(failure(VoucherReason.PDF_MISSING, text, field="pdf"))
    return execution.context.pdfs.fetch(pdf)
