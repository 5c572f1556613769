"""To the øre: what e-conomic computed against what Opter invoiced."""

from decimal import Decimal

from worker.errors import Failure
from worker.invoicing.invoice import Invoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.reference import Document


def compare_totals(invoice: Invoice, document: Document, tolerance: Decimal) -> Failure | None:
    """Return None when currency, net, VAT and gross agree within ``tolerance`` (in the invoice's currency)."""
    if document.currency != invoice.currency:
        return failure(
            Reason.TOTALS_MISMATCH,
            f"The invoice is in {invoice.currency}, the one in e-conomic in {document.currency}.",
            field="currency",
            value=invoice.currency,
        )
    wrong = [name for name, ours, theirs in _pairs(invoice, document) if abs(ours - theirs) > tolerance]
    return _mismatch(invoice, document, wrong) if wrong else None


def _pairs(invoice: Invoice, document: Document) -> tuple[tuple[str, Decimal, Decimal], ...]:
    return (
        ("net", invoice.net, document.net),
        ("vat", invoice.vat, document.vat),
        ("gross", invoice.gross, document.gross),
    )


def _mismatch(invoice: Invoice, document: Document, wrong: list[str]) -> Failure:
    text = (
        f"Opter: net {invoice.net}, VAT {invoice.vat}, gross {invoice.gross} {invoice.currency}. "
        f"e-conomic: net {document.net}, VAT {document.vat}, gross {document.gross} {document.currency}. "
        f"They differ in {' and '.join(wrong)}."
    )
    return failure(Reason.TOTALS_MISMATCH, text, field=wrong[0], value=str(getattr(invoice, wrong[0])))
