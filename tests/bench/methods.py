"""The methods of export that are measured."""

import hashlib
from pathlib import Path

from bench.invoices import of_known_customers
from bench.method import Method

from worker.domain.invoice import Invoice, Pdf

PDF_BYTES = 20_000
VOUCHER = """
method = "voucher"
voucher = { clearing_account = 5990, rounding_account = 4990 }
codes = { tax_rates = { M25 = "U25", M0 = "" } }
"""


def _plain(_: Path, count: int, first: int) -> list[Invoice]:
    return of_known_customers(count, first=first)


def _printed(folder: Path, count: int, first: int) -> list[Invoice]:
    return [
        invoice.model_copy(update={"pdf": _pdf(folder, invoice)}) for invoice in of_known_customers(count, first=first)
    ]


def _pdf(folder: Path, invoice: Invoice) -> Pdf:
    content = f"%PDF-1.4\n1 0 obj\n<< /Type /Page >>\nendobj\n% {invoice.invoice_number}\n".encode().ljust(PDF_BYTES)
    file = folder / f"{invoice.invoice_number}.pdf"
    file.write_bytes(content)
    return Pdf(url=file.as_uri(), sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


METHODS = (
    Method(name="invoice", note="drafted and booked", entry="", invoices=_plain),
    Method(name="voucher", note=f"a PDF of {PDF_BYTES // 1000} kB each", entry=VOUCHER, invoices=_printed),
)
