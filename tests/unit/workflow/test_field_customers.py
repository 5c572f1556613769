"""Customers as they occur: odd names, unusable e-mail addresses, barred ones, and what becomes of their invoices."""

from typing import Any

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.exports import ExportConfig
from worker.domain.record import State
from worker.sandbox import dump

BOTH = pytest.mark.parametrize("base", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
#: A private person: nothing but name and address to be found by.
PERSON = {"ledger_number": None, "corporate_id": None, "address": "Lindevej 4", "zip": "8000", "city": "Aarhus C"}


def close(harness: Harness, *people: dict[str, Any], number: int = 881) -> None:
    """Close a period with an invoice for each of these customers, numbered from ten times its number."""
    printed = [
        harness.pdf_fixtures.printed(invoice(line(), invoice_number=number * 10 + at, customer=customer(**who)))
        for at, who in enumerate(people)
    ]
    harness.close_period(*printed, event=f"/opter/acme/1#e{number}", number=number)
    harness.until_rest()


def accounts(harness: Harness) -> list[int | None]:
    """Return the customer numbers that the exported invoices went to, by invoice number."""
    records = sorted(harness.records(), key=lambda record: record.invoice_number)
    assert [record.failure for record in records] == [None] * len(records)
    return [record.progress.customer_number for record in records]


#: Each row is one person or company, spelt in two ways that look the same to a person.
NAMES = [
    ("Hansen & Søn [Afd. A] (Nord), 50% $*", "Hansen & Søn [Afd. A] (Nord), 50% $*"),
    ("<b>Fed</b> \"Citat\" 'Apostrof' \\ Bakke /", "<b>Fed</b> \"Citat\" 'Apostrof' \\ Bakke /"),
    ("Blomster \U0001f337 Ærø", "Blomster \U0001f337 Ærø"),
    ("Århus Øl", "A\u030arhus Øl"),
    ("Nul\u200bBredde ApS", "NulBredde ApS"),
    ("NulBredde Vest", "\ufeffNul\u200b\u200bBredde Vest"),
    ("Blød\u00adbinde\u00adstreg I/S", "Blødbindestreg I/S"),
    ("\u202aRetning A/S\u202c", "Retning A/S"),
    ("Hård\u00a0Mellemrum ApS", "Hård Mellemrum ApS"),
    ("  For  Mange   Mellemrum ", "For Mange Mellemrum"),
    ("null", "NULL"),
    ("100% $eq:1$or:name$like:*", "100% $eq:1$or:name$like:*"),
]


@BOTH
@pytest.mark.parametrize(("one", "other"), NAMES)
@pytest.mark.parametrize("together", [True, False], ids=["in one period", "in two"])
def test_two_invoices_of_one_name_end_on_one_customer(
    base: ExportConfig, one: str, other: str, *, together: bool
) -> None:
    """Whatever signs are in it, and whatever nobody sees of it, the second invoice finds the customer of the first."""
    harness = Harness(base)
    first, second = ({**PERSON, "code": f"P{at}", "name": name} for at, name in enumerate((one, other)))
    if together:
        close(harness, first, second)
        assert len(set(accounts(harness))) == 1
    else:
        close(harness, first)
        harness.wipe()  # only e-conomic remembers
        harness.store.declare_first_use("main")
        close(harness, second, number=882)
        assert [record.failure for record in harness.records()] == [None]
    theirs = harness.sandbox.agreement.customers.values()
    assert sum(row.get("address") == PERSON["address"] for row in theirs) == 1


@BOTH
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Hård\u00a0Mellemrum ApS", "Hård Mellemrum ApS"),
        ("For  Mange Mellemrum", "For Mange Mellemrum"),
        ("Nul\u200b Bredde ApS", "Nul Bredde ApS"),
        ("Aarhus Fragt", "Århus Fragt"),
        ("A\u030arhus Fragt", "AARHUS FRAGT"),
        ("O\u2019Brien og Søn", "O'Brien og Søn"),
        ("Jensen, Hans - Vognmand", "Jensen Hans Vognmand"),
    ],
)
def test_a_customer_whose_name_a_person_typed_otherwise_is_found(base: ExportConfig, theirs: str, ours: str) -> None:
    """It stands in e-conomic with other spaces, signs or letters that mean the same: no second one is made."""
    harness = Harness(base)
    there = harness.sandbox.agreement.customers[1001] | {
        key: value for key, value in PERSON.items() if key in ("address", "zip", "city")
    }
    there |= {"name": theirs, "corporateIdentificationNumber": "", "country": "Danmark"}
    dump.put(harness.sandbox.agreement, "customers", "5001", there)
    other = there | {"name": f"{theirs} Nord"}
    dump.put(harness.sandbox.agreement, "customers", "5002", other)
    close(harness, {**PERSON, "name": ours})

    assert accounts(harness) == [5001]


