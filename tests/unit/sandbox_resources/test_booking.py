"""Booking: irreversible, numbered, refused for honest reasons."""

from decimal import Decimal
from typing import Any

import pytest
from support.sandbox_calls import ROUTER, codes, draft, line, refusal, send

from worker.sandbox import dump
from worker.sandbox.routes import Collection
from worker.sandbox.seed import standard_agreement
from worker.sandbox.state import Agreement

D = Decimal
BOOKED = "/invoices/booked"


def drafted(agreement: Agreement, **changes: Any) -> int:
    number: int = send(agreement, "POST", "/invoices/drafts", draft(**changes)).body["draftInvoiceNumber"]
    return number


def booking(number: int, **changes: Any) -> dict[str, Any]:
    return {"draftInvoice": {"draftInvoiceNumber": number}} | changes


def test_draft_becomes_a_booked_invoice() -> None:
    """The whole invoice comes back with the former draft number and VAT per line; the draft is gone."""
    agreement = standard_agreement()
    number = drafted(agreement, references={"other": "OPTER-1"})
    answer = send(agreement, "POST", BOOKED, booking(number, bookWithNumber=100353))

    assert (201, 100353, number, "OPTER-1") == (
        answer.status,
        answer.body["bookedInvoiceNumber"],
        answer.body["orderNumber"],
        answer.body["references"]["other"],
    )
    assert (D("1250.00"), D("1250.00")) == (answer.body["grossAmount"], answer.body["remainder"])
    assert (D(25), D("250.00")) == tuple(answer.body["lines"][0][name] for name in ("vatRate", "vatAmount"))
    assert not {"soap", "draftInvoiceNumber", "templates"} & answer.body.keys()
    assert agreement.drafts == {}
    assert answer.body == send(agreement, "GET", f"{BOOKED}/100353").body


def test_economic_numbers_when_asked_for_none() -> None:
    """The next free number, passing over one that was taken by hand."""
    agreement = standard_agreement()
    send(agreement, "POST", BOOKED, booking(drafted(agreement), bookWithNumber=20002))
    numbers = [send(agreement, "POST", BOOKED, booking(drafted(agreement))).body["bookedInvoiceNumber"] for _ in "12"]

    assert numbers == [20001, 20003]


def test_number_in_the_path() -> None:
    """PUT books under the path's number."""
    agreement = standard_agreement()

    assert send(agreement, "PUT", f"{BOOKED}/777", booking(drafted(agreement))).body["bookedInvoiceNumber"] == 777


def test_taken_number_leaves_the_draft() -> None:
    """The code of a taken number is unknown, so it is empty; nothing is booked."""
    agreement = standard_agreement()
    send(agreement, "POST", BOOKED, booking(drafted(agreement), bookWithNumber=7))
    number = drafted(agreement)

    assert codes(refusal(lambda: send(agreement, "POST", BOOKED, booking(number, bookWithNumber=7)))) == {
        "bookWithNumber": ""
    }
    assert ([number], [7]) == (list(agreement.drafts), list(agreement.booked))


def test_booking_twice() -> None:
    """A draft that is gone is an unknown reference."""
    agreement = standard_agreement()
    number = drafted(agreement)
    send(agreement, "POST", BOOKED, booking(number))

    assert codes(refusal(lambda: send(agreement, "POST", BOOKED, booking(number)))) == {"draftInvoiceNumber": "E06000"}


@pytest.mark.parametrize(("reused", "second"), [(True, 1), (False, 2)])
def test_draft_number_after_booking(*, reused: bool, second: int) -> None:
    """Under the harsher reading a booked draft's number is free again, so ``orderNumber`` alone proves nothing."""
    agreement = standard_agreement()
    agreement.switches.reuse_booked_drafts = reused
    send(agreement, "POST", BOOKED, booking(drafted(agreement)))

    assert second == drafted(agreement)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"customer": {"customerNumber": 1050}}, {"customerNumber": ""}),
        ({"lines": [line("UDGAAET", "1", "5.00")]}, {"0.productNumber": "E06600"}),
        ({"lines": [{"description": "Kun tekst"}]}, {"lines": ""}),
        ({"lines": [line("DIV", "1", "5.00"), line("DIV", "-1", "5.00")]}, {"grossAmount": ""}),
    ],
)
def test_refusals(changes: dict[str, Any], expected: dict[str, str]) -> None:
    """Barred customers and products, empty and zero invoices: the draft stays a draft."""
    agreement = standard_agreement()
    number = drafted(agreement, **changes)

    assert expected == codes(refusal(lambda: send(agreement, "POST", BOOKED, booking(number))))
    assert ([number], {}) == (list(agreement.drafts), agreement.booked)


