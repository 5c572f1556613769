"""The printed invoices: fetched by the event's reference from the allowed places, and believed only after a look."""

import hashlib
from collections.abc import Mapping

from worker.errors import Rejected, Retryable
from worker.intake.places import Places
from worker.intake.refusal import EventRefused
from worker.invoicing.economic_port import LARGEST_PDF
from worker.invoicing.invoice import Pdf
from worker.invoicing.ports import PdfSource
from worker.invoicing.reasons import Reason, failure

#: How a PDF begins (ISO 32000, file header).
_HEADER = b"%PDF-"
#: What is said of an event's own file -> what it means for a PDF.
_MEANING: Mapping[Reason, Reason] = {
    Reason.REFERENCE_REFUSED: Reason.PDF_REFUSED,
    Reason.REFERENCE_UNAVAILABLE: Reason.PDF_MISSING,
    Reason.EVENT_TOO_LARGE: Reason.PDF_UNUSABLE,
}


class AllowedPdfs(PdfSource):
    """See ``PdfSource``. Threads may share it."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def fetch(self, pdf: Pdf) -> bytes:
        """See ``PdfSource``: reasons are ``pdf-missing``, ``pdf-refused`` (not an allowed place), ``pdf-unusable``."""
        if pdf.bytes > LARGEST_PDF:
            raise _unusable(pdf, f"is announced with {pdf.bytes} bytes; e-conomic takes {LARGEST_PDF}")
        content = self._read(pdf)
        _check(pdf, content)
        return content

    def _read(self, pdf: Pdf) -> bytes:
        try:
            return self._places.read(pdf.url, LARGEST_PDF)
        except EventRefused as refusal:
            problem = refusal.problems[0]
            raise _rejected(_MEANING[problem.reason], pdf, f"The PDF: {problem.description}") from None
        except Retryable as error:
            text = f"The PDF cannot be had for now: {error.failure.description}"
            told = failure(Reason.PDF_MISSING, text, field="pdf.url", value=_shown(pdf))
            raise type(error)(told, retry_after=error.retry_after) from error


def _check(pdf: Pdf, content: bytes) -> None:
    if not content.startswith(_HEADER):
        raise _unusable(pdf, "is no PDF")
    if len(content) != pdf.bytes:
        raise _unusable(pdf, f"has {len(content)} bytes, announced were {pdf.bytes}")
    if hashlib.sha256(content).hexdigest() != pdf.sha256:
        raise _unusable(pdf, "has another SHA-256 than announced")


def _unusable(pdf: Pdf, what: str) -> Rejected:
    return _rejected(Reason.PDF_UNUSABLE, pdf, f"The PDF {what}.")


def _rejected(reason: Reason, pdf: Pdf, text: str) -> Rejected:
    return Rejected(failure(reason, text, field="pdf.url", value=_shown(pdf)))


def _shown(pdf: Pdf) -> str:
    """Return the address without its query, which may be a key to the file."""
    return pdf.url.partition("?")[0][:200]
