"""A voucher that stands in e-conomic against the invoice that it should be."""

from worker.errors import Failure
from worker.invoicing.invoice import Invoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.reference import VoucherFound


def compare_voucher(invoice: Invoice, found: VoucherFound) -> Failure | None:
    """Return None when the customer owes the invoice's gross amount by this voucher, to the øre."""
    if found.gross == invoice.gross:
        return None
    where = "is booked" if found.booked else f"stands in journal {found.journal}"
    text = (
        f"Voucher {found.number} of {found.year} {where} with {found.gross} on the customer; "
        f"Opter's gross amount is {invoice.gross} {invoice.currency}."
    )
    return failure(Reason.VOUCHER_DIFFERS, text, field="gross", value=str(invoice.gross))
