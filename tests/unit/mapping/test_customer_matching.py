"""Customers of Opter and of e-conomic: which are the same."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.samples import customer, economic_customer

from worker.economic.mapping.customer_matching import (
    by_address,
    card_key,
    identity_key,
    is_danish,
    ledger_number,
    match,
    normalised,
    spellings,
)
from worker.errors import InvalidInvoice

ANONYMOUS = {"ledger_number": None, "corporate_id": None}
PRIVATE = customer(**ANONYMOUS)
LONG = 1_000_000_000  # ten digits: one too many for e-conomic


@pytest.mark.parametrize(
    ("text", "country", "same", "danish"),
    [
        ("12345678", "DK", "12345678", True),
        ("DK 12 34 56 78", "DK", "12345678", True),
        ("dk-12345678", "DK", "12345678", True),
        ("12.34.56.78", "DK", "12345678", True),
        ("DK12345678", "SE", "12345678", True),  # a Danish company with an address in Sweden
        ("1234567-8", "FI", "1234567-8", False),  # eight digits, but Finnish
        ("1234567", "DK", "1234567", False),  # seven digits are no CVR number
        ("556677-8899", "SE", "556677-8899", False),
        ("se 556677889901", "SE", "SE556677889901", False),
        (None, "DK", "", False),
    ],
)
def test_normalised(text: str | None, country: str, same: str, danish: bool) -> None:  # noqa: FBT001  # a table's column
    """A CVR number is compared by its eight digits, a foreign id as it is written."""
    company = customer(corporate_id=text, country=country)

    assert (normalised(company), is_danish(company)) == (same, danish)


@pytest.mark.parametrize("country", ["Danmark", "DENMARK", "dk", ""])
def test_country_is_free_text_in_e_conomic(country: str) -> None:
    """A Danish customer is recognised however its country was typed, or left out."""
    assert is_danish(economic_customer(corporate_id="12345678", country=country))


def test_spellings() -> None:
    """A filter compares whole texts, so a lookup tries all usual spellings, the plain one first."""
    asked = spellings(customer(corporate_id="DK12345678"))

    assert asked == ("12345678", "DK12345678", "DK-12345678", "DK 12345678", "12 34 56 78", "DK 12 34 56 78")
    assert {normalised(customer(corporate_id=spelling)) for spelling in asked} == {"12345678"}


@pytest.mark.parametrize(("text", "asked"), [("se 5566", ("se 5566", "SE5566")), ("SE5566", ("SE5566",)), (None, ())])
def test_foreign_spellings(text: str | None, asked: tuple[str, ...]) -> None:
    """A foreign id is asked for as it is written and without spaces; none is not asked for."""
    assert spellings(customer(corporate_id=text, country="SE")) == asked


@pytest.mark.parametrize(
    ("ours", "fits"), [(1, 1), (999_999_999, 999_999_999), (LONG, None), (10**37, None), (None, None)]
)
def test_ledger_number(ours: int | None, fits: int | None) -> None:
    """Opter allows up to 38 digits, e-conomic nine."""
    assert ledger_number(customer(ledger_number=ours)) == fits


@pytest.mark.parametrize(
    ("customer_a", "customer_b", "same"),
    [
        ({}, {"code": "ACME-2", "ledger_number": 1002}, True),  # one company with two Opter codes
        ({}, {"corporate_id": "DK 12 34 56 78"}, True),
        ({}, {"corporate_id": "87654321"}, False),
        ({"corporate_id": None}, {"corporate_id": None, "code": "X"}, True),  # one ledger number
        ({"corporate_id": None}, {"corporate_id": None, "ledger_number": 1002}, False),
        (ANONYMOUS, {**ANONYMOUS, "code": "X"}, True),  # one name at one address
        (ANONYMOUS, {**ANONYMOUS, "name": "ACME  a/s"}, True),
        (ANONYMOUS, {**ANONYMOUS, "address": "Havnegade 2"}, False),
        ({**ANONYMOUS, "ledger_number": LONG}, {**ANONYMOUS, "ledger_number": LONG + 1}, True),  # neither fits
        ({**ANONYMOUS, "city": None}, {**ANONYMOUS, "city": None, "code": "X"}, False),  # no whole address: the code
    ],
)
def test_identity_key(customer_a: dict, customer_b: dict, same: bool) -> None:  # noqa: FBT001  # a table's column
    """Of what would be matched with each other, only one may be created."""
    assert (identity_key(customer(**customer_a)) == identity_key(customer(**customer_b))) == same


def test_identity_without_address_matching() -> None:
    """Where addresses are not matched, Opter's code distinguishes customers."""
    keys = {identity_key(customer(**ANONYMOUS, code=code), match_address=False) for code in ("A", "B")}

    assert len(keys) == 2


