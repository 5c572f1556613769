"""A voucher that stands in e-conomic against the invoice that it should be."""

from functools import partial

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.reasons import collected, failure
from worker.economic.mapping import payment_terms
from worker.economic.mapping.master_data import MasterData, VoucherFound
from worker.economic.mapping.reasons import VoucherReason
from worker.economic.mapping.voucher_accounts import ledger_account, named_accounts, open_journal, vat_code
from worker.economic.mapping.voucher_payload import voucher_payload
from worker.errors import Failure, InvalidInvoice


def check_voucher(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> list[Failure]:
    """Return every refusal of mapping and arithmetic; the last check is the voucher itself, for any customer.

    Payment terms matter to new customers only, but whether one is new is not known before its invoice's turn.
    """
    lines = [
        check
        for line in invoice.lines
        for check in (
            partial(vat_code, line, export, master_data),
            partial(ledger_account, line.sales_account, export, master_data),
        )
    ]
    return collected(
        lambda: open_journal(export, master_data),
        lambda: named_accounts(export, master_data),
        lambda: _new_customers_terms(invoice, export, master_data),
        *lines,
        lambda: voucher_payload(invoice, export, master_data, f"{export.name}-{invoice.invoice_number}", 1),
        lambda: _pdf(invoice, export),
    )


def _new_customers_terms(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> None:
    if export.customers.payment_terms is None:
        payment_terms.choose(invoice.payment_condition, master_data.payment_terms, export.codes.payment_conditions)


def _pdf(invoice: Invoice, export: ExportConfig) -> None:
    if invoice.pdf is None and export.voucher.missing_pdf == "refuse":
        text = f"Invoice {invoice.invoice_number} comes without a PDF."
        raise InvalidInvoice(failure(VoucherReason.PDF_MISSING, text, field="pdf"))


def compare_voucher(invoice: Invoice, found: VoucherFound) -> Failure | None:
    """Return None when the customer owes the invoice's gross amount by this voucher, to the øre."""
    if found.gross == invoice.gross:
        return None
    where = "is booked" if found.booked else f"stands in journal {found.journal}"
    text = (
        f"Voucher {found.number} of {found.year} {where} with {found.gross} on the customer; "
        f"Opter's gross amount is {invoice.gross} {invoice.currency}."
    )
    return failure(VoucherReason.VOUCHER_DIFFERS, text, field="gross", value=str(invoice.gross))
