"""A customer written back as a whole: Opter's data where they are newer, all else as it was read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.samples import customer

from worker.domain.identity import canonical_json
from worker.economic.mapping.customer_payload import updated

NEWER = "2026-11-01T12:00:00+01:00"  # 11:00:00 UTC
THEIRS: dict[str, Any] = {
    "customerNumber": 1001,
    "name": "Acme A/S",
    "address": "Havnegade 1",
    "zip": "1058",
    "city": "København K",
    "country": "Danmark",
    "corporateIdentificationNumber": "DK-12345674",
    "email": "bogholderi@example.com",
    "barred": True,
    "creditLimit": 5000,
    "currency": "DKK",
    "customerGroup": {"customerGroupNumber": 1, "self": "https://restapi.e-conomic.com/customer-groups/1"},
    "attention": {"customerContactNumber": 7, "customer": {"customerNumber": 1001, "self": "https://x"}, "self": "y"},
    "somethingNew": {"itemNumber": 3, "nothing": None},
    "balance": 1250.5,
    "lastUpdated": "2026-11-01T10:59:59Z",
    "contacts": "https://restapi.e-conomic.com/customers/1001/contacts",
    "self": "https://restapi.e-conomic.com/customers/1001",
}
KEPT = {
    "customerNumber": 1001,
    "name": "Acme A/S",
    "address": "Havnegade 1",
    "zip": "1058",
    "city": "København K",
    "country": "Danmark",
    "corporateIdentificationNumber": "DK-12345674",
    "email": "bogholderi@example.com",
    "barred": True,
    "creditLimit": 5000,
    "currency": "DKK",
    "customerGroup": {"customerGroupNumber": 1},
    "attention": {"customerContactNumber": 7, "customer": {"customerNumber": 1001}},
    "somethingNew": {"itemNumber": 3},
}


def merged(theirs: dict[str, Any] = THEIRS, **changes: Any) -> dict[str, Any] | None:
    return updated(customer(**({"changed_at": NEWER} | changes)), theirs)


def test_what_opter_knows_goes_in_and_all_else_stays() -> None:
    """A new address and phone; group, barring, credit limit, contact, and a property unknown to us as they were."""
    assert merged(address="Havnegade 2", phone="33 12 34 56") == KEPT | {
        "address": "Havnegade 2",
        "telephoneAndFaxNumber": "33 12 34 56",
    }


def test_what_opter_does_not_know_is_not_emptied() -> None:
    """No e-mail, no phone, no city in Opter: e-conomic keeps its own."""
    assert merged(name="Acme Holding A/S", city=None, email=None) == KEPT | {"name": "Acme Holding A/S"}


@pytest.mark.parametrize(
    ("changed_at", "last_updated", "expected"),
    [
        (NEWER, "2026-11-01T10:59:59Z", True),
        (NEWER, "2026-11-01T11:00:00Z", False),  # the same moment
        (NEWER, "2026-11-01T11:30:00", False),  # without an offset it is UTC
        (NEWER, "2026-10-31", True),
        (NEWER, "yesterday", False),
        (NEWER, None, False),
        (None, "2026-11-01T10:59:59Z", False),
    ],
)
def test_only_newer_data_are_written(changed_at: str | None, last_updated: str | None, expected: bool) -> None:  # noqa: FBT001  # a column of the table
    """What e-conomic changed last stays; so it does when either side does not say when."""
    found = merged(THEIRS | {"lastUpdated": last_updated}, changed_at=changed_at, address="Havnegade 2")

    assert (found is not None) is expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"country": "DK"},
        {"address": " Havnegade  1 "},
        {"corporate_id": "87654311"},  # what the customer was matched by
        {"email": "x" * 256},  # does not fit, so it is not ours to write
        {"email": "ingen"},  # not an address, likewise
    ],
)
def test_what_is_no_different_is_not_written(changes: dict[str, Any]) -> None:
    """A spelling of the same country, spaces, an id that is there already: no call."""
    assert merged(**changes) is None


def test_several_email_addresses_are_the_same_however_they_are_separated() -> None:
    """e-conomic's space is Opter's semicolon; a third address is news."""
    theirs = THEIRS | {"email": "a@example.com b@example.com"}

    assert merged(theirs, email="a@example.com;b@example.com") is None
    assert (merged(theirs, email="a@example.com, b@example.com, c@example.com") or {})["email"].count("@") == 3


@pytest.mark.parametrize("switch", [{}, {"eInvoicingDisabledByDefault": True}])
def test_the_switch_against_e_invoices_stays_as_it_is(switch: dict[str, bool]) -> None:
    """It is ours to set on customers that we create, and on no other."""
    assert merged(THEIRS | switch, address="Havnegade 2") == KEPT | switch | {"address": "Havnegade 2"}


def test_a_missing_corporate_id_is_filled_in() -> None:
    """The only thing that makes the customer findable next time."""
    bare = {name: value for name, value in THEIRS.items() if name != "corporateIdentificationNumber"}

    assert (merged(bare) or {})["corporateIdentificationNumber"] == "12345674"


@given(
    theirs=st.dictionaries(st.text(min_size=1), st.none() | st.booleans() | st.integers() | st.text(), max_size=8),
    name=st.text(min_size=1),
)
def test_nothing_that_e_conomic_tells_is_lost(theirs: dict[str, Any], name: str) -> None:
    """Whatever is read goes back, but for null and what is read only; the body can always be sent."""
    resource = theirs | {"customerNumber": 1, "lastUpdated": "2026-10-31", "name": "", "barred": True}
    body = updated(customer(changed_at=NEWER, name=f"N{name}"), resource)

    assert body is not None
    ours = {"name", "address", "zip", "city", "country", "corporateIdentificationNumber"}
    told_only = {"balance", "dueAmount", "lastUpdated", "totals", "metaData", "self", "contacts"}
    told_only |= {"deliveryLocations", "templates", "invoices"}
    kept = {key: value for key, value in resource.items() if value is not None and key not in ours | told_only}
    assert kept == {key: value for key, value in body.items() if key not in ours}
    assert canonical_json(body)
