"""Our reference as a person may have written it anew, met by the check of a whole period.

The store does not know what it was sent, and its first use was declared: the period's one lookup licenses the creates.
"""

from collections.abc import Callable

import httpx
import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.invoice_harness import ID, exported, sample, with_booking
from support.voucher_harness import book_all
from support.voucher_harness import exported as exported_voucher

from config.export_schema import Booking
from worker.domain.invoice import Invoice
from worker.domain.record import State

#: What a person may make of ``main-100353`` in a document; True: it is ours however it is written.
SPELLINGS = [
    ("main-100353", True),
    ("Main-100353", True),
    ("MAIN-100353  ", True),
    ("  main-100353", True),
    ("[main-100353]", True),
    ("[ Main-100353 ]", True),
    ("main-100353 PO 445", False),
    ("(main-100353)", False),
    ("[main-100353", False),
    ("rettet: Main-100353", False),
]
DOCUMENTS = pytest.mark.parametrize(("written", "ours"), SPELLINGS)


def forgotten(harness: Harness) -> Harness:
    """A day later another installation takes over, and its operator says that it is the first one."""
    harness.clock.advance(86_400)  # e-conomic has forgotten the keys by then
    harness.wipe()
    harness.store.declare_first_use("main")
    return harness


def standing(harness: Harness) -> tuple[State, str]:
    record = harness.record(ID)
    return record.state, record.failure.reason if record.failure else ""


#: Ours is taken up as it is; anything else waits for a person.
EXPECTED = {True: (State.EXPORTED, ""), False: (State.DEAD, "reference-unclear")}


def among_neighbours() -> list[Invoice]:
    """The invoice and two others, so that they are looked up together."""
    return [sample(invoice_number=number) for number in (100_353, 100_352, 100_354)]


@DOCUMENTS
def test_a_draft(written: str, *, ours: bool) -> None:
    """It is taken up, or a question; never drafted again. Its neighbours go on."""
    harness = exported(Harness(with_booking(book=False)), sample())
    (draft,) = harness.sandbox.agreement.drafts.values()
    draft["references"]["other"] = written
    exported(forgotten(harness), *among_neighbours())

    assert standing(harness) == EXPECTED[ours]
    assert len(harness.sandbox.agreement.drafts) == 3  # the one that was there, and two neighbours


@DOCUMENTS
def test_a_booked_invoice(written: str, *, ours: bool) -> None:
    """Where e-conomic numbers, nothing but the reference keeps it from being booked again."""
    harness = exported(Harness(with_booking(numbers="economic")), sample())
    (booked,) = harness.sandbox.agreement.booked.values()
    booked["references"]["other"] = written
    exported(forgotten(harness), *among_neighbours())

    assert standing(harness) == EXPECTED[ours]
    assert len(harness.sandbox.agreement.booked) == 3
    assert harness.sandbox.agreement.drafts == {}


#: What a person may make of ``Faktura 100353 [main-100353]``.
TEXTS = pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("Faktura 100353 [main-100353]", True),
        ("Faktura 100353 [MAIN-100353]", True),
        ("Faktura 100353 [ main-100353 ] betalt", True),
        ("Faktura 100353 main-100353", False),
        ("main-100353", False),
        ("[Main-100353", False),
        ("Faktura (main 100353)", False),
        ("main/100353", False),
        ("Main \u2013 100353 rettet", False),
    ],
)


def in_journal(harness: Harness, text: str) -> None:
    for voucher in harness.sandbox.agreement.vouchers.values():
        for entry in (entry for entries in voucher["entries"].values() for entry in entries):
            entry["text"] = text


def booked_from_it(harness: Harness, text: str) -> None:
    book_all(harness)
    for entry in harness.sandbox.agreement.booked_entries:
        entry["text"] = text


@TEXTS
@pytest.mark.parametrize("changed", [in_journal, booked_from_it])
def test_a_voucher(changed: Callable[[Harness, str], None], written: str, *, ours: bool) -> None:
    """In a journal or booked: taken up by its marker, a question without brackets; never posted again."""
    harness = exported_voucher(Harness(VOUCHER_EXPORT), sample())
    changed(harness, written)
    before = set(harness.sandbox.agreement.vouchers)
    exported_voucher(forgotten(harness), *among_neighbours())

    assert standing(harness) == EXPECTED[ours]
    assert len(set(harness.sandbox.agreement.vouchers) - before) == 2  # the neighbours


@DOCUMENTS
def test_an_invoice_where_vouchers_are_posted_now(written: str, *, ours: bool) -> None:
    """Another posting would double it, whichever method made the first: posted otherwise, or a question."""
    drafts = EXPORT.model_copy(update={"booking": Booking(book=False)})
    harness = exported(Harness(drafts), sample())
    (draft,) = harness.sandbox.agreement.drafts.values()
    draft["references"]["other"] = written
    harness.export = VOUCHER_EXPORT
    exported_voucher(forgotten(harness), sample())

    assert standing(harness) == (State.DEAD, "posted-otherwise" if ours else "reference-unclear")
    assert harness.sandbox.agreement.vouchers == {}


def test_another_invoice_whose_number_begins_alike_is_no_near_miss() -> None:
    """What the lookup's beginnings find besides is left out: neighbours, longer numbers, other words."""
    harness = exported(
        Harness(with_booking(book=False)), *(sample(invoice_number=number) for number in (100_399, 1_003_530))
    )
    others = ["domain-100353", "WOO-10035", "xmain-100353 7"]
    for text in others:
        copy = {**next(iter(harness.sandbox.agreement.drafts.values())), "references": {"other": text}}
        number = max(harness.sandbox.agreement.drafts) + 1
        harness.sandbox.agreement.drafts[number] = copy | {"draftInvoiceNumber": number}
    exported(forgotten(harness), sample(), sample(invoice_number=100_354))

    assert standing(harness) == (State.EXPORTED, "")
    assert len(harness.sandbox.agreement.drafts) == 2 + len(others) + 2


def test_one_more_question_for_each_hundred_numbers() -> None:
    """A period of 300 invoices is asked for in two listings more, however many they are; not one call an invoice."""
    harness = Harness()
    harness.close_period(*(sample(invoice_number=number) for number in range(100_300, 100_600)))
    harness.check()

    asked = [entry.path for entry in harness.sandbox.server_state.request_log.entries if "like" in entry.path]
    assert len(asked) == 2


def test_where_the_question_is_refused_the_exact_search_stands() -> None:
    """Which operators e-conomic takes on references is not known: a refusal of this one stops no period."""
    harness = Harness()

    def refusing(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if "$like" in request.url.params.get("filter", ""):
            return httpx.Response(400, json={"errorCode": "E04800", "message": "bad filter"}, request=request)
        return answer(request)

    harness.around_http = refusing
    assert standing(exported(harness, sample())) == (State.EXPORTED, "")
