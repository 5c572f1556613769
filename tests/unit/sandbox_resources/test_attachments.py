"""A voucher's attachment: one file, real, at most 9 MB."""

from decimal import Decimal

import pytest
from support.sandbox_calls import refusal, send

from worker.sandbox.resources.attachments import LARGEST
from worker.sandbox.seed import standard_agreement
from worker.sandbox.state import Agreement

ATTACHMENT = "/journals/1/vouchers/2026-10001/attachment"
FILE = f"{ATTACHMENT}/file"
PDF = b"%PDF-1.7\n1 0 obj<</Type /Page>>endobj\n%%EOF"


@pytest.fixture
def agreement() -> Agreement:
    """One voucher, 10001 of 2026."""
    agreement = standard_agreement()
    entry = {"amount": Decimal(10), "date": "2026-11-20"}
    sides = {"customer": {"customerNumber": 1001}, "contraAccount": {"accountNumber": 5990}}
    body = {"accountingYear": {"year": "2026"}, "entries": {"manualCustomerInvoices": [entry | sides]}}
    send(agreement, "POST", "/journals/1/vouchers", body)
    return agreement


def test_upload_and_read(agreement: Agreement) -> None:
    """The file comes back as it was; the metadata holds pages and the time of the upload."""
    answer = send(agreement, "POST", FILE, ("100353.pdf", PDF), later=60)

    assert (answer.status, answer.body["pages"], answer.body["createdAt"]) == (201, 1, "2026-11-20T12:01:00Z")
    assert send(agreement, "GET", FILE).body == PDF
    assert answer.body == send(agreement, "GET", ATTACHMENT).body


def test_second_upload(agreement: Agreement) -> None:
    """A second POST is refused, and the first file stays."""
    send(agreement, "POST", FILE, ("a.pdf", PDF))
    error = refusal(lambda: send(agreement, "POST", FILE, ("b.pdf", PDF + b"2")))

    assert (error.status, error.body["message"]) == (400, "Voucher already has attachment")
    assert list(agreement.attachments.values()) == [[PDF]]


def test_pages_are_appended(agreement: Agreement) -> None:
    """PATCH adds pages to what is there, and needs something to add to."""
    assert refusal(lambda: send(agreement, "PATCH", FILE, ("a.pdf", PDF))).status == 404
    send(agreement, "POST", FILE, ("a.pdf", PDF))

    assert send(agreement, "PATCH", FILE, ("b.pdf", PDF)).body["pages"] == 2


def test_delete_makes_room(agreement: Agreement) -> None:
    """After DELETE the metadata is 404 and a new file can be sent."""
    send(agreement, "POST", FILE, ("a.pdf", PDF))

    assert send(agreement, "DELETE", FILE).status == 204
    assert refusal(lambda: send(agreement, "GET", ATTACHMENT)).status == 404
    assert send(agreement, "POST", FILE, ("a.pdf", PDF)).status == 201


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.heic", PDF),
        ("a", PDF),
        ("a.pdf", b"<html>not found</html>"),
        ("a.pdf", b""),
        ("a.jpg", PDF),
        ("a.pdf", PDF.ljust(LARGEST + 1)),
    ],
    ids=["heic", "no ending", "html", "empty", "pdf named jpg", "too large"],
)
def test_refused_files(agreement: Agreement, name: str, content: bytes) -> None:
    """Wrong ending, wrong content, nothing, or a byte over 9 MB: nothing is kept."""
    assert refusal(lambda: send(agreement, "POST", FILE, (name, content))).status == 400
    assert agreement.attachments == {}


def test_largest_file(agreement: Agreement) -> None:
    """Exactly 9 000 000 bytes are accepted."""
    assert send(agreement, "POST", FILE, ("a.pdf", PDF.ljust(LARGEST))).status == 201


def test_voucher_that_is_not_there(agreement: Agreement) -> None:
    """An attachment needs its voucher."""
    path = "/journals/1/vouchers/2026-10002/attachment/file"

    assert refusal(lambda: send(agreement, "POST", path, ("a.pdf", PDF))).status == 404
