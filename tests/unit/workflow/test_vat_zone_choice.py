"""The rules, the customer's own VAT zone in e-conomic and the lines' VAT decide together."""

from typing import Any

import pytest
from support.harness import EXPORT, Harness
from support.invoice_harness import ID, exported
from support.samples import customer, invoice, line

from worker.domain.record import State

DOMESTIC, EU, ABROAD, EXEMPT = 1, 2, 3, 4
#: Abroad, without anything but an address to be found by.
PERSON = {"ledger_number": None, "corporate_id": None, "name": "Kari Nordmann", "zip": "0150", "city": "Oslo"}


def zones(harness: Harness) -> list[int]:
    return [body["recipient"]["vatZone"]["vatZoneNumber"] for body in harness.sandbox.agreement.booked.values()]


@pytest.mark.parametrize(
    ("who", "rate", "zone"),
    [
        ({**PERSON, "country": "NO"}, "25.00", DOMESTIC),
        ({**PERSON, "country": "US"}, "25.00", DOMESTIC),
        ({**PERSON, "country": "NO"}, "0.00", ABROAD),
        ({**PERSON, "country": "DE"}, "25.00", DOMESTIC),
        (
            {"ledger_number": None, "country": "DE", "corporate_id": "DE136695978", "vat_number": "DE136695978"},
            "25.00",
            1,
        ),
        (
            {"ledger_number": None, "country": "DE", "corporate_id": "DE136695978", "vat_number": "DE136695978"},
            "0.00",
            2,
        ),
        (
            {"ledger_number": None, "country": "SE", "corporate_id": "DK31000042", "vat_number": "DK31000042"},
            "25.00",
            1,
        ),
        ({**PERSON, "country": "DK", "zip": "3900", "city": "Nuuk"}, "0.00", ABROAD),
        ({**PERSON, "country": "DK", "zip": "3900", "city": "Nuuk"}, "25.00", DOMESTIC),
    ],
)
def test_home_vat_on_a_foreign_customer_goes_through(who: dict[str, Any], rate: str, zone: int) -> None:
    """Transport within the country for a consumer carries its VAT, wherever the consumer lives: equal to the øre."""
    harness = exported(Harness(), invoice(line(rate=rate), customer=customer(**who)))

    assert harness.record(ID).failure is None
    assert zones(harness) == [zone]


@pytest.mark.parametrize(
    ("number", "name", "country", "own", "rate"),
    [
        (1057, "Kystens Friskole", "DK", EXEMPT, "0.00"),
        (1054, "Fjellfrakt AS", "NO", DOMESTIC, "25.00"),
        (1001, "Aalbæk Tømrerfirma ApS", "DK", EU, "0.00"),
        (1052, "Nordsee Spedition GmbH", "DE", DOMESTIC, "25.00"),
    ],
)
def test_the_zone_that_a_bookkeeper_chose_counts(number: int, name: str, country: str, own: int, rate: str) -> None:
    """An exempt school at 0 %, a Norwegian customer set to domestic: what the customer's zone explains goes through."""
    harness = Harness()
    harness.sandbox.agreement.customers[number]["vatZone"]["vatZoneNumber"] = own
    who = customer(
        ledger_number=number, name=name, country=country, corporate_id=None, vat_number=f"{country}999000111"
    )
    exported(harness, invoice(line(rate=rate), customer=who))

    record = harness.record(ID)
    assert (record.state, zones(harness)) == (State.EXPORTED, [own])
    assert any(remark.startswith("vatZone:") for remark in record.progress.remarks)


@pytest.mark.parametrize(
    ("who", "rate"),
    [
        ({}, "0.00"),
        ({}, "12.00"),
        ({**PERSON, "country": "NO"}, "12.00"),
        ({"ledger_number": 1057, "name": "Kystens Friskole", "corporate_id": None}, "12.00"),
    ],
)
def test_vat_that_no_zone_explains_is_a_question(who: dict[str, Any], rate: str) -> None:
    """0 % for an ordinary Danish customer stays refused: the exempt zone is a bookkeeper's choice, never ours."""
    harness = exported(Harness(), invoice(line(rate=rate), customer=customer(**{"corporate_id": None, **who})))

    failure = harness.record(ID).failure
    assert failure is not None
    assert failure.reason == "vat-mismatch"
    assert harness.documents() == []


def test_the_remedy_does_not_break_other_invoices() -> None:
    """Changing the account of a group that fits others would; a group for these invoices alone does not."""
    harness = exported(Harness(), invoice(line(rate="12.00"), customer=customer(corporate_id=None)))

    failure = harness.record(ID).failure
    assert failure is not None
    assert "give the product group an account" not in failure.next_step
    assert "a product group of its own" in failure.next_step


def test_an_exempt_code_still_decides_first() -> None:
    """What the exports file states needs no look at the customer."""
    vat = EXPORT.vat.model_copy(update={"exempt_codes": ("M0",)})
    harness = Harness(EXPORT.model_copy(update={"vat": vat}))
    exported(harness, invoice(line(rate="0.00"), customer=customer(corporate_id=None)))

    assert zones(harness) == [EXEMPT]
