"""The harness with vouchers posted many at a time: invoices for it, and what e-conomic then holds of each."""

from collections import Counter
from decimal import Decimal
from typing import Any

from support.harness import Harness
from support.samples import customer, line
from support.voucher_harness import sample, settings, vouchers

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.sandbox.resources.voucher_schema import entries_of

FIRST = 100_353
EXPORT = settings(bulk=250, missing_pdf="post")
_BARRED = 3030


def invoices(count: int, first: int = FIRST) -> list[Invoice]:
    """Every third one has two accounts, and so three entries over the clearing account."""
    return [_invoice(first + n, n) for n in range(count)]


def _invoice(number: int, n: int) -> Invoice:
    lines = [line(f"{100 + n}.00"), *([line("20.00", account="3012", rate="0.00")] if n % 3 == 0 else [])]
    known = customer(code=f"C-{n}", ledger_number=1001 + n % 20, corporate_id=None)
    return sample(*lines, invoice_number=number, customer=known)


def installed(export: ExportConfig = EXPORT) -> Harness:
    """A journal whose voucher series holds the invoices' numbers."""
    harness = Harness(export)
    series = {"minimumVoucherNumber": 10_001, "maximumVoucherNumber": 899_999}
    harness.sandbox.agreement.journals[1]["settings"]["voucherNumbers"] = series
    return harness


def to_be_refused(source: Invoice) -> Invoice:
    """Return the invoice with revenue on an account that ``bar`` bars."""
    only = line("77.00", account=str(_BARRED))
    return sample(only, invoice_number=source.invoice_number, customer=source.customer)


def bar(harness: Harness) -> None:
    """A bookkeeper bars an account after the check of a period: e-conomic refuses what is posted to it."""
    harness.sandbox.agreement.accounts[_BARRED]["barred"] = True


def owed(harness: Harness) -> dict[str, Decimal]:
    """What the customer owes by each voucher, by the number that its text ends in."""
    rows = [(kind, entry) for voucher in vouchers(harness).values() for kind, entry in entries_of(voucher)]
    sums: Counter[str] = Counter()
    for kind, entry in rows:
        if kind == "manualCustomerInvoices":
            sums[reference_of(entry)] += entry["amount"]
    return {reference: Decimal(amount) for reference, amount in sums.items()}


def wanted(*every: Invoice) -> dict[str, Decimal]:
    return {f"main-{each.invoice_number}": each.gross for each in every}


def bulks(harness: Harness) -> list[list[Any]]:
    """The entries of each call for many."""
    log = harness.sandbox.server_state.request_log.entries
    return [entry.body for entry in log if entry.path.endswith("/bulk")]


def reference_of(entry: Any) -> str:
    """The invoice that an entry is marked with."""
    return str(entry["text"]).rpartition("[")[2].strip("]")
