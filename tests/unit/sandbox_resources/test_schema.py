"""The rule tables: types, lengths, decimals, enums, nulls, references."""

from decimal import Decimal
from typing import Any

import pytest
from support.sandbox_calls import codes, customer, refusal

from worker.sandbox.resources.customers import SCHEMA
from worker.sandbox.resources.draft_schema import DRAFT
from worker.sandbox.resources.fields import dotted
from worker.sandbox.resources.schema import accept


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"city": None}, "Invalid type. Expected String but got Null. Path 'city'."),
        ({"customerNumber": 0}, "Integer 0 is less than minimum value of 1. Path 'customerNumber'."),
        (
            {"customerNumber": 1_000_000_000},
            "Integer 1000000000 exceeds maximum value of 999999999. Path 'customerNumber'.",
        ),
        ({"customerNumber": "7"}, "Invalid type. Expected Integer but got String. Path 'customerNumber'."),
        ({"customerNumber": True}, "Invalid type. Expected Integer but got Boolean. Path 'customerNumber'."),
        ({"barred": "true"}, "Invalid type. Expected Boolean but got String. Path 'barred'."),
        ({"pNumber": "123456789"}, "String '123456789' is less than minimum length of 10. Path 'pNumber'."),
        ({"pNumber": "12345678901"}, "String '12345678901' exceeds maximum length of 10. Path 'pNumber'."),
        ({"name": "x" * 256}, f"String '{'x' * 256}' exceeds maximum length of 255. Path 'name'."),
        ({"currency": "DK"}, "String 'DK' is less than minimum length of 3. Path 'currency'."),
        (
            {"vatZone": {"vatZoneNumber": 0}},
            "Integer 0 is less than minimum value of 1. Path 'vatZone.vatZoneNumber'.",
        ),
        ({"vatZone": 1}, "Invalid type. Expected Object but got Integer. Path 'vatZone'."),
    ],
)
def test_schema_failures(change: dict[str, Any], sentence: str) -> None:
    """What the JSON schema refuses comes back as an array of sentences under "Schema validation failed."."""
    error = refusal(lambda: accept(SCHEMA, customer(**change)))

    assert (400, "Schema validation failed.", [sentence]) == (error.status, error.body["message"], error.body["errors"])


def test_required_properties_are_named_together() -> None:
    """All missing properties stand in one sentence."""
    error = refusal(lambda: accept(SCHEMA, {"name": "A"}))

    expected = "currency, customerGroup, vatZone, paymentTerms"
    assert [f"Required properties are missing from object: {expected}. Path ''."] == error.body["errors"]


def test_longest_and_exact_lengths_are_accepted() -> None:
    """Limits include both ends."""
    body = customer(name="x" * 255, pNumber="1234567890", ean="1" * 13)

    assert body == accept(SCHEMA, body)


@pytest.mark.parametrize(
    ("amount", "refused"),
    [("100.00", False), ("100.1", False), ("100.10000", False), ("1E+2", False), ("100.001", True), ("0.125", True)],
)
def test_two_decimals(amount: str, *, refused: bool) -> None:
    """More than two significant decimals are E04740; trailing zeros are none."""
    body = customer(creditLimit=Decimal(amount))
    if refused:
        assert codes(refusal(lambda: accept(SCHEMA, body))) == {"creditLimit": "E04740"}
    else:
        assert Decimal(amount) == accept(SCHEMA, body)["creditLimit"]


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ({"vatZoneNumber": 2}, 2),
        ({"self": "https://restapi.e-conomic.com/vat-zones/2"}, 2),
        ({"vatZoneNumber": 2, "self": "https://restapi.e-conomic.com/vat-zones/2"}, 2),
    ],
)
def test_reference_by_number_or_self(reference: dict[str, Any], number: int) -> None:
    """A reference is accepted by number, by ``self``, or by both when they agree."""
    assert {"vatZoneNumber": number} == {
        name: value for name, value in accept(SCHEMA, customer(vatZone=reference))["vatZone"].items() if name != "self"
    }


@pytest.mark.parametrize("reference", [{}, {"number": 2}, {"vatZoneNumber": 2, "self": "https://x/vat-zones/3"}])
def test_reference_that_points_nowhere(reference: dict[str, Any]) -> None:
    """A reference without identifier is E04500; one whose two halves disagree is refused as well (unknown: harsher)."""
    assert codes(refusal(lambda: accept(SCHEMA, customer(vatZone=reference)))) == {"vatZone": "E04500"}


def test_unknown_properties_are_dropped_in_silence() -> None:
    """A misspelt property is lost without an error."""
    assert customer() == accept(SCHEMA, customer(corporateIdentificationNo="99000007"))


def test_dotted_names_for_findings() -> None:
    """Leaves of nested objects, references and arrays are listed as dotted names without indexes."""
    assert {
        "date",
        "customer.customerNumber",
        "recipient.vatZone.vatZoneNumber",
        "lines.product.productNumber",
    } <= dotted(DRAFT)