@pytest.mark.parametrize(
    "change", [{"ledger_number": 1002}, {"corporate_id": "87654321"}, {"name": "Other"}, {"code": "B"}]
)
def test_a_changed_card_is_looked_up_again(change: dict) -> None:
    """What was remembered of a customer holds only as long as Opter says the same of it."""
    assert card_key(customer()) != card_key(customer(**change))


@given(code=st.text(min_size=1).filter(str.strip), name=st.text(min_size=1).filter(str.strip))
def test_keys_are_safe_and_silent(code: str, name: str) -> None:
    """Keys hold no customer data and no character that needs escaping."""
    someone = customer(**ANONYMOUS, code=code, name=name)

    for key in (card_key(someone), identity_key(someone)):
        assert re.fullmatch(r"[a-z-]+-[0-9a-f]{24}", key)


ACME = economic_customer()
DOUBLE = economic_customer(number=2002)


@pytest.mark.parametrize(
    ("who", "by_number", "by_id", "by_card", "expected"),
    [
        (customer(), [ACME], [ACME, DOUBLE], [], 1001),  # the number decides before the id is compared
        (customer(), [], [DOUBLE], [], 2002),
        (customer(ledger_number=None), [], [ACME], [], 1001),
        (customer(ledger_number=None), [], [ACME, ACME], [], 1001),  # one customer, seen twice
        (customer(ledger_number=None, corporate_id="DK 12345678"), [], [ACME], [], 1001),
        (customer(), [], [], [], None),
        (customer(), [DOUBLE], [], [], None),  # another number is no match, whatever e-conomic answers
        (customer(), [], [economic_customer(number=3, corporate_id="87654321")], [], None),
        (customer(ledger_number=LONG), [], [ACME], [], 1001),
        (PRIVATE, [], [], [ACME], 1001),
        (PRIVATE, [], [], [economic_customer(name="ACME a/s", city="københavn  k", country="Danmark")], 1001),
        (PRIVATE, [], [], [economic_customer(zip="1059")], None),
        (PRIVATE, [], [], [economic_customer(country="Sverige")], None),
        (customer(**ANONYMOUS, address=None), [], [], [economic_customer(address="")], None),  # a name alone is nothing
        (customer(), [], [], [DOUBLE], None),  # who has a number is not matched by address
        (PRIVATE, [], [economic_customer(corporate_id="")], [], None),  # no id matches no id
        (customer(corporate_id=None), [economic_customer(corporate_id="87654321")], [], [], 1001),
        (customer(), [economic_customer(corporate_id="")], [], [], 1001),
    ],
)
def test_match(who: Any, by_number: list, by_id: list, by_card: list, expected: int | None) -> None:
    """By ledger number, else corporate id, else whole address; exactly one wins, none is none."""
    found = match(who, by_number, by_id, by_card)

    assert (found.number if found else None) == expected


@pytest.mark.parametrize(
    ("who", "candidates", "reason", "named"),
    [
        (customer(), ([], [DOUBLE, ACME]), "customer-ambiguous", "corporate id 12345678: 1001, 2002."),
        # never picked for a person, even if one of them is barred
        (customer(), ([], [economic_customer(barred=True), DOUBLE]), "customer-ambiguous", ": 1001 (barred), 2002."),
        (PRIVATE, ([], [], [ACME, DOUBLE]), "customer-ambiguous", "this name and address: 1001, 2002."),
        (customer(), ([economic_customer(barred=True)],), "customer-barred", "Customer 1001 is barred"),
        (
            customer(),
            ([economic_customer(corporate_id="87654321")],),
            "customer-contradiction",
            "customer 1001 in e-conomic has corporate id 87654321.",
        ),
    ],
)
def test_a_question_for_a_person(who: Any, candidates: tuple, reason: str, named: str) -> None:
    """Several, a barred one, or one that belongs to another company: the candidates are named, none is taken."""
    with pytest.raises(InvalidInvoice) as caught:
        match(who, *candidates)

    assert caught.value.failure.reason == reason
    assert named in caught.value.failure.description


def test_by_address_takes_a_whole_address() -> None:
    """Name, address, zip and city: less could be somebody else."""
    whole = [by_address(customer(**ANONYMOUS, **{part: None})) for part in ("address", "zip", "city")]

    assert whole == [False, False, False]
    assert by_address(PRIVATE)
    assert not by_address(customer())
