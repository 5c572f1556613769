"""Payments and matches in the ledger: what a bookkeeper or a bank's file enters in the real e-conomic."""

from decimal import Decimal

from worker.sandbox.resources.ledger import add_row, next_voucher
from worker.sandbox.resources.totals import in_base
from worker.sandbox.state import Agreement, Call, Json

#: Account of the bank (see the seed).
BANK = 5820


def pay(agreement: Agreement, invoice: int, amount: Decimal, day: str, call: Call) -> Json:
    """Enter a payment of an invoice and match the two as far as they go; a negative one takes a payment back.

    Raises:
        KeyError: the ledger has no entry of the invoice.

    """
    owing = open_entry(agreement, invoice)
    left: Decimal = owing["remainder"]
    matched = min(amount, left) if amount > 0 else amount
    if owing["amount"] < 0:
        matched = max(amount, left) if amount < 0 else amount
    shared: Json = {
        "year": owing["year"],
        "voucherNumber": next_voucher(agreement),
        "entryType": "customerPayment",
        "date": day,
        "text": f"Betaling {invoice}",
        "currency": owing["currency"],
    }
    customer = {"customer": owing["customer"], "invoice": invoice, "remainder": matched - amount, "dueDate": day}
    row = add_row(agreement, shared | customer | _amounts(owing["account"], -amount, agreement, owing), call)
    add_row(agreement, shared | _amounts(BANK, amount, agreement, owing), call)
    owing["remainder"] = left - matched
    return row


def open_entry(agreement: Agreement, invoice: int) -> Json:
    """Return the customer's entry of an invoice. Raises ``KeyError``."""
    kinds = ("customerInvoice", "manualCustomerInvoices")
    rows = (row for row in agreement.booked_entries if row["invoice"] == invoice and row["customer"] is not None)
    found = next((row for row in rows if row["entryType"] in kinds), None)
    if found is None:
        raise KeyError(f"entry of invoice {invoice}")
    return found


def _amounts(account: int, amount: Decimal, agreement: Agreement, owing: Json) -> Json:
    rate = agreement.rates.get(owing["currency"]["code"], Decimal(100))
    return {"account": account, "amount": amount, "amountInBaseCurrency": in_base(amount, rate)}
