"""Customers of Opter and of e-conomic: which are the same."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.samples import customer, economic_customer

from worker.economic.mapping.customer_matching import (
    Standing,
    by_address,
    card_key,
    identity_key,
    ledger_number,
    match,
    match_remarks,
    spellings,
    standing,
    written_id,
)
from worker.errors import InvalidInvoice

ANONYMOUS = {"ledger_number": None, "corporate_id": None}
PRIVATE = customer(**ANONYMOUS)
LONG = 1_000_000_000  # ten digits: one too many for e-conomic


@pytest.mark.parametrize(
    ("text", "country", "written"),
    [
        ("DK 12 34 56 74", "DK", "12345674"),
        ("CVR-nr. 12345674", "DK", "12345674"),
        ("DK12345674", "SE", "12345674"),  # a Danish company with an address in Sweden
        ("1234567-8", "FI", "1234567-8"),
        ("1234567", "DK", "1234567"),  # seven digits are no CVR number, yet somebody's number
        ("556677-8899", "SE", "556677-8899"),
        ("se 556677889901", "SE", "SE 556677889901"),
        ("PRIVAT", "DK", ""),
        ("00000000", "DK", ""),
        (None, "DK", ""),
    ],
)
def test_the_id_of_a_new_customer(text: str | None, country: str, written: str) -> None:
    """A CVR number is written in eight digits, a foreign id as Opter has it, a filler not at all."""
    assert written_id(customer(corporate_id=text, country=country)) == written


@pytest.mark.parametrize("country", ["Danmark", "DENMARK", "dk", ""])
def test_country_is_free_text_in_e_conomic(country: str) -> None:
    """A Danish customer is recognised however its country was typed, or left out."""
    theirs = economic_customer(corporate_id="10403782", country=country, name="Another", number=7)
    assert match(customer(corporate_id="DK 10403782", ledger_number=None), (), [theirs]) == theirs


def test_spellings() -> None:
    """A filter compares whole texts, so a lookup tries all usual spellings, the plain one first."""
    asked = spellings(customer(corporate_id="DK12345674"))

    assert asked == ("12345674", "DK12345674", "DK-12345674", "DK 12345674", "12 34 56 74", "DK 12 34 56 74")
    assert {written_id(customer(corporate_id=spelling)) for spelling in asked} == {"12345674"}


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
        ({}, {"corporate_id": "DK 12 34 56 74"}, True),
        ({}, {"corporate_id": "87654311"}, False),
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
    "change", [{"ledger_number": 1002}, {"corporate_id": "87654311"}, {"name": "Other"}, {"code": "B"}]
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
        (customer(ledger_number=None, corporate_id="DK 12345674"), [], [ACME], [], 1001),
        (customer(), [], [], [], None),
        (customer(), [DOUBLE], [], [], None),  # another number is no match, whatever e-conomic answers
        (customer(), [], [economic_customer(number=3, corporate_id="87654311")], [], None),
        (customer(ledger_number=LONG), [], [ACME], [], 1001),
        (PRIVATE, [], [], [ACME], 1001),
        (PRIVATE, [], [], [economic_customer(name="ACME a/s", city="københavn  k", country="Danmark")], 1001),
        (PRIVATE, [], [], [economic_customer(zip="1059")], None),
        (PRIVATE, [], [], [economic_customer(country="Sverige")], None),
        (customer(**ANONYMOUS, address=None), [], [], [economic_customer(address="")], None),  # a name alone is nothing
        (customer(), [], [], [DOUBLE], None),  # who has a number is not matched by address
        (PRIVATE, [], [economic_customer(corporate_id="")], [], None),  # no id matches no id
        (customer(corporate_id=None), [economic_customer(corporate_id="87654311")], [], [], 1001),
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
        (customer(), ([], [DOUBLE, ACME]), "customer-ambiguous", "corporate id 12345674: 1001, 2002."),
        # never picked for a person, even if one of them is barred
        (customer(), ([], [economic_customer(barred=True), DOUBLE]), "customer-ambiguous", ": 1001 (barred), 2002."),
        (PRIVATE, ([], [], [ACME, DOUBLE]), "customer-ambiguous", "this name and address: 1001, 2002."),
        (customer(), ([economic_customer(barred=True)],), "customer-barred", "Customer 1001 is barred"),
        (
            customer(),
            ([economic_customer(corporate_id="87654311")],),
            "customer-contradiction",
            "customer 1001 in e-conomic has corporate id 87654311.",
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


CVR = "10403782"


def _skolen() -> Any:
    return economic_customer(number=3002, name="Skolen", corporate_id="29189846", ean="5798000000001")


SCHOOL = {"name": "Vestby Skole", "corporate_id": "29189846", "ean": "5798000000001", "ledger_number": None}
LIBRARY = economic_customer(number=3001, name="Vestby Bibliotek", corporate_id="29189846", ean="5798000000018")
TOWN = economic_customer(number=3000, name="Vestby Kommune", corporate_id="29189846")


@pytest.mark.parametrize(
    ("ours", "candidates", "expected"),
    [
        (SCHOOL, [LIBRARY], None),  # one company number, another institution: a customer of its own
        (SCHOOL, [LIBRARY, _skolen()], 3002),  # EAN decides
        (SCHOOL, [economic_customer(number=3002, name="VESTBY SKOLE", corporate_id="29189846")], 3002),  # name decides
        ({**SCHOOL, "ean": None, "name": "Vestby Bibliotek"}, [LIBRARY, TOWN], None),  # see the questions below
        ({"corporate_id": CVR, "ledger_number": None, "name": "Renamed"}, [economic_customer(corporate_id=CVR)], 1001),
        (
            {"vat_number": f"DK{CVR}", "corporate_id": None, "ledger_number": None},
            [economic_customer(corporate_id=CVR)],
            1001,
        ),
    ],
)
def test_id_and_ean_together_name_a_debtor(ours: dict, candidates: list, expected: int | None) -> None:
    """The same company number with another EAN is another debtor; a right id needs no name."""
    if ours.get("ean") is None and len(candidates) > 1:
        with pytest.raises(InvalidInvoice, match="3000, 3001"):
            match(customer(**ours), (), candidates)
        return
    found = match(customer(**ours), (), candidates)
    assert (found.number if found else None) == expected


@pytest.mark.parametrize(
    ("ours", "by_number", "by_id", "reason"),
    [
        (SCHOOL, [], [TOWN], "customer-unconfirmed"),  # may be the school, may be the town hall
        (
            {"name": "Other", "ledger_number": None, "corporate_id": "31000021"},  # its check digit is wrong
            [],
            [economic_customer(corporate_id="31000021")],
            "customer-unconfirmed",
        ),
        ({"corporate_id": CVR}, [economic_customer(corporate_id="29189846")], [], "customer-contradiction"),
        (
            {"ean": "5798000000001", "corporate_id": None},
            [economic_customer(ean="5798000000018", corporate_id="")],
            [],
            "customer-contradiction",
        ),
        (
            {"corporate_id": "SE556677889901", "country": "SE"},
            [economic_customer(corporate_id="559900-1005", country="Sverige")],
            [],
            "customer-contradiction",
        ),
    ],
)
def test_what_is_not_certain_is_a_question(ours: dict, by_number: list, by_id: list, reason: str) -> None:
    """A contradiction in any id, of whatever country, or a likeness without confirmation: nothing is booked."""
    with pytest.raises(InvalidInvoice) as caught:
        match(customer(**ours), by_number, by_id)
    assert caught.value.failure.reason == reason


def test_a_number_of_another_name_is_a_remark_or_a_question() -> None:
    """Opter's number counts as its word for it, unless the export asks."""
    ours, theirs = customer(corporate_id=None, name="Helt Andet"), economic_customer(corporate_id="")
    assert match(ours, [theirs]) == theirs
    assert match_remarks(ours, theirs) == (
        "customer.name: customer 1001 has another name in e-conomic, and no id confirms it",
    )
    with pytest.raises(InvalidInvoice, match="another name"):
        match(ours, [theirs], ask_about_names=True)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({}, {}, Standing.PROVEN),
        ({"corporate_id": CVR, "name": "X"}, {"corporate_id": CVR}, Standing.PROVEN),  # renamed, same company
        ({"corporate_id": CVR}, {"corporate_id": "29189846"}, Standing.OTHER),  # the number went to another company
        ({}, {"barred": True}, Standing.BARRED),
        ({"ledger_number": None, "corporate_id": None}, {"name": "UDGÅET, brug 6101"}, Standing.UNPROVEN),
        ({"corporate_id": None}, {"name": "Renamed", "corporate_id": ""}, Standing.PROVEN),  # Opter's own number
        ({"corporate_id": CVR, "ean": "5798000000001"}, {"corporate_id": CVR, "ean": "5798000000018"}, Standing.OTHER),
    ],
)
def test_what_a_remembered_number_is_now(ours: dict, theirs: dict, expected: Standing) -> None:
    """Before it is used again: the same debtor, another, barred, or open."""
    assert standing(customer(**ours), economic_customer(**theirs)) is expected


def test_an_id_that_was_filled_in_later_finds_the_customer_made_before() -> None:
    """The whole address is the same, and nothing contradicts; the missing id is remarked."""
    ours, theirs = customer(corporate_id=CVR, ledger_number=None), economic_customer(corporate_id="")
    assert match(ours, (), (), [theirs]) == theirs
    assert match_remarks(ours, theirs) == ("customer.corporateId: customer 1001 has none in e-conomic",)
    assert match(ours, (), (), [economic_customer(corporate_id="29189846")]) is None
