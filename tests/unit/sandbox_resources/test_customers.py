"""Customers: created, replaced, deleted."""

from typing import Any

import pytest
from support.sandbox_calls import codes, customer, draft, listed, refusal, send
from support.voucher_bodies import customer_invoice, posted, voucher

from worker.sandbox.routes import Collection
from worker.sandbox.seed import standard_agreement


def test_create_answers_201_with_location_and_the_whole() -> None:
    """POST answers 201, Location and the whole resource; a false boolean is absent."""
    agreement = standard_agreement()
    answer = send(agreement, "POST", "/customers", customer(customerNumber=5555, barred=False))

    address = "https://restapi.e-conomic.com/customers/5555"
    assert (201, {"Location": address}) == (answer.status, answer.headers)
    assert (5555, "Ny Kunde ApS", address) == tuple(answer.body[n] for n in ("customerNumber", "name", "self"))
    assert "barred" not in answer.body
    assert answer.body == send(agreement, "GET", "/customers/5555").body


@pytest.mark.parametrize("off", [True, False])
def test_the_switch_against_e_invoices_is_kept(off: bool) -> None:  # noqa: FBT001  # a column of the table
    """The schema has it and says PATCH of updates only: a create keeps it; false is absent, as every false boolean."""
    agreement = standard_agreement()
    send(agreement, "POST", "/customers", customer(customerNumber=5555, eInvoicingDisabledByDefault=off))

    assert send(agreement, "GET", "/customers/5555").body.get("eInvoicingDisabledByDefault", False) is off


def test_taken_number() -> None:
    """A number that exists is E06010, and the customer stays as it was."""
    agreement = standard_agreement()
    before = agreement.customers[1001]
    error = refusal(lambda: send(agreement, "POST", "/customers", customer(customerNumber=1001)))

    assert codes(error) == {"customerNumber": "E06010"}
    assert before == agreement.customers[1001]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"paymentTerms": {"paymentTermsNumber": 1}}, {"paymentTerms.paymentTermsNumber": "E07080"}),
        ({"customerGroup": {"customerGroupNumber": 1}}, {"customerGroupNumber": "E07140"}),
        ({"vatZone": {"vatZoneNumber": 9}}, {"vatZoneNumber": "E06000"}),
        ({"currency": "USD"}, {"currency": "E06000"}),
        ({"layout": {"layoutNumber": 1}}, {"layoutNumber": "E06000"}),
    ],
)
def test_references_that_do_not_exist(change: dict[str, Any], expected: dict[str, str]) -> None:
    """Unknown payment terms are E07080, unknown customer groups E07140, every other unknown reference E06000."""
    error = refusal(lambda: send(standard_agreement(), "POST", "/customers", customer(**change)))

    assert {name.split(".")[-1]: code for name, code in expected.items()} == codes(error)


def test_put_clears_what_is_omitted() -> None:
    """PUT is a true replace."""
    agreement = standard_agreement()
    answer = send(agreement, "PUT", "/customers/1001", customer())

    assert (answer.status, answer.body.get("corporateIdentificationNumber")) == (200, None)


def test_put_creates_what_is_missing() -> None:
    """PUT to a number that does not exist creates it with 201."""
    agreement = standard_agreement()

    assert send(agreement, "PUT", "/customers/7777", customer()).status == 201
    assert agreement.customers[7777]["name"] == "Ny Kunde ApS"


def test_freed_number_comes_back() -> None:
    """A deleted customer's number goes to the next customer, so a blind second DELETE would hit a stranger."""
    agreement = standard_agreement()
    first = send(agreement, "POST", "/customers", customer()).body["customerNumber"]

    assert send(agreement, "DELETE", f"/customers/{first}").status == 204
    assert first == send(agreement, "POST", "/customers", customer(name="En anden")).body["customerNumber"]


def test_second_delete() -> None:
    """Deleting what is gone is 404 with E06000."""
    error = refusal(lambda: send(standard_agreement(), "DELETE", "/customers/4444"))

    assert (error.status, error.body["errorCode"]) == (404, "E06000")


def test_used_customer_cannot_be_deleted() -> None:
    """A customer on a draft stays."""
    agreement = standard_agreement()
    send(agreement, "POST", "/invoices/drafts", draft())

    assert refusal(lambda: send(agreement, "DELETE", "/customers/1001")).status == 400
    assert 1001 in agreement.customers


def test_customer_of_a_voucher_cannot_be_deleted() -> None:
    """A customer with an entry in a journal stays too, before and after the journal is booked."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice()))

    assert refusal(lambda: send(agreement, "DELETE", "/customers/1001")).status == 400
    assert send(agreement, "POST", "/journalsapi/v15.0.0/journals/1/book").status == 204
    assert refusal(lambda: send(agreement, "DELETE", "/customers/1001")).status == 400
    assert 1001 in agreement.customers


def test_found_by_ean() -> None:
    """Institutions of one company number are told apart by their EAN, which is filterable."""
    agreement = standard_agreement()
    numbers = {
        ean: send(agreement, "POST", "/customers", customer(corporateIdentificationNumber="29189846", ean=ean)).body
        for ean in ("5798000000001", "5798000000018")
    }
    collection = send(agreement, "GET", "/customers").body
    assert isinstance(collection, Collection)

    assert "ean" in collection.filterable
    assert {row["customerNumber"]: row["ean"] for row in collection.items if "ean" in row} == {
        body["customerNumber"]: ean for ean, body in numbers.items()
    }


@pytest.mark.parametrize("path", ["/customers/4444", "/customers/abc"])
def test_missing_customer(path: str) -> None:
    """A number that is not there is 404 without an errorCode."""
    error = refusal(lambda: send(standard_agreement(), "GET", path))

    assert (error.status, error.body["message"], "errorCode" in error.body) == (404, "Resource not found.", False)


def test_filterable_by_company_number() -> None:
    """Customers can be found by company number and by number, not by payment terms."""
    collection = send(standard_agreement(), "GET", "/customers").body
    assert isinstance(collection, Collection)

    assert {"corporateIdentificationNumber", "customerNumber", "pNumber"} <= collection.filterable.keys()
    assert "paymentTerms.paymentTermsNumber" not in collection.filterable


def test_listing_holds_every_customer() -> None:
    """The standard agreement has sixty customers, two of them with one company number, one barred."""
    rows = listed(standard_agreement(), "/customers")
    company_numbers = [row.get("corporateIdentificationNumber") for row in rows if row["vatZone"]["vatZoneNumber"] == 1]

    assert (len(rows), len(company_numbers) - len(set(company_numbers))) == (60, 1)
    assert [row["customerNumber"] for row in rows if row.get("barred")] == [1050]
