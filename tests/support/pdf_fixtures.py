"""A place for PDFs in memory, and a real, small PDF for an invoice."""

import hashlib
from dataclasses import dataclass, field

from worker.domain.invoice import Invoice, Pdf
from worker.domain.reasons import ReasonCode, failure
from worker.economic.mapping.reasons import VoucherReason
from worker.errors import Failure, Rejected


@dataclass(kw_only=True)
class PdfFixtures:
    """See ``PdfSource``: what is put on it can be fetched; ``trouble`` is raised instead while it is set."""

    files: dict[str, bytes] = field(default_factory=dict)
    trouble: Exception | None = None
    #: Addresses that were asked for, in order.
    asked: list[str] = field(default_factory=list)

    def fetch(self, pdf: Pdf) -> bytes:
        self.asked.append(pdf.url)
        if self.trouble:
            raise self.trouble
        if pdf.url not in self.files:
            raise Rejected(_told(VoucherReason.PDF_MISSING, "The PDF: The file is not there."))
        content = self.files[pdf.url]
        if hashlib.sha256(content).hexdigest() != pdf.sha256:
            raise Rejected(_told(VoucherReason.PDF_UNUSABLE, "The PDF has another SHA-256 than announced."))
        return content

    def printed(self, invoice: Invoice) -> Invoice:
        """Return the invoice with a PDF that lies on this shelf."""
        content = pages(str(invoice.invoice_number))
        url = f"file:///prints/{invoice.invoice_number}.pdf"
        self.files[url] = content
        pdf = Pdf(url=url, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        return invoice.model_copy(update={"pdf": pdf})


def pages(text: str) -> bytes:
    """Return a PDF of one page, different for each text."""
    return f"%PDF-1.4\n1 0 obj\n<< /Type /Page >>\nendobj\n% {text}\n%%EOF\n".encode()


def _told(reason: ReasonCode, text: str) -> Failure:
    return failure(reason, text, field="pdf.url")
