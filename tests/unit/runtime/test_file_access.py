"""PDFs of invoices: from allowed places, and only the very file that the event announced."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from worker.domain.invoice import Pdf
from worker.domain.reasons import EventReason, failure
from worker.economic.mapping.reasons import VoucherReason
from worker.economic.port import LARGEST_PDF
from worker.errors import Rejected, Unavailable, Unreachable
from worker.intake.file_sources import FileSources
from worker.intake.web_sources import Fetched, Web, WebRules
from worker.runtime.file_access import AllowedPdfs

CONTENT = b"%PDF-1.7 invoice 100353 %%EOF"
URL = "https://files.example/1.pdf?key=secret"


def announced(url: str, content: bytes = CONTENT, **changes: object) -> Pdf:
    fields = {"url": url, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return Pdf.model_validate(fields | changes)


def pdfs(folder: Path, *, status: int = 200, encoding: str = "", content: bytes = CONTENT) -> AllowedPdfs:
    """Return a source over one folder, and over one host that answers so."""

    @contextmanager
    def fetch(url: str, *, address: str) -> Iterator[Fetched]:
        assert (url, address) == (URL, "93.184.216.34")
        yield Fetched(status=status, encoding=encoding, chunks=[content])

    rules = WebRules(hosts=("files.example",))
    web = Web(rules, fetch=fetch, resolve=lambda *_: ["93.184.216.34"], clock=lambda: 0.0)
    return AllowedPdfs(FileSources((folder,), web))


def rejected(source: AllowedPdfs, pdf: Pdf) -> tuple[str, str]:
    """Return the reason, and the value that a person is shown."""
    with pytest.raises(Rejected) as caught:
        source.fetch(pdf)
    return caught.value.failure.reason, caught.value.failure.value


def test_from_a_folder_and_from_a_host(tmp_path: Path) -> None:
    """The very bytes."""
    (tmp_path / "1.pdf").write_bytes(CONTENT)

    assert pdfs(tmp_path).fetch(announced(f"file://{tmp_path}/1.pdf")) == CONTENT
    assert pdfs(tmp_path).fetch(announced(URL)) == CONTENT


def test_not_there(tmp_path: Path) -> None:
    """No file, or the host says that there is none; the address is shown without what may open it."""
    url = f"file://{tmp_path}/2.pdf"

    assert rejected(pdfs(tmp_path), announced(url)) == (VoucherReason.PDF_MISSING, url)
    assert rejected(pdfs(tmp_path, status=404), announced(URL)) == (
        VoucherReason.PDF_MISSING,
        "https://files.example/1.pdf",
    )


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file://{folder}/../{name}/1.pdf",
        "file://{folder}/link.pdf",
        "file://{folder}",
        "https://elsewhere.example/1.pdf",
        "http://files.example/1.pdf",
        "ftp://files.example/1.pdf",
        "1.pdf",
    ],
)
def test_outside_the_allowed_places(tmp_path: Path, url: str) -> None:
    """Neither by a path, nor by a link, nor by another host or protocol."""
    (tmp_path / "1.pdf").write_bytes(CONTENT)
    (tmp_path / "link.pdf").symlink_to(tmp_path / "1.pdf")
    reason, _ = rejected(pdfs(tmp_path), announced(url.format(folder=tmp_path, name=tmp_path.name)))

    assert reason == VoucherReason.PDF_REFUSED


@pytest.mark.parametrize(("status", "encoding"), [(302, ""), (403, ""), (200, "gzip")])
def test_answers_that_lead_out(tmp_path: Path, status: int, encoding: str) -> None:
    """A redirect, a refusal, a body that unfolds to any size."""
    reason, _ = rejected(pdfs(tmp_path, status=status, encoding=encoding), announced(URL))

    assert reason == VoucherReason.PDF_REFUSED


@pytest.mark.parametrize(
    ("content", "pdf"),
    [
        (b"<html>Log in</html>", announced(URL, b"<html>Log in</html>")),  # no PDF, as announced
        (b"", announced(URL, bytes=1)),
        (CONTENT + b"!", announced(URL)),  # one byte more
        (CONTENT.replace(b"353", b"354"), announced(URL)),  # the same length, another content
        (b"\n" + CONTENT, announced(URL, b"\n" + CONTENT)),  # a header further down
        (b"%PDF-" + b"x" * LARGEST_PDF, announced(URL)),
    ],
)
def test_another_file(tmp_path: Path, content: bytes, pdf: Pdf) -> None:
    """Only a real PDF, of that length and hash, goes to the books."""
    reason, _ = rejected(pdfs(tmp_path, content=content), pdf)

    assert reason == VoucherReason.PDF_UNUSABLE


def test_too_large_is_not_even_fetched(tmp_path: Path) -> None:
    """e-conomic takes 9 000 000 bytes; the announcement is enough to know."""
    reason, _ = rejected(pdfs(tmp_path), announced("file:///not/allowed.pdf", bytes=LARGEST_PDF + 1))

    assert reason == VoucherReason.PDF_UNUSABLE


def test_the_largest_that_fits(tmp_path: Path) -> None:
    """9 000 000 bytes."""
    content = CONTENT + b"\n" * (LARGEST_PDF - len(CONTENT))

    assert pdfs(tmp_path, content=content).fetch(announced(URL, content)) == content


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_host_that_cannot_now(tmp_path: Path, status: int) -> None:
    """Later may be better; the reason says that it is the PDF that is waited for."""
    with pytest.raises(Unavailable) as caught:
        pdfs(tmp_path, status=status).fetch(announced(URL))

    assert (caught.value.failure.reason, caught.value.failure.value) == (
        VoucherReason.PDF_MISSING,
        "https://files.example/1.pdf",
    )


def test_a_host_that_is_not_there(tmp_path: Path) -> None:
    """The name cannot be looked up."""

    def nobody(host: str, _: int) -> list[str]:
        raise Unreachable(failure(EventReason.INVOICES_FILE_UNAVAILABLE, f"{host} is unknown."))

    @contextmanager
    def never(url: str, *, address: str) -> Iterator[Fetched]:
        raise AssertionError(url, address)
        yield

    web = Web(WebRules(hosts=("files.example",)), fetch=never, resolve=nobody, clock=lambda: 0.0)
    with pytest.raises(Unreachable) as caught:
        AllowedPdfs(FileSources((tmp_path,), web)).fetch(announced(URL))

    assert caught.value.failure.reason == VoucherReason.PDF_MISSING