@pytest.mark.parametrize("with_errors", [False, True])
@pytest.mark.parametrize("day", ["2024-05-01", "2025-05-01", "2026-01-15", "2031-01-15"])
def test_a_date_that_is_not_open(day: str, *, with_errors: bool) -> None:
    """E04870 is the code of the whole answer; whether ``errors`` follow is unknown. The draft stays a draft."""
    agreement = standard_agreement()
    agreement.switches.booking_date_errors = with_errors
    number = drafted(agreement, date=day)
    body = refusal(lambda: send(agreement, "POST", BOOKED, booking(number))).body

    assert body["errorCode"] == "E04870"
    assert body["message"].startswith(f"Cannot book the current invoice: The invoice date {day} lies within a barred")
    assert ("errors" in body) == with_errors
    assert ([number], {}) == (list(agreement.drafts), agreement.booked)


def test_barred_sales_account() -> None:
    """An account barred after the draft was made keeps it from being booked."""
    agreement = standard_agreement()
    number = drafted(agreement)
    agreement.accounts[3010]["barred"] = True

    assert codes(refusal(lambda: send(agreement, "POST", BOOKED, booking(number)))) == {"0.productNumber": ""}


@pytest.mark.parametrize("change", [{"barred": True}, None])
def test_customer_barred_or_removed_after_the_draft(change: dict[str, Any] | None) -> None:
    """A draft whose customer a person has barred or removed meanwhile stays a draft, and says so."""
    agreement = standard_agreement()
    number = drafted(agreement)
    if change is None:
        dump.remove(agreement, "customers", "1001")
    else:
        dump.put(agreement, "customers", "1001", change)

    error = refusal(lambda: send(agreement, "POST", BOOKED, booking(number)))
    assert codes(error) == {"customerNumber": ""}
    assert ([number], {}) == (list(agreement.drafts), agreement.booked)


def test_number_given_to_another_company() -> None:
    """A draft names its customer by number alone: e-conomic books it on whoever has the number by then."""
    agreement = standard_agreement()
    number = drafted(agreement)
    dump.put(agreement, "customers", "1001", {"name": "Holding ApS", "corporateIdentificationNumber": "29189846"})

    booked = send(agreement, "POST", BOOKED, booking(number)).body
    assert (booked["customer"]["customerNumber"], booked["recipient"]["name"]) == (1001, "Aalbæk Tømrerfirma ApS")


def test_zero_total_switch() -> None:
    """Whether a zero invoice can be booked is unknown."""
    agreement = standard_agreement()
    agreement.switches.zero_total = "accept"
    number = drafted(agreement, lines=[line("DIV", "1", "0.00")])

    assert D("0.00") == send(agreement, "POST", BOOKED, booking(number)).body["grossAmount"]


@pytest.mark.parametrize(("send_by", "accepted"), [("none", True), ("Email", True), ("ean", False), ("email", False)])
def test_send_by_is_strict(send_by: str, *, accepted: bool) -> None:
    """The spellings are none, EAN and Email."""
    agreement = standard_agreement()
    number = drafted(agreement)
    if accepted:
        assert send(agreement, "POST", BOOKED, booking(number, sendBy=send_by)).status == 201
    else:
        error = refusal(lambda: send(agreement, "POST", BOOKED, booking(number, sendBy=send_by)))
        assert [f"Value \"{send_by}\" is not defined in enum. Path 'sendBy'."] == error.body["errors"]


@pytest.mark.parametrize(("customer", "send_by"), [(1001, "EAN"), (1054, "Email")])
def test_sending_needs_an_address(customer: int, send_by: str) -> None:
    """A customer without EAN, or without e-mail, cannot be sent to."""
    agreement = standard_agreement()
    number = drafted(agreement, customer={"customerNumber": customer})

    assert codes(refusal(lambda: send(agreement, "POST", BOOKED, booking(number, sendBy=send_by)))) == {"sendBy": ""}


def test_pdf_lags_behind() -> None:
    """404 for two seconds after booking, then a PDF."""
    agreement = standard_agreement()
    send(agreement, "POST", BOOKED, booking(drafted(agreement), bookWithNumber=9))

    assert refusal(lambda: send(agreement, "GET", f"{BOOKED}/9/pdf", later=1.9)).status == 404
    assert send(agreement, "GET", f"{BOOKED}/9/pdf", later=2).body.startswith(b"%PDF-")


def test_filterable() -> None:
    """By our reference, date, customer and number; not by ``orderNumber``."""
    collection = send(standard_agreement(), "GET", BOOKED).body
    assert isinstance(collection, Collection)

    wanted = {"references.other", "date", "customer.customerNumber", "bookedInvoiceNumber"}
    assert wanted <= collection.filterable.keys()
    assert "orderNumber" not in collection.filterable


def test_booked_cannot_be_deleted() -> None:
    """There is no DELETE: booking is irreversible."""
    assert refusal(lambda: ROUTER.find("DELETE", f"{BOOKED}/7")).status == 405
