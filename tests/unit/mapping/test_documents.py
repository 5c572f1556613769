from decimal import Decimal
from typing import Any

import pytest

from worker.economic.mapping.documents import booking_payload, read_document
from worker.economic.mapping.master_data import Document

DRAFT = {
    "draftInvoiceNumber": 148,
    "date": "2026-11-20",
    "dueDate": "2026-12-20",
    "currency": "DKK",
    "customer": {"customerNumber": 1001},
    "references": {"other": "main-100353"},
    "netAmount": 1000.1,
    "vatAmount": Decimal("250.03"),
    "grossAmount": 1250.13,
}
BOOKED = {**DRAFT, "bookedInvoiceNumber": 100353, "orderNumber": 148}


def test_draft() -> None:
    """A draft is read with its amounts exact."""
    assert read_document(DRAFT, booked=False) == Document(
        number=148,
        booked=False,
        document_reference="main-100353",
        customer=1001,
        date="2026-11-20",
        due_date="2026-12-20",
        currency="DKK",
        net=Decimal("1000.1"),
        vat=Decimal("250.03"),
        gross=Decimal("1250.13"),
    )


def test_booked() -> None:
    """A booked invoice has the number of the draft that it was."""
    document = read_document(BOOKED, booked=True)

    assert document
    assert (document.number, document.booked, document.former_draft) == (100353, True, 148)


def test_zeros_may_be_missing() -> None:
    """e-conomic leaves out what is zero or empty."""
    bare = {name: value for name, value in DRAFT.items() if name not in {"vatAmount", "references", "dueDate"}}
    document = read_document(bare, booked=False)

    assert document
    assert (document.vat, document.document_reference, document.due_date) == (Decimal(0), "", "")


@pytest.mark.parametrize(
    "body",
    [
        None,
        "<html>",
        [],
        {},
        {"message": "ok"},
        {**DRAFT, "draftInvoiceNumber": None},
        {**DRAFT, "netAmount": "much"},
        {**DRAFT, "netAmount": "NaN"},
        {**DRAFT, "references": "x"},
        {name: value for name, value in DRAFT.items() if name != "currency"},
    ],
)
def test_half_an_answer_is_none(body: Any) -> None:
    """Nothing is concluded from an answer that is not a whole document."""
    assert read_document(body, booked=False) is None


@pytest.mark.parametrize(
    ("number", "numbered"),
    [(100353, {"bookWithNumber": 100353}), (None, {})],
)
def test_booking(number: int | None, numbered: dict[str, int]) -> None:
    """Opter's number is booked with, or e-conomic assigns one; e-conomic mails nothing."""
    expected = {"draftInvoice": {"draftInvoiceNumber": 148}, "sendBy": "none", **numbered}

    assert booking_payload(148, number) == expected
