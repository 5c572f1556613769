"""The sample period as a haulier has it who exports vouchers: more VAT codes in Opter, and a PDF of every invoice."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.domain.invoice import Invoice, InvoiceType, Pdf
from worker.economic.mapping.draft import heading
from worker.local.demo.printed_pdf import one_page
from worker.local.demo.sample import MISSING_ACCOUNT, Sample, sample
from worker.local.demo.sample_customers import AMBIGUOUS

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
        invoices=tuple(_announced(_coded(one), folder) for one in plain.invoices),
        corrected=_announced(plain.corrected, folder),
    )
    return PrintedSample(sample=period, late=tuple(_quiet(period)[:_LATE]))


def print_invoices(invoices: Sequence[Invoice], folder: Path) -> None:
    """Write the invoices' PDFs where they were announced."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in invoices:
        _place(one, folder).write_bytes(_printed(one))


def _coded(invoice: Invoice) -> Invoice:
    """Give lines for customers abroad the accounts and VAT codes that a voucher takes from Opter alone."""
    if invoice.customer.country not in _ABROAD:
        return invoice
    beginning, code = _ABROAD[invoice.customer.country]
    lines = (
        one.model_copy(update={"sales_account": beginning + one.sales_account[2:], "vat_code": code})
        for one in invoice.lines
    )
    return invoice.model_copy(update={"lines": tuple(lines)})


def _announced(invoice: Invoice, folder: Path) -> Invoice:
    content = _printed(invoice)
    digest = hashlib.sha256(content).hexdigest()
    pdf = Pdf(url=_place(invoice, folder).as_uri(), sha256=digest, bytes=len(content))
    return invoice.model_copy(update={"pdf": pdf})


def _place(invoice: Invoice, folder: Path) -> Path:
    return folder / f"{invoice.invoice_number}.pdf"


def _printed(invoice: Invoice) -> bytes:
    title = f"{heading(invoice)} {invoice.invoice_number}"
    return one_page((title, invoice.customer.name, f"I alt {invoice.gross} {invoice.currency}"))


def _quiet(period: Sample) -> list[Invoice]:
    """Return ordinary invoices that nothing else happens to."""
    credited = {one.credits_invoice_number for one in period.invoices}
    return [
        one
        for one in period.invoices
        if one.invoice_type is InvoiceType.INVOICE
        and one.invoice_number not in {*credited, period.corrected.invoice_number}
        and one.customer.code != f"K{AMBIGUOUS}"
        and all(line.sales_account != MISSING_ACCOUNT for line in one.lines)
    ]
