"""The customer as it is created."""

from typing import Any

import pytest
from support.samples import customer, export, invoice, line, reference

from config.export_schema import Customers
from worker.economic.mapping.customer_payload import (
    about_new_customer,
    check_defaults,
    check_findable,
    creation_remarks,
    new_customer,
)
from worker.errors import InvalidInvoice

ANONYMOUS = {"ledger_number": None, "corporate_id": None}
PRIVATE = customer(**ANONYMOUS)
LONG = 1_000_000_000  # ten digits: one too many for e-conomic


def test_new_customer() -> None:
    """All that Opter knows, the export's defaults for the rest, Opter's ledger number as customer number."""
    who = customer(
        email="a@acme.dk", phone="+45 1", ean="5798000000001", vat_number="DK12345674", corporate_id="DK12345674"
    )

    assert new_customer(invoice(customer=who), export(), reference()) == {
        "customerNumber": 1001,
        "name": "Acme A/S",
        "address": "Havnegade 1",
        "zip": "1058",
        "city": "København K",
        "country": "DK",
        "email": "a@acme.dk",
        "telephoneAndFaxNumber": "+45 1",
        "ean": "5798000000001",
        "corporateIdentificationNumber": "12345674",
        "eInvoicingDisabledByDefault": True,
        "currency": "DKK",
        "customerGroup": {"customerGroupNumber": 1},
        "layout": {"layoutNumber": 19},
        "paymentTerms": {"paymentTermsNumber": 5},
        "vatZone": {"vatZoneNumber": 1},
    }


def test_new_customer_abroad_without_anything_optional() -> None:
    """What is not known or not wanted is left out, never null; e-conomic gives the number; the VAT number goes over."""
    who = customer(**ANONYMOUS, address=None, zip=None, city=None, country="DE", vat_number="DE811569869", code="X")
    chosen = Customers(group=1, layout=19, currency="EUR", payment_terms="Netto 14 dage", disable_einvoicing=False)
    defaults = export(customers=chosen)

    assert new_customer(invoice(line(rate="0.00"), customer=who), defaults, reference()) == {
        "name": "Acme A/S",
        "country": "DE",
        "vatNumber": "DE811569869",
        "currency": "EUR",
        "customerGroup": {"customerGroupNumber": 1},
        "layout": {"layoutNumber": 19},
        "paymentTerms": {"paymentTermsNumber": 2},
        "vatZone": {"vatZoneNumber": 2},
    }


def test_limits_of_a_new_customer() -> None:
    """Names and addresses are cut, identifiers left out, e-conomic numbers where Opter's is too long; with remarks."""
    who = customer(
        ledger_number=LONG, name="n" * 256, zip="z" * 31, city="c" * 51, ean="1" * 14, email=f"{'e' * 250}@acme.dk"
    )
    payload = new_customer(invoice(customer=who), export(), reference())

    assert [len(payload[name]) for name in ("name", "zip", "city")] == [255, 30, 50]
    assert {"customerNumber", "ean", "email"}.isdisjoint(payload)
    assert {remark.partition(":")[0] for remark in creation_remarks(who)} == {
        "customer.ledgerNumber",
        "customer.name",
        "customer.zip",
        "customer.city",
        "customer.ean",
        "customer.email",
    }


def test_remarks_hold_no_values() -> None:
    """Every field too long, every e-mail address refused: the remark says what was done, never with what."""
    who = customer(ledger_number=LONG, name="Navn" * 80, zip="Zip" * 20, ean="7" * 14, email="Ingen; ring@Bo")
    remarks = creation_remarks(who)

    assert len(remarks) == 5
    assert not any(value in remark for remark in remarks for value in ("Navn", "Zip", "777", "Ingen", "Bo", str(LONG)))
    assert all(map(about_new_customer, remarks))
    assert not about_new_customer("customer.name: cut from 320 to 250 characters")  # the invoice's own remark


NO_ADDRESS = "customer.email: {} entries left out (not an e-mail address) (new customer)"
TOO_LONG = "customer.email: {} entries left out (e-conomic takes 255 characters) (new customer)"
A250 = f"{'a' * 243}@acme.dk"