def test_what_nobody_sees_of_a_name_is_not_written() -> None:
    """Removed with a remark: the next search, or a bookkeeper's, would not find it otherwise. Emoji stay whole."""
    harness = Harness()
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # three people, joined by characters that take no room
    close(harness, {**PERSON, "name": f"Nul\u200bBredde\ufeff {family} ApS"})
    (number,) = accounts(harness)
    assert number

    assert harness.sandbox.agreement.customers[number]["name"] == f"NulBredde {family} ApS"
    remarks = harness.record("main-8810").progress.remarks
    assert "customer.name: 2 characters removed that take no room (new customer)" in remarks


@BOTH
@pytest.mark.parametrize(
    ("typed", "written", "left_out"),
    [
        ("a@example.com;b@example.com", "a@example.com b@example.com", 0),
        ("a@example.com, b@example.com", "a@example.com b@example.com", 0),
        ("a@example.com / b@example.com", "a@example.com b@example.com", 1),
        ("ingen", None, 1),
        ("n/a", None, 1),
        ("-", None, 1),
        ("@", None, 1),
        ("a@example.com; ingen", "a@example.com", 1),
        ("ring til Bo", None, 3),
        ("faktura@example", None, 1),
    ],
)
def test_a_new_customer_is_made_whatever_its_e_mail_field_holds(
    base: ExportConfig, typed: str, written: str | None, left_out: int
) -> None:
    """e-conomic refuses a customer for its e-mail address, so only addresses are sent; what is left out is remarked."""
    harness = Harness(base)
    close(harness, {**PERSON, "name": "Mail ApS", "email": typed})
    (number,) = accounts(harness)
    assert number

    assert harness.sandbox.agreement.customers[number].get("email") == written
    remarks = [remark for remark in harness.record("main-8810").progress.remarks if "customer.email" in remark]
    assert [remark.partition(": ")[2].partition(" of ")[0] for remark in remarks] == [str(left_out)] * bool(left_out)


@BOTH
def test_barred_and_missing_things_stop_their_own_invoices_alone(base: ExportConfig) -> None:
    """A barred customer, a currency that is not there, an account with a zero in front: each named; the rest goes on.

    An account with spaces around it is the account; with a zero in front it is another name, but the same number, which
    is what a voucher takes.
    """
    harness = Harness(base)
    known = {"ledger_number": 1001, "corporate_id": None, "name": "Aalbæk Tømrerfirma ApS"}
    barred = {"ledger_number": 1050, "corporate_id": None, "name": "Barred"}
    invoices = [
        invoice(line(), invoice_number=1, customer=customer(**barred)),
        invoice(line(rate="0.00"), invoice_number=2, customer=customer(**known), currency="USD"),
        invoice(line(account="03010"), invoice_number=3, customer=customer(**known)),
        invoice(line(account=" 3010 "), invoice_number=4, customer=customer(**known)),
    ]
    harness.close_period(*(harness.pdf_fixtures.printed(each) for each in invoices))
    harness.until_rest()

    reasons = {
        record.invoice_number: record.failure.reason if record.failure else record.state for record in harness.records()
    }
    account = "product-group-missing" if base is EXPORT else State.EXPORTED
    assert reasons == {1: "customer-barred", 2: "currency-unknown", 3: account, 4: State.EXPORTED}
