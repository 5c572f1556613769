"""Invoices of known customers, as a haulier sends them: two lines, with and without VAT, some of them credits."""

from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice

#: Customers of the sandbox's standard agreement: number 1001 and the following.
CUSTOMERS = 30


def of_known_customers(count: int, *, first: int) -> list[Invoice]:
    """Return so many invoices, numbered from ``first``."""
    return [_invoice(first + n, n) for n in range(count)]


def _invoice(number: int, n: int) -> Invoice:
    return invoice(
        line(f"{100 + n % 900}.{n % 100:02d}"),
        line("-20.00" if n % 3 else "-481.00", account="3012", rate="0.00"),
        invoice_number=number,
        customer=customer(code=f"C-{n % CUSTOMERS}", ledger_number=1001 + n % CUSTOMERS, corporate_id=None),
    )