@pytest.mark.parametrize(
    ("opter", "sent", "remarks"),
    [
        ("a@acme.dk", "a@acme.dk", ()),
        ("  a@acme.dk ", "a@acme.dk", ()),
        ("a@acme.dk;b@acme.dk", "a@acme.dk b@acme.dk", ()),
        ("a@acme.dk, b@acme.dk", "a@acme.dk b@acme.dk", ()),
        ("a@acme.dk b@acme.dk\tc@acme.dk\nd@acme.dk", "a@acme.dk b@acme.dk c@acme.dk d@acme.dk", ()),
        ("; a@acme.dk ;; ,b@acme.dk;", "a@acme.dk b@acme.dk", ()),
        ("a@acme.dk;a@acme.dk", "a@acme.dk", ()),
        ("søren+faktura@bøger.dk", "søren+faktura@bøger.dk", ()),
        ("<a@acme.dk>", "a@acme.dk", ()),
        ("Bogholderi <a@acme.dk>", "a@acme.dk", (NO_ADDRESS.format("1 of 2"),)),
        ("n/a", None, (NO_ADDRESS.format("1 of 1"),)),
        ("ingen", None, (NO_ADDRESS.format("1 of 1"),)),
        ("a@acme", None, (NO_ADDRESS.format("1 of 1"),)),
        ("@acme.dk; a@; a@b@acme.dk; a@acme..dk; c@acme.dk", "c@acme.dk", (NO_ADDRESS.format("4 of 5"),)),
        (" ; , ", None, ()),
        ("", None, ()),
        (None, None, ()),
        (f"{A250};b@x.dk", A250, (TOO_LONG.format("1 of 2"),)),
        (f"{A250};b@x.dk;c@x.d", A250, (TOO_LONG.format("2 of 3"),)),
        (f"b@x.dk;{A250};c@x.dk;-", "b@x.dk c@x.dk", (NO_ADDRESS.format("1 of 4"), TOO_LONG.format("1 of 4"))),
        (f"{'e' * 253}@acme.dk", None, (TOO_LONG.format("1 of 1"),)),
    ],
)
def test_email_addresses(opter: str | None, sent: str | None, remarks: tuple[str, ...]) -> None:
    """Several stand with a space between them, as e-conomic's schema says; no part of one, and nothing else."""
    who = customer(email=opter)

    assert new_customer(invoice(customer=who), export(), reference()).get("email") == sent
    assert creation_remarks(who) == remarks


def test_nothing_to_remark() -> None:
    """An ordinary customer goes over as it is."""
    assert creation_remarks(customer()) == ()


@pytest.mark.parametrize(
    ("who", "match_address", "refused"),
    [
        (customer(ledger_number=LONG), True, False),  # found by its corporate id
        (customer(ledger_number=LONG, corporate_id=None), True, False),  # found by its address
        (customer(ledger_number=LONG, corporate_id=None), False, True),
        (customer(ledger_number=LONG, corporate_id=None, city=None), True, True),
        (customer(**ANONYMOUS), False, False),  # Opter never gave a number: e-conomic does
    ],
)
def test_check_findable(who: Any, match_address: bool, refused: bool) -> None:  # noqa: FBT001  # columns of a table
    """A customer whose number does not fit must be found again by something else, or it would be created twice."""
    reasons = []
    try:
        check_findable(who, match_address=match_address)
    except InvalidInvoice as refusal:
        reasons.append(refusal.failure.reason)

    assert reasons == ["customer-number-unfit"] * refused


@pytest.mark.parametrize(
    ("defaults", "reason"),
    [
        (Customers(group=9, layout=19), "customer-group-missing"),
        (Customers(group=1, layout=19, payment_terms="Gone"), "payment-terms-missing"),
    ],
)
def test_defaults_must_exist(defaults: Customers, reason: str) -> None:
    """Defaults of new customers are proved against the agreement."""
    check_defaults(export(), reference())
    with pytest.raises(InvalidInvoice) as caught:
        check_defaults(export(customers=defaults), reference())

    assert caught.value.failure.reason == reason
