"""What keeps an invoice from being posted as a voucher."""

from functools import partial

from config.exports import Export
from worker.errors import Failure, InvalidInvoice
from worker.invoicing import terms
from worker.invoicing.collecting import collected
from worker.invoicing.invoice import Invoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.reference import ReferenceData
from worker.invoicing.vouchers.mapping import ledger_account, named_accounts, open_journal, vat_code
from worker.invoicing.vouchers.payload import voucher_payload


def check_voucher(invoice: Invoice, export: Export, reference: ReferenceData) -> list[Failure]:
    """Return every refusal of mapping and arithmetic; the last check is the voucher itself, for any customer.

    Payment terms matter to new customers only, but whether one is new is not known before its invoice's turn.
    """
    lines = [
        check
        for line in invoice.lines
        for check in (
            partial(vat_code, line, export, reference),
            partial(ledger_account, line.sales_account, export, reference),
        )
    ]
    return collected(
        lambda: open_journal(export, reference),
        lambda: named_accounts(export, reference),
        lambda: _new_customers_terms(invoice, export, reference),
        *lines,
        lambda: voucher_payload(invoice, export, reference, f"{export.name}-{invoice.invoice_number}", 1),
        lambda: _pdf(invoice, export),
    )


def _new_customers_terms(invoice: Invoice, export: Export, reference: ReferenceData) -> None:
    if export.customers.payment_terms is None:
        terms.choose(invoice.payment_condition, reference.payment_terms, export.codes.payment_conditions)


def _pdf(invoice: Invoice, export: Export) -> None:
    if invoice.pdf is None and export.voucher.missing_pdf == "refuse":
        text = f"Invoice {invoice.invoice_number} comes without a PDF."
        raise InvalidInvoice(failure(Reason.PDF_MISSING, text, field="pdf"))
