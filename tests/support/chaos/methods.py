"""By which method a run exports: its lines of the exports file, its PDFs, the writes that matter."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.pdf_fixtures import pages

from worker.domain.invoice import Invoice, Pdf
from worker.sandbox.seed import CLEARING, ROUNDING

_VOUCHER = f"""
method = "voucher"
[exports.main.codes.tax_rates]
"M25" = "U25"
"M0" = ""
[exports.main.voucher]
clearing_account = {CLEARING}
rounding_account = {ROUNDING}
"""
_VOUCHERS = ("POST /journals/*/vouchers", "POST /journals/*/attachment/file", "POST /customers", "*")


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method and how far it goes."""

    name: str
    #: Further lines of the export's entry in the exports file.
    entry: str = ""
    #: Routes whose answers get lost.
    writes: tuple[str, ...]
    #: Whether vouchers are posted.
    vouchers: bool = True
    #: Whether each invoice has a PDF of its own.
    printed: bool = True
    #: Whether an invoice ends in the books.
    books: bool = True
    #: Further ``OPTER_ECONOMIC_`` variables.
    settings: Mapping[str, str] = field(default_factory=dict)

    def prepared(self, folder: Path, every: Sequence[Invoice]) -> list[Invoice]:
        """Return the invoices as this method wants them; PDFs are printed to the folder."""
        return [printed(folder, invoice) for invoice in every] if self.printed else list(every)


INVOICE = Method(
    name="invoice",
    writes=("POST /invoices/drafts", "POST /invoices/booked", "POST /customers", "POST /products", "*"),
    vouchers=False,
    printed=False,
)
VOUCHER = Method(name="voucher", entry=_VOUCHER, writes=_VOUCHERS, books=False)
BOOKED_VOUCHER = Method(
    name="booked voucher", entry=f"{_VOUCHER}book = true\n", writes=("POST /journalsapi/*/bookdraftentries", *_VOUCHERS)
)
#: What may still be on its way of a call for many is waited for, half a minute here.
BULK_VOUCHER = Method(
    name="bulk voucher",
    entry=f'{_VOUCHER}missing_pdf = "post"\nbulk = 20\n',
    writes=("POST /journalsapi/*/draft-entries/bulk", "POST /journals/*/vouchers", "POST /customers", "*"),
    printed=False,
    books=False,
    settings={"http__key_memory_minutes": "0.5"},
)


def of_seed(seed: int) -> Method:
    """Return the voucher method for every third seed, with booking for every second of these."""
    return INVOICE if seed % 3 else (VOUCHER if seed % 2 else BOOKED_VOUCHER)


def printed(folder: Path, invoice: Invoice) -> Invoice:
    """Return the invoice with a PDF of its own, which lies in the folder."""
    content, path = pages(str(invoice.invoice_number)), folder / f"{invoice.invoice_number}.pdf"
    path.write_bytes(content)
    pdf = Pdf(url=path.as_uri(), sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    return invoice.model_copy(update={"pdf": pdf})
