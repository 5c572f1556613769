import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.samples import customer, economic_customer, export, invoice, line, reference

from config.exports import Customers
from worker.economic.mapping.customer_matching import by_address, card_key, identity_key, ledger_number, match
from worker.economic.mapping.customer_payload import check_defaults, check_findable, creation_remarks, new_customer
from worker.errors import InvalidInvoice

ANONYMOUS = {"ledger_number": None, "corporate_id": None}
PRIVATE = customer(**ANONYMOUS)
LONG = 1_000_000_000  # ten digits: one too many for e-conomic


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


def test_new_customer() -> None:
    """All that Opter knows, the export's defaults for the rest, Opter's ledger number as customer number."""
    who = customer(
        email="a@acme.dk", phone="+45 1", ean="5798000000001", vat_number="DK12345678", corporate_id="DK12345678"
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
        "corporateIdentificationNumber": "12345678",
        "currency": "DKK",
        "customerGroup": {"customerGroupNumber": 1},
        "layout": {"layoutNumber": 19},
        "paymentTerms": {"paymentTermsNumber": 5},
        "vatZone": {"vatZoneNumber": 1},
    }


def test_new_customer_abroad_without_anything_optional() -> None:
    """What is not known is left out, never null; e-conomic gives the number; the VAT number goes over."""
    who = customer(**ANONYMOUS, address=None, zip=None, city=None, country="DE", vat_number="DE811569869", code="X")
    defaults = export(customers=Customers(group=1, layout=19, currency="EUR", payment_terms="Netto 14 dage"))

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


def test_by_address_takes_a_whole_address() -> None:
    """Name, address, zip and city: less could be somebody else."""
    whole = [by_address(customer(**ANONYMOUS, **{part: None})) for part in ("address", "zip", "city")]

    assert whole == [False, False, False]
    assert by_address(PRIVATE)
    assert not by_address(customer())
