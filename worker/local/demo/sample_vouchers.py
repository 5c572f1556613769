"""The sample period of a haulier who exports vouchers: more VAT codes in Opter, and a PDF of every invoice."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.domain.invoice import Invoice, InvoiceType, Pdf
from worker.domain.money import ZERO
from worker.local.demo.sample import MISSING_ACCOUNT, Sample, sample
from worker.local.demo.sample_invoices import AMBIGUOUS

#: Opter's VAT code -> e-conomic's, as the demo's exports file pairs them.
TAX_RATES = {"M25": "U25", "M0": "U0", "EU": "UEUY", "EXP": "UABR"}
#: Beginning of the sales accounts for customers in these countries, and their VAT code; others are domestic.
_ABROAD = dict.fromkeys(("SE", "DE", "NL"), ("31", "EU")) | dict.fromkeys(("NO", "GB", "CH"), ("32", "EXP"))
#: How many printed invoices are not in their place yet when the period is closed.
_LATE = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintedSample:
    """The period, each invoice with its PDF, and those whose PDF comes late."""

    sample: Sample
    late: tuple[Invoice, ...]


def voucher_sample(folder: Path) -> PrintedSample:
    """Return the sample period; its PDFs are announced in ``folder``, none of them is written yet."""
    plain = sample()
    period = Sample(
        invoices=tuple(announced(_coded(invoice), folder) for invoice in plain.invoices),
        corrected=announced(plain.corrected, folder),
    )
    return PrintedSample(sample=period, late=tuple(_quiet(period)[:_LATE]))


def print_invoices(invoices: Sequence[Invoice], folder: Path) -> None:
    """Write the invoices' PDFs where they were announced."""
    folder.mkdir(parents=True, exist_ok=True)
    for invoice in invoices:
        _place(invoice, folder).write_bytes(_printed(invoice))


def _coded(invoice: Invoice) -> Invoice:
    """Give lines for customers abroad the accounts and VAT codes that a voucher takes from Opter alone."""
    if invoice.customer.country not in _ABROAD:
        return invoice
    beginning, code = _ABROAD[invoice.customer.country]
    lines = (
        line.model_copy(update={"sales_account": beginning + line.sales_account[2:], "vat_code": code})
        for line in invoice.lines
    )
    return invoice.model_copy(update={"lines": tuple(lines)})


def announced(invoice: Invoice, folder: Path) -> Invoice:
    """Return the invoice with its PDF announced in ``folder``."""
    content = _printed(invoice)
    digest = hashlib.sha256(content).hexdigest()
    pdf = Pdf(url=_place(invoice, folder).as_uri(), sha256=digest, bytes=len(content))
    return invoice.model_copy(update={"pdf": pdf})


def _place(invoice: Invoice, folder: Path) -> Path:
    return folder / f"{invoice.invoice_number}.pdf"


def _printed(invoice: Invoice) -> bytes:
    title = f"{'Kreditnota' if invoice.gross < ZERO else 'Faktura'} {invoice.invoice_number}"
    return one_page_pdf((title, invoice.customer.name, f"I alt {invoice.gross} {invoice.currency}"))


def _quiet(period: Sample) -> list[Invoice]:
    """Return ordinary invoices that nothing else happens to."""
    credited = {invoice.credits_invoice_number for invoice in period.invoices}
    return [
        invoice
        for invoice in period.invoices
        if invoice.invoice_type is InvoiceType.INVOICE
        and invoice.invoice_number not in {*credited, period.corrected.invoice_number}
        and invoice.customer.code != f"K{AMBIGUOUS}"
        and all(line.sales_account != MISSING_ACCOUNT for line in invoice.lines)
    ]


_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
)
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
_HEAD = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"


def one_page_pdf(lines: Sequence[str]) -> bytes:
    """Return the smallest PDF of one A4 page that shows these lines (ISO 32000-1), always the same bytes."""
    text = b"BT /F1 14 Tf 60 780 Td 22 TL " + b" ".join(b"(%s) Tj T*" % _literal(line) for line in lines) + b" ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        _FONT,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    )
    return _file([b"%d 0 obj\n%s\nendobj\n" % (number, body) for number, body in enumerate(objects, start=1)])


def _file(objects: Sequence[bytes]) -> bytes:
    """Put the objects behind each other, and behind them where each begins."""
    starts = [len(_HEAD) + sum(map(len, objects[:at])) for at in range(len(objects) + 1)]
    table = b"".join(b"%010d 00000 n \n" % start for start in starts[:-1])
    size = len(objects) + 1
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, starts[-1])
    return _HEAD + b"".join(objects) + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + tail


def _literal(line: str) -> bytes:
    """Escape what would end a text; letters that the font does not have become question marks."""
    raw = line.encode("cp1252", errors="replace")
    return raw.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
