"""What a reader of the invoice in e-conomic finds beside its lines; in Danish, as the ledger's readers are."""

from worker.invoicing.invoice import Invoice, InvoiceType
from worker.invoicing.money import ZERO


def is_credit(invoice: Invoice) -> bool:
    """Tell whether it is a credit note: e-conomic has no document type, a negative total is one."""
    if invoice.gross == ZERO:
        return invoice.invoice_type is InvoiceType.CORRECTION
    return invoice.gross < ZERO


def heading(invoice: Invoice) -> str:
    """Return the word over the invoice."""
    return "Kreditnota" if is_credit(invoice) else "Faktura"


def text_line(invoice: Invoice, *, with_number: bool) -> str:
    """Return the references; ``with_number``: Opter's number too, because e-conomic gives one of its own.

    What has to survive a cut at e-conomic's limit comes first, the order numbers last.
    """
    parts = (
        f"Fakturanr. i Opter: {invoice.invoice_number}" if with_number else "",
        f"Krediterer faktura {invoice.credits_invoice_number}" if invoice.credits_invoice_number else "",
        f"Deres ref.: {invoice.your_reference}" if invoice.your_reference else "",
        f"Ordrer: {', '.join(invoice.order_numbers)}" if invoice.order_numbers else "",
    )
    return "\n".join(part for part in parts if part)
