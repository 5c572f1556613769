"""The invoice method, driven through the in-process works: what reaches e-conomic, and what a person is told."""

from typing import Any

import httpx
import pytest
from support.harness import Harness, Killed
from support.invoice_harness import ID, exported, one, with_booking, writes
from support.samples import line

from worker.domain.record import Outcome, State


def test_an_invoice_is_drafted_compared_and_booked_under_opters_number() -> None:
    """The normal case: one draft with our reference, booked with Opter's number, equal to the øre."""
    harness = exported(Harness(), one(line("1000.00"), line("99.99")))

    (document,) = harness.documents()
    assert (document.booked, document.number, document.document_reference) == (True, 100353, ID)
    assert [str(document.net), str(document.vat), str(document.gross)] == ["1099.99", "275.00", "1374.99"]
    assert writes(harness) == ["POST /invoices/drafts", "POST /invoices/booked"]
    assert harness.record(ID).outcome == Outcome.BOOKED


def test_a_known_customer_in_a_warm_process_costs_exactly_two_calls() -> None:
    """Reference data, customer and product are known: draft and book, nothing else."""
    harness = exported(Harness(), one())
    harness.close_period(one(invoice_number=100354), event="/opter/acme/1#e2")
    harness.check()
    before = len(harness.sandbox.server_state.request_log.entries)
    harness.deliver()

    assert harness.record("main-100354").state is State.EXPORTED
    assert len(harness.sandbox.server_state.request_log.entries) - before == 2


def test_a_credit_note_is_a_draft_with_a_negative_total() -> None:
    """-200.00 net, 25 % VAT: -50.00, gross -250.00."""
    harness = exported(Harness(), one(line("-200.00"), invoice_type="correction", credits_invoice_number=100001))

    (document,) = harness.documents()
    assert [str(document.net), str(document.vat), str(document.gross)] == ["-200.00", "-50.00", "-250.00"]
    assert "Kreditnota" in str(harness.sandbox.agreement.booked)


def test_a_draft_that_differs_is_deleted_and_both_sums_are_told() -> None:
    """Lines of 100.10 x 3 with VAT rounded per line: 3 x 25.03 = 75.09; e-conomic: 25 % of 300.30 = 75.08."""
    lines = [line("100.10", vat="25.03") for _ in range(3)]
    harness = exported(Harness(), one(*lines))

    record = harness.record(ID)
    assert harness.documents() == []
    assert record.failure is not None
    assert record.failure.reason == "totals-mismatch"
    assert "75.09" in record.failure.description
    assert "75.08" in record.failure.description
    assert writes(harness) == ["POST /invoices/drafts", "DELETE /invoices/drafts/1"]


def test_within_the_tolerance_it_is_booked() -> None:
    """The same invoice, with one øre allowed."""
    lines = [line("100.10", vat="25.03") for _ in range(3)]
    harness = exported(Harness(with_booking(tolerance="0.01")), one(*lines))

    assert [document.booked for document in harness.documents()] == [True]


def test_a_requeued_dead_letter_starts_with_a_fresh_key_and_draft() -> None:
    """After the tolerance is raised, the same invoice goes through, although e-conomic remembers the old keys."""
    lines = [line("100.10", vat="25.03") for _ in range(3)]
    harness = exported(Harness(), one(*lines))
    harness.export = with_booking(tolerance="0.01")
    harness.hire()
    harness.store.requeue([ID], by="test")
    harness.until_rest()

    assert [document.booked for document in harness.documents()] == [True]


def test_booking_can_be_left_to_a_person() -> None:
    """``booking.book = false`` stops at the draft."""
    harness = exported(Harness(with_booking(book=False)), one())

    assert [document.booked for document in harness.documents()] == [False]
    assert harness.record(ID).outcome == Outcome.DRAFTED


def test_e_conomic_may_number_itself() -> None:
    """``booking.numbers = "economic"``: the next number of the agreement's own series, 20001."""
    harness = exported(Harness(with_booking(numbers="economic")), one())

    assert [document.number for document in harness.documents()] == [20001]
    assert harness.record(ID).progress.booked_number == 20001


def test_a_number_that_another_invoice_has_is_told_and_leaves_no_draft() -> None:
    """Number 100353 is taken by hand: ours is discarded, and the dead letter names the holder."""
    harness = Harness()
    by_hand = Harness(with_booking(numbers="opter"))
    exported(by_hand, one())
    held = next(iter(by_hand.sandbox.agreement.booked.values())) | {"references": {"other": "by hand"}}
    harness.sandbox.agreement.booked[100353] = held
    exported(harness, one())

    record = harness.record(ID)
    assert record.failure is not None
    assert record.failure.reason == "number-taken"
    assert "100353" in record.failure.description
    assert harness.sandbox.agreement.drafts == {}


def test_a_wiped_ledger_adopts_what_is_booked() -> None:
    """Everything is forgotten and the event comes again: the invoice is found, not posted."""
    harness = exported(Harness(), one())
    sent = len(writes(harness))
    harness.wipe()
    exported(harness, one())

    record = harness.record(ID)
    assert (record.state, record.progress.adopted, record.progress.booked_number) == (State.EXPORTED, True, 100353)
    assert sent == len(writes(harness))


def test_a_wiped_ledger_takes_over_a_draft() -> None:
    """The ledger is lost between draft and booking: the draft is found by its reference and booked."""
    harness = Harness()
    harness.close_period(one())
    harness.check()
    harness.around_http = lambda request, answer: _killed_at(request, answer, "/invoices/booked")
    with pytest.raises(Killed):
        harness.deliver()
    harness.around_http = lambda request, answer: answer(request)
    harness.wipe()
    exported(harness, one())

    assert [(document.booked, document.number) for document in harness.documents()] == [(True, 100353)]
    assert writes(harness) == ["POST /invoices/drafts", "POST /invoices/booked"]


def test_another_invoice_under_the_draft_number_is_never_booked() -> None:
    """Our draft is deleted by hand, its number given to another: theirs stays as it is, ours is made anew."""
    harness = Harness()
    harness.close_period(one())
    harness.check()
    harness.around_http = lambda request, answer: _killed_at(request, answer, "/invoices/booked")
    with pytest.raises(Killed):
        harness.deliver()
    harness.around_http = lambda request, answer: answer(request)
    harness.sandbox.agreement.drafts[1]["references"] = {"other": "somebody else's"}
    harness.hire()
    harness.clock.advance(30)
    harness.until_rest()

    assert [(document.booked, document.number) for document in harness.documents()] == [(True, 100353)]
    assert [draft["references"]["other"] for draft in harness.sandbox.agreement.drafts.values()] == ["somebody else's"]


def test_two_documents_with_our_reference_are_a_question_for_a_person() -> None:
    """Found twice: neither is chosen, both are named."""
    harness = exported(Harness(with_booking(book=False)), one())
    drafts = harness.sandbox.agreement.drafts
    drafts[7] = drafts[1] | {"draftInvoiceNumber": 7}
    harness.wipe()
    exported(harness, one())

    record = harness.record(ID)
    assert record.failure is not None
    assert record.failure.reason == "duplicate-documents"
    assert "1, 7" in record.failure.description


def _killed_at(request: httpx.Request, answer: Any, path: str) -> httpx.Response:
    if request.url.path == path and request.method == "POST":
        raise Killed
    response: httpx.Response = answer(request)
    return response
