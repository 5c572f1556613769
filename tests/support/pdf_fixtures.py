"""PDFs in memory, and a real, small PDF for an invoice."""

import hashlib
from dataclasses import dataclass, field

from worker.domain.invoice import Invoice, Pdf
from worker.domain.reasons import ReasonCode, failure
from worker.economic.mapping.reasons import VoucherReason
from worker.errors import Failure, Rejected


@dataclass(kw_only=True)
class PdfFixtures:
    """See ``PdfSource``: what is put on it can be fetched; ``error`` is raised instead while it is set."""

    files: dict[str, bytes] = field(default_factory=dict)
    error: Exception | None = None
    #: Addresses that were fetched, in order.
    asked: list[str] = field(default_factory=list)

    def fetch(self, pdf: Pdf) -> bytes:
        self.asked.append(pdf.url)
        if self.error:
            raise self.error
        if pdf.url not in self.files:
            raise Rejected(_pdf_failure(VoucherReason.PDF_MISSING, "The PDF: The file is not there."))
        content = self.files[pdf.url]
        if hashlib.sha256(content).hexdigest() != pdf.sha256:
            raise Rejected(_pdf_failure(VoucherReason.PDF_UNUSABLE, "The PDF has another SHA-256 than announced."))
        return content

    def printed(self, invoice: Invoice) -> Invoice:
        """Return the invoice with a PDF that can be fetched here."""
        content = pages(str(invoice.invoice_number))
        url = f"file:///prints/{invoice.invoice_number}.pdf"
        self.files[url] = content
        pdf = Pdf(url=url, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        return invoice.model_copy(update={"pdf": pdf})


def pages(text: str) -> bytes:
    """Return a PDF of one page, different for each text."""
    return f"%PDF-1.4\n1 0 obj\n<< /Type /Page >>\nendobj\n% {text}\n%%EOF\n".encode()


def _pdf_failure(reason: ReasonCode, text: str) -> Failure:
    return failure(reason, text, field="pdf.url")
