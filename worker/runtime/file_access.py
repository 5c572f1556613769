"""Access to files that events name: fetched from allowed folders and hosts, PDFs checked."""

import hashlib
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from config.settings_sections import Intake
from worker.domain.invoice import Pdf
from worker.domain.ports import PdfSource
from worker.domain.reasons import EventReason, ReasonCode, failure
from worker.economic.mapping.reasons import VoucherReason
from worker.economic.port import LARGEST_PDF
from worker.economic.thread_clients import DeadlineTransport
from worker.errors import Failure, Rejected, Retryable, Unavailable, Unreachable
from worker.intake.event_errors import EventRefused
from worker.intake.file_sources import FileSources
from worker.intake.web_sources import Fetched, Web, WebRules, resolve


class HttpFetch:
    """See ``Fetch`` of ``web_sources``: no redirects, cookies or proxy from the environment. Threads may share it.

    Every fetch has a connection of its own. One that is kept would be found again by its address, and two names may
    share an address: the second would travel over a connection whose certificate was checked for the first.
    """

    def __init__(self, *, timeout: float, deadline: float, context: ssl.SSLContext | None = None) -> None:
        """``timeout`` is seconds without a byte, ``deadline`` those of the whole; ``context`` says whom TLS trusts."""
        self._timeout = timeout
        self._deadline = deadline
        self._context = context or httpx.create_ssl_context(trust_env=False)

    @contextmanager
    def __call__(self, url: str, *, address: str) -> Iterator[Fetched]:
        """Connect to ``address`` with the url's host as Host header and TLS server name, which its certificate proves.

        Raises ``Unreachable`` or ``Unavailable``; the latter while the body is read, too.
        """
        transport = DeadlineTransport(self._context)
        with (
            _translated(),
            httpx.Client(transport=transport, timeout=self._timeout, follow_redirects=False, trust_env=False) as client,
        ):
            asked = httpx.URL(url)
            request = client.build_request(
                "GET",
                asked.copy_with(host=address),
                headers={"host": asked.netloc.decode("ascii"), "accept-encoding": "identity"},
                extensions={"sni_hostname": asked.host, "deadline": time.monotonic() + self._deadline},
            )
            with closing(client.send(request, stream=True)) as answer:
                encoding = answer.headers.get("content-encoding", "")
                yield Fetched(status=answer.status_code, encoding=encoding, chunks=answer.iter_raw())


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Unreachable(_down("The host cannot be reached")) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(_down(f"The host's answer broke off ({type(error).__name__})")) from error


def _down(text: str) -> Failure:
    return failure(EventReason.INVOICES_FILE_UNAVAILABLE, f"{text}.", field="url")


def allowed_places(intake: Intake, *, deadline: float, kept: tuple[Path, ...] = ()) -> FileSources:
    """Return the allowed folders and hosts; one fetch takes at most ``deadline`` seconds, looking its name up aside.

    ``kept``: where watched folders keep what their events refer to.
    """
    rules = WebRules(
        hosts=intake.allowed_hosts,
        allow_http=intake.allow_http,
        allow_private=intake.allow_private_hosts,
        deadline=deadline,
    )
    fetch = HttpFetch(timeout=intake.fetch_timeout, deadline=deadline)
    return FileSources((*intake.allowed_folders, *kept), Web(rules, fetch=fetch, resolve=resolve, clock=time.monotonic))


#: How a PDF begins (ISO 32000, file header).
_HEADER = b"%PDF-"
#: What is said of an event's own file -> what it means for a PDF.
_MEANING: Mapping[ReasonCode, ReasonCode] = {
    EventReason.INVOICES_FILE_REFUSED: VoucherReason.PDF_REFUSED,
    EventReason.INVOICES_FILE_UNAVAILABLE: VoucherReason.PDF_MISSING,
    EventReason.EVENT_TOO_LARGE: VoucherReason.PDF_UNUSABLE,
}


class AllowedPdfs(PdfSource):
    """See ``PdfSource``. Threads may share it."""

    def __init__(self, places: FileSources) -> None:
        self._places = places

    def fetch(self, pdf: Pdf) -> bytes:
        """See ``PdfSource``: reasons are ``pdf-missing``, ``pdf-refused`` (not an allowed place), ``pdf-unusable``."""
        if pdf.bytes > LARGEST_PDF:
            raise _unusable(pdf, f"is announced with {pdf.bytes} bytes; e-conomic takes {LARGEST_PDF}")
        content = self._read(pdf)
        if not content.startswith(_HEADER):
            raise _unusable(pdf, "is no PDF")
        if len(content) != pdf.bytes:
            raise _unusable(pdf, f"has {len(content)} bytes, announced were {pdf.bytes}")
        if hashlib.sha256(content).hexdigest() != pdf.sha256:
            raise _unusable(pdf, "has another SHA-256 than announced")
        return content

    def _read(self, pdf: Pdf) -> bytes:
        try:
            return self._places.read(pdf.url, LARGEST_PDF)
        except EventRefused as refusal:
            problem = refusal.problems[0]
            raise _rejected(_MEANING[problem.reason], pdf, f"The PDF: {problem.description}") from None
        except Retryable as error:
            text = f"The PDF cannot be fetched for now: {error.failure.description}"
            missing = failure(VoucherReason.PDF_MISSING, text, field="pdf.url", value=_shown(pdf))
            raise type(error)(missing, retry_after=error.retry_after) from error


def _unusable(pdf: Pdf, what: str) -> Rejected:
    return _rejected(VoucherReason.PDF_UNUSABLE, pdf, f"The PDF {what}.")


def _rejected(reason: ReasonCode, pdf: Pdf, text: str) -> Rejected:
    return Rejected(failure(reason, text, field="pdf.url", value=_shown(pdf)))


def _shown(pdf: Pdf) -> str:
    """Return the address without its query, which may be a key to the file."""
    return pdf.url.partition("?")[0][:200]
