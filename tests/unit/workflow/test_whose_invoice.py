"""Whose account an invoice ends on, when customers change in e-conomic between two periods or spellings differ."""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice

from config.exports import ExportConfig
from worker.domain.invoice import Customer
from worker.domain.record import State
from worker.sandbox import dump
from worker.sandbox.resources.voucher_schema import entries_of, invoice_number

BOTH = pytest.mark.parametrize("base", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
HAULIER: Mapping[str, Any] = {
    "code": "HT",
    "ledger_number": None,
    "name": "Hansens Torvegade ApS",
    "corporate_id": "10403782",
    "address": "Torvegade 7",
    "zip": "8000",
    "city": "Aarhus C",
    "country": "DK",
}


def close(harness: Harness, number: int, who: Customer, *, rest: bool = True) -> str:
    """Close a period of one invoice; return the invoice's id."""
    printed = harness.pdf_fixtures.printed(invoice(invoice_number=number, customer=who))
    harness.close_period(printed, event=f"/opter/acme/1#e{number}", number=number)
    if rest:
        harness.until_rest()
    return f"main-{number}"


def accounts(harness: Harness) -> dict[int, int]:
    """Return the customer that each exported invoice is booked or posted on, by invoice number."""
    agreement = harness.sandbox.agreement
    booked = {number: row["customer"]["customerNumber"] for number, row in agreement.booked.items()}
    entries = [entry for voucher in agreement.vouchers.values() for _, entry in entries_of(voucher)]
    posted = {
        invoice_number(entry) or 0: entry["customer"]["customerNumber"] for entry in entries if "customer" in entry
    }
    return booked | posted


def change(harness: Harness, number: int, **properties: Any) -> None:
    """Do what a person does to a customer in e-conomic."""
    theirs = harness.sandbox.agreement.customers
    if number not in theirs:
        properties = {**theirs[1001], "ean": "", "barred": False, **properties}
    dump.put(harness.sandbox.agreement, "customers", str(number), properties)


def alter(harness: Harness, number: int, became: str) -> None:
    if became == "removed":
        dump.remove(harness.sandbox.agreement, "customers", str(number))
    elif became == "barred":
        change(harness, number, barred=True)
    else:
        change(harness, number, name="Holding ApS", corporateIdentificationNumber="29189846")


def reason(harness: Harness, invoice_id: str) -> str | None:
    failure = harness.record(invoice_id).failure
    return failure.reason if failure else None


@BOTH
def test_merged_double_is_found_by_its_id(base: ExportConfig) -> None:
    """The remedy of a double customer: one is kept with the id, the other barred and renamed. The next goes to it."""
    harness = Harness(base)
    close(harness, 501, customer(**HAULIER))
    old = accounts(harness)[501]
    change(harness, 6101, name="Hansens Torvegade ApS (blivende)", corporateIdentificationNumber="10403782")
    change(harness, old, name="UDGÅET, brug 6101", corporateIdentificationNumber="", barred=True)
    harness.clock.advance(86_400)
    close(harness, 502, customer(**HAULIER))
    assert accounts(harness) == {501: old, 502: 6101}


#: The id of the double that is kept: right, or with a wrong check digit, which proves nothing alone.
CERTAIN, HINT = "10403782", "10403783"
#: What a person does to the double that is given up.
GIVEN_UP: Mapping[str, Mapping[str, Any]] = {
    "barred and renamed": {"name": "UDGÅET, brug 6101", "corporateIdentificationNumber": "", "barred": True},
    "renamed": {"name": "UDGÅET, brug 6101", "corporateIdentificationNumber": ""},
    "barred": {"corporateIdentificationNumber": "", "barred": True},
    "another company": {"name": "Holding ApS", "corporateIdentificationNumber": "29189846"},
}


def merge(harness: Harness, old: int, given_up: str, **kept: Any) -> None:
    """Merge a double in e-conomic: 6101 is kept."""
    change(harness, 6101, **kept)
    change(harness, old, **GIVEN_UP[given_up])


@BOTH
@pytest.mark.parametrize("given_up", GIVEN_UP)
@pytest.mark.parametrize("seconds", [60, 86_400], ids=["while the last proof still held", "a day later"])
def test_after_a_merge_the_next_invoice_goes_to_the_one_that_is_kept(
    base: ExportConfig, given_up: str, seconds: int
) -> None:
    """Whatever became of the other, and however short a time ago its number was proved."""
    harness = Harness(base)
    close(harness, 501, customer(**HAULIER))
    old = accounts(harness)[501]
    merge(harness, old, given_up, name="Hansens Torvegade", corporateIdentificationNumber=CERTAIN)
    harness.clock.advance(seconds)
    close(harness, 502, customer(**HAULIER))

    assert accounts(harness) == {501: old, 502: 6101}


@BOTH
@pytest.mark.parametrize("given_up", GIVEN_UP)
def test_a_merge_that_is_not_certain_names_both_until_the_names_agree(base: ExportConfig, given_up: str) -> None:
    """An id with a wrong check digit under another name is a question: both numbers stand in it, twice if need be."""
    harness, who = Harness(base), customer(**HAULIER | {"corporate_id": HINT})
    close(harness, 501, who)
    old = accounts(harness)[501]
    merge(harness, old, given_up, name="Torvegade (blivende)", corporateIdentificationNumber=HINT)
    second = close(harness, 502, who)
    for _ in range(2):
        failure = harness.record(second).failure
        assert failure
        assert (failure.reason, failure.value) == ("customer-merged", str(old))
        assert f"Customer {old}, " in failure.description
        assert "Customer 6101 " in failure.description
        harness.store.requeue([second], by="kirsten")
        harness.until_rest()
    change(harness, 6101, name="Hansens Torvegade ApS")
    harness.store.requeue([second], by="kirsten")
    harness.until_rest()

    assert accounts(harness) == {501: old, 502: 6101}


@pytest.mark.parametrize("given_up", ["barred and renamed", "barred"])
@pytest.mark.parametrize("kept_id", [CERTAIN, HINT])
def test_a_merge_between_draft_and_booking(given_up: str, kept_id: str) -> None:
    """The booking is refused: nothing is booked, both numbers are named, and a re-queue takes the one that is kept."""
    harness, who = Harness(), customer(**HAULIER | {"corporate_id": kept_id})
    close(harness, 501, who)
    old = accounts(harness)[501]

    def merging(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if request.method == "POST" and request.url.path == "/invoices/booked":
            merge(harness, old, given_up, name="Hansens Torvegade ApS", corporateIdentificationNumber=kept_id)
        return answer(request)

    harness.around_http = merging
    second = close(harness, 502, who)
    failure = harness.record(second).failure
    assert failure
    assert failure.reason == "customer-merged"
    assert f"Customer {old}, " in failure.description
    assert "Customer 6101 " in failure.description
    assert harness.sandbox.agreement.drafts == {}
    harness.around_http = lambda request, answer: answer(request)
    harness.store.requeue([second], by="kirsten")
    harness.until_rest()

    assert accounts(harness) == {501: old, 502: 6101}
    assert harness.sandbox.agreement.drafts == {}


@BOTH
def test_a_customer_renamed_and_barred_with_nothing_else_found_is_never_made_again(base: ExportConfig) -> None:
    """To make it again might double it: the question stays until a person answers it, however often it is re-queued."""
    harness, who = Harness(base), customer(**HAULIER | {"corporate_id": None})
    close(harness, 501, who)
    old = accounts(harness)[501]
    before = len(harness.sandbox.agreement.customers)
    change(harness, old, name="UDGÅET", barred=True)
    second = close(harness, 502, who)
    for _ in range(2):
        assert reason(harness, second) == "customer-unconfirmed"
        harness.store.requeue([second], by="kirsten")
        harness.until_rest()
    change(harness, old, name="Hansens Torvegade ApS", barred=False)
    harness.store.requeue([second], by="kirsten")
    harness.until_rest()

    assert accounts(harness) == {501: old, 502: old}
    assert len(harness.sandbox.agreement.customers) == before


@BOTH
def test_barred_later_names_the_customer_and_goes_on_when_unbarred(base: ExportConfig) -> None:
    """A customer barred after its first invoice: ``customer-barred``; unbarred and re-queued, it is exported."""
    harness = Harness(base)
    close(harness, 511, customer(**HAULIER))
    number = accounts(harness)[511]
    change(harness, number, barred=True)
    harness.clock.advance(86_400)
    second = close(harness, 512, customer(**HAULIER))
    assert reason(harness, second) == "customer-barred"
    assert 512 not in accounts(harness)
    change(harness, number, barred=False)
    harness.store.requeue([second], by="kirsten")
    harness.until_rest()
    assert accounts(harness)[512] == number


@BOTH
@pytest.mark.parametrize("moved_to", [6102, None])
def test_number_given_to_another_company(base: ExportConfig, moved_to: int | None) -> None:
    """Its number stands for another company now: never booked there, but on its new number, or on a new customer."""
    harness = Harness(base)
    close(harness, 521, customer(**HAULIER))
    old = accounts(harness)[521]
    if moved_to:
        change(harness, moved_to, name="Flyttet ApS", corporateIdentificationNumber="10403782")
    change(harness, old, name="Holding ApS", corporateIdentificationNumber="29189846")
    harness.clock.advance(86_400)
    close(harness, 522, customer(**HAULIER))
    assert accounts(harness).get(522) != old
    assert moved_to is None or accounts(harness)[522] == moved_to


@BOTH
@pytest.mark.parametrize("became", ["another company", "barred", "removed"])
def test_customer_changes_while_the_answer_is_lost(base: ExportConfig, became: str) -> None:
    """The draft or voucher is made, its answer lost, and its customer changes hands: the draft is not booked on it."""
    harness = Harness(base)
    close(harness, 531, customer(**HAULIER))
    old = accounts(harness)[531]
    harness.clock.advance(86_400)
    lost: list[str] = []

    def hand_over(request: Any, answer: Any) -> Any:
        got = answer(request)
        if request.method == "POST" and request.url.path == "/invoices/drafts" and not lost:
            lost.append(request.url.path)
            alter(harness, old, became)
            raise httpx.ReadTimeout("lost", request=request)
        return got

    harness.around_http = hand_over
    second = close(harness, 532, customer(**HAULIER))
    if base is EXPORT:
        assert lost
        assert 532 not in accounts(harness)
        assert reason(harness, second) in {"customer-contradiction", "customer-barred"}
        assert [document.booked for document in harness.documents()] == [True]


@BOTH
@pytest.mark.parametrize("became", ["another company", "barred", "removed"])
def test_a_recorded_create_is_not_sent_on_a_customer_that_changed(base: ExportConfig, became: str) -> None:
    """The request never arrived and its customer changes hands: what is sent next is not the recorded request."""
    harness = Harness(base)
    close(harness, 531, customer(**HAULIER))
    old = accounts(harness)[531]
    harness.clock.advance(86_400)
    lost: list[str] = []

    def hand_over(request: Any, answer: Any) -> Any:
        if request.method == "POST" and request.url.path.endswith(("/vouchers", "/drafts")) and not lost:
            lost.append(request.url.path)
            alter(harness, old, became)
            raise httpx.ReadTimeout("lost", request=request)
        return answer(request)

    harness.around_http = hand_over
    close(harness, 532, customer(**HAULIER))
    assert lost
    if 532 in accounts(harness):  # a number that was freed comes back, and is this customer's own then
        theirs = harness.sandbox.agreement.customers[accounts(harness)[532]]
        assert theirs["corporateIdentificationNumber"] == "10403782"
        assert not theirs.get("barred")


@BOTH
def test_deleted_customer_is_made_again(base: ExportConfig) -> None:
    """Somebody removed it: found nowhere, it is created once more, and not under a stranger's number."""
    harness = Harness(base)
    close(harness, 541, customer(**HAULIER))
    old = accounts(harness)[541]
    dump.remove(harness.sandbox.agreement, "customers", str(old))
    change(harness, old, name="Genbrugt Nummer ApS", corporateIdentificationNumber="29189846")
    harness.clock.advance(86_400)
    close(harness, 542, customer(**HAULIER))
    assert accounts(harness)[542] != old


FULL_WIDTH = "".join(chr(ord(digit) + 0xFEE0) for digit in "10403782")
#: Each row of spellings is one debtor; the rows are different debtors.
DEBTORS: tuple[tuple[Mapping[str, Any], ...], ...] = (
    (
        HAULIER,
        {**HAULIER, "code": "HT2", "corporate_id": "DK10403782"},
        {**HAULIER, "code": "HT3", "corporate_id": "CVR 10 40 37 82"},
        {**HAULIER, "code": "HT4", "corporate_id": None, "vat_number": "DK 10403782"},
        {**HAULIER, "code": "HT5", "corporate_id": FULL_WIDTH},
        {**HAULIER, "code": "HT6", "corporate_id": None},
    ),
    (
        {**HAULIER, "code": "SK", "name": "Vestby Skole", "corporate_id": "29189846", "ean": "5798000000001"},
        {**HAULIER, "code": "SK2", "name": "Vestby  skole", "corporate_id": "DK 29189846", "ean": "5798000000001"},
    ),
    (
        {**HAULIER, "code": "BI", "name": "Vestby Bibliotek", "corporate_id": "29189846", "ean": "5798000000018"},
        {
            **HAULIER,
            "code": "BI2",
            "name": "Vestby Bibliotek",
            "vat_number": "DK29189846",
            "corporate_id": None,
            "ean": "5798000000018",
        },
    ),
    (
        {**HAULIER, "code": "P1", "name": "Søren Ågård", "corporate_id": None},
        {**HAULIER, "code": "P2", "name": unicodedata.normalize("NFD", "Søren Ågård"), "corporate_id": "PRIVAT"},
        {**HAULIER, "code": "P3", "name": "SØREN  ÅGÅRD ", "corporate_id": "00000000"},
    ),
    (
        {**HAULIER, "code": "P4", "name": "Søren Ågaard-Poulsen", "corporate_id": "-"},
        {**HAULIER, "code": "P5", "name": "Søren  ågaard-poulsen", "corporate_id": "00000000"},
    ),
    (
        {**HAULIER, "code": "S1", "name": "Malmö Frakt AB", "country": "SE", "corporate_id": "556703-7485"},
        {**HAULIER, "code": "S2", "name": "Malmö Frakt AB", "country": "SE", "corporate_id": "SE556703748501"},
        {**HAULIER, "code": "S3", "name": "Malmö Frakt", "country": "SE", "corporate_id": "5567037485"},
    ),
)


@given(
    picks=st.lists(
        st.sampled_from([(debtor, way) for debtor, ways in enumerate(DEBTORS) for way in range(len(ways))]),
        min_size=2,
        max_size=10,
    ),
    together=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_so_many_debtors_so_many_customers(picks: list[tuple[int, int]], together: bool) -> None:  # noqa: FBT001  # drawn
    """Whatever the spelling, order and interleaving: no customer has two debtors' invoices, no debtor two customers."""
    harness = Harness()
    debtor_of: dict[int, int] = {}
    for at, (debtor, way) in enumerate(picks):
        debtor_of[601 + at] = debtor
        close(harness, 601 + at, customer(**DEBTORS[debtor][way]), rest=not together)
    harness.until_rest()

    dead = {record.id: record.failure for record in harness.records() if record.state is State.DEAD}
    assert not dead
    on = accounts(harness)
    pairs = {(debtor_of[number], account) for number, account in on.items()}
    assert len(pairs) == len({debtor for debtor, _ in pairs}) == len({account for _, account in pairs})


def test_a_number_that_changes_hands_before_the_draft_is_answered_is_not_booked() -> None:
    """Proved, then given to another company a moment later: the draft's own answer names that company's number."""
    harness = Harness()
    who = customer(ledger_number=None, corporate_id="10403782", name="Flyttet ApS")
    harness.close_period(invoice(customer=who, invoice_number=1))
    harness.until_rest()
    number = harness.record("main-1").progress.customer_number
    assert number

    def given_away(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if request.method == "POST" and request.url.path == "/invoices/drafts":
            harness.sandbox.agreement.customers[number]["corporateIdentificationNumber"] = "29189846"
        return answer(request)

    harness.around_http = given_away
    harness.close_period(invoice(customer=who, invoice_number=2), event="/opter/acme/1#e2", number=882)
    harness.until_rest()

    record = harness.record("main-2")
    assert (record.state, record.failure and record.failure.reason) == (State.DEAD, "customer-contradiction")
    assert [document.document_reference for document in harness.documents()] == ["main-1"]


@pytest.mark.parametrize("path", ["/vouchers", "/bookdraftentries"])
@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("became", ["another company", "barred", "removed"])
def test_a_voucher_is_not_booked_on_a_customer_that_changed(path: str, arrived: bool, became: str) -> None:  # noqa: FBT001  # a table's column
    """Posted, or about to be booked, an answer is lost and its customer changes hands: it is not booked on that one."""
    book = VOUCHER_EXPORT.model_copy(update={"voucher": VOUCHER_EXPORT.voucher.model_copy(update={"book": True})})
    harness = Harness(book)
    old = harness.record(close(harness, 551, customer(**HAULIER))).progress.customer_number
    assert old
    harness.clock.advance(86_400)
    lost: list[str] = []

    def hand_over(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith(path) and not lost:
            lost.append(request.url.path)
            if arrived:
                answer(request)
            alter(harness, old, became)
            raise httpx.ReadTimeout("lost", request=request)
        return answer(request)

    harness.around_http = hand_over
    second = close(harness, 552, customer(**HAULIER))
    assert lost
    if arrived and path == "/bookdraftentries":
        return  # it was booked before the customer changed: nothing can be undone
    agreement = harness.sandbox.agreement
    booked = {row["customer"] for row in agreement.booked_entries if row["invoice"] == 552 and row["customer"]}
    for number in booked:  # a number that was freed comes back, and is this customer's own then
        assert agreement.customers[number]["corporateIdentificationNumber"] == "10403782"
        assert not agreement.customers[number].get("barred")
    assert booked or reason(harness, second) in {"customer-contradiction", "customer-barred"}
