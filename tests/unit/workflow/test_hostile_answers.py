"""Successes that are about something else, for every write of both methods: once, or again and again."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.chaos.end_state import created, ended
from support.chaos.scenarios import NEW, Scenario
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.invoice_harness import ID, exported, sample, with_booking
from support.samples import invoice, line
from support.voucher_harness import exported as exported_voucher
from support.voucher_harness import reason, settings

from config.export_schema import Booking
from worker.domain.record import State
from worker.domain.retry import RetryPolicy

Change = Callable[[dict[str, Any]], Any]
#: Another customer of the seed.
ANOTHER = {"customerNumber": 1002, "name": "Bornholms Bryghus A/S", "corporateIdentificationNumber": "10000002"}


def answering(harness: Harness, route: str, change: Change, *, reaches: bool = True, times: int | None = 1) -> None:
    """Answer the first calls to a route with 200 and another body; whether they reach e-conomic is the fault's."""
    struck: list[int] = []

    def around(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        method, _, ending = route.partition(" ")
        if request.method != method or not request.url.path.endswith(ending) or len(struck) == times:
            return answer(request)
        struck.append(1)
        found = answer(request) if reaches else None
        body = change(found.json() if found is not None and found.content else {})
        content = {} if body is None else {"json": body}
        return httpx.Response(200, request=request, **content)

    harness.around_http = around


HOSTILE: list[Change] = [
    lambda _: None,
    lambda _: [],
    lambda _: {},
    lambda _: {"ok": True},
    lambda body: body | ANOTHER,
    lambda body: {**body, "references": {}},
    lambda body: {**body, "grossAmount": 1.0},
    lambda body: {**body, "currency": "EUR"},
    lambda body: {**body, "customer": {"customerNumber": 1002}},
]


@pytest.mark.parametrize("reaches", [True, False])
@pytest.mark.parametrize("change", HOSTILE)
@pytest.mark.parametrize("route", ["POST /customers", "POST /invoices/drafts", "POST /invoices/booked"])
@pytest.mark.parametrize("numbers", ["opter", "economic"])
def test_a_success_about_something_else_neither_loses_doubles_nor_misdirects(
    route: str, change: Change, numbers: str, *, reaches: bool
) -> None:
    """One customer, one booked invoice on it, equal to the øre, whether or not the request was carried out."""
    export = EXPORT.model_copy(update={"booking": Booking(numbers=numbers)})
    scenario = Scenario(name="new", invoice=invoice(customer=NEW), new_customers=1, export=export)
    harness = scenario.harness()
    answering(harness, route, change, reaches=reaches)
    harness.until_rest()

    assert harness.reported == []
    assert ended(harness.record(ID), scenario.invoice, harness.documents()) == []
    assert created(harness, customers=1, products=0) == []


def test_a_booking_that_never_answers_properly_becomes_a_question() -> None:
    """An empty 200 for ever books nothing: the attempts end, the draft stays, and a person is asked to look."""
    harness = Harness(policy=RetryPolicy(most_attempts=4))
    answering(harness, "POST /invoices/booked", lambda _: None, reaches=False, times=None)
    exported(harness, sample())

    record = harness.record(ID)
    assert (record.state, record.failure and record.failure.reason) == (State.DEAD, "outcome-unknown")
    assert [document.booked for document in harness.documents()] == [False]


def test_a_deletion_that_deletes_nothing_is_not_believed() -> None:
    """A draft that differs stays ours until it is gone: no stray draft."""
    harness = Harness(with_booking())
    answering(harness, "DELETE /invoices/drafts/1", lambda _: {"message": "ok"}, reaches=False)
    exported(harness, sample(*[line("100.10", vat="25.03") for _ in range(3)]))

    assert reason(harness) == "totals-mismatch"
    assert harness.documents() == []


@pytest.mark.parametrize("reaches", [True, False])
@pytest.mark.parametrize("change", HOSTILE)
@pytest.mark.parametrize("route", ["POST /vouchers", "POST /file", "POST /bookdraftentries"])
def test_a_voucher_is_posted_attached_and_booked_once(route: str, change: Change, *, reaches: bool) -> None:
    """Any JSON or an empty 200 is neither "posted" nor "attached" nor "booked"."""
    harness = Harness(settings(book=True))
    answering(harness, route, lambda body: change(body if isinstance(body, dict) else {}), reaches=reaches)
    exported_voucher(harness, sample())

    record = harness.record(ID)
    assert (record.state, record.progress.attached, record.progress.journal) == (State.EXPORTED, True, None)
    owed = [row for row in harness.sandbox.agreement.booked_entries if row["customer"] is not None]
    assert [(row["customer"], str(row["amount"])) for row in owed] == [(1001, str(sample().gross))]
    assert harness.sandbox.agreement.vouchers == {}


@pytest.mark.parametrize("reference", ["Main-100353", "main-100353 ", "MAIN-100353"])
def test_a_draft_whose_reference_a_person_wrote_anew_is_ours(reference: str) -> None:
    """It is booked, not drafted a second time, although the store was wiped between."""
    harness = exported(Harness(with_booking(book=False)), sample())
    (draft,) = harness.sandbox.agreement.drafts.values()
    draft["references"]["other"] = reference
    harness.wipe()
    exported(harness, sample())

    assert len(harness.sandbox.agreement.drafts) == 1
    assert harness.record(ID).progress.adopted


@pytest.mark.parametrize(
    ("reference", "ours"),
    [
        (" main-100353", True),
        ("[MAIN-100353]", True),
        ("main-100353 PO 445", False),
        ("(main-100353)", False),
        ("ref main-100353", False),
    ],
)
def test_a_draft_whose_reference_no_exact_search_finds(reference: str, *, ours: bool) -> None:
    """After an answer was lost: ours in brackets is taken up, what resembles it is a question. No second draft."""
    harness = Harness(with_booking(book=False))

    def lost(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if request.method != "POST" or request.url.path != "/invoices/drafts" or harness.sandbox.agreement.drafts:
            return answer(request)
        answer(request)
        (draft,) = harness.sandbox.agreement.drafts.values()
        draft["references"]["other"] = reference
        raise httpx.ReadTimeout("lost", request=request)

    harness.around_http = lost
    harness.close_period(sample())
    harness.check()
    harness.deliver()
    harness.clock.advance(4000.0)
    harness.until_rest()

    assert harness.record(ID).state is (State.EXPORTED if ours else State.DEAD)
    assert ours or reason(harness) == "reference-unclear"
    assert len(harness.sandbox.agreement.drafts) == 1


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Faktura 100353 [Main-100353]", State.EXPORTED),
        ("Faktura 100353 [ main-100353 ]", State.EXPORTED),
        ("Faktura 100353 main-100353", State.DEAD),
        ("[main\u2013100353", State.DEAD),
    ],
)
def test_a_voucher_whose_mark_a_person_wrote_anew(text: str, state: State) -> None:
    """Our mark in other case is ours; without its brackets it is a question. Never a second posting."""
    harness = exported_voucher(Harness(VOUCHER_EXPORT), sample())
    for voucher in harness.sandbox.agreement.vouchers.values():
        for entries in voucher["entries"].values():
            for entry in entries:
                entry["text"] = text
    harness.wipe()
    exported_voucher(harness, sample())

    assert harness.record(ID).state is state
    assert len(harness.sandbox.agreement.vouchers) == 1
    assert state is State.EXPORTED or reason(harness) == "reference-unclear"
