"""The invoice method, driven through the in-process works: what reaches e-conomic, and what a person is told."""

from typing import Any

import httpx
import pytest
from support.samples import customer, invoice, line
from support.works import EXPORT, PERIOD, Killed, Works

from config.exports import Booking, Export
from worker.invoicing.invoice import Invoice
from worker.invoicing.record import Outcome, State

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"


def one(*lines: Any, **changes: Any) -> Invoice:
    return invoice(*lines, **({"customer": KNOWN} | changes))


def exported(works: Works, *invoices: Invoice) -> Works:
    works.close_period(*invoices)
    works.until_rest()
    return works


def writes(works: Works) -> list[str]:
    entries = works.sandbox.world.journal.entries
    return [f"{entry.method} {entry.path}" for entry in entries if entry.method != "GET"]


def with_booking(**booking: Any) -> Export:
    return EXPORT.model_copy(update={"booking": Booking(**booking)})


def test_an_invoice_is_drafted_compared_and_booked_under_opters_number() -> None:
    """The normal case: one draft with our reference, booked with Opter's number, equal to the øre."""
    works = exported(Works(), one(line("1000.00"), line("99.99")))

    (document,) = works.documents()
    assert (document.booked, document.number, document.reference) == (True, 100353, ID)
    assert [str(document.net), str(document.vat), str(document.gross)] == ["1099.99", "275.00", "1374.99"]
    assert writes(works) == ["POST /invoices/drafts", "POST /invoices/booked"]
    assert works.record(ID).outcome == Outcome.BOOKED


def test_a_known_customer_in_a_warm_process_costs_exactly_two_calls() -> None:
    """Reference data, customer and product are known: draft and book, nothing else."""
    works = exported(Works(), one())
    works.close_period(one(invoice_number=100354), event="/opter/acme/1#e2")
    works.check()
    before = len(works.sandbox.world.journal.entries)
    works.deliver()

    assert works.record("main-100354").state is State.EXPORTED
    assert len(works.sandbox.world.journal.entries) - before == 2


def test_a_credit_note_is_a_draft_with_a_negative_total() -> None:
    """-200.00 net, 25 % VAT: -50.00, gross -250.00."""
    works = exported(Works(), one(line("-200.00"), invoice_type="correction", credits_invoice_number=100001))

    (document,) = works.documents()
    assert [str(document.net), str(document.vat), str(document.gross)] == ["-200.00", "-50.00", "-250.00"]
    assert "Kreditnota" in str(works.sandbox.agreement.booked)


def test_a_draft_that_differs_is_deleted_and_both_sums_are_told() -> None:
    """Lines of 100.10 x 3 with VAT rounded per line: 3 x 25.03 = 75.09; e-conomic: 25 % of 300.30 = 75.08."""
    lines = [line("100.10", vat="25.03") for _ in range(3)]
    works = exported(Works(), one(*lines))

    record = works.record(ID)
    assert works.documents() == []
    assert record.failure is not None
    assert record.failure.reason == "totals-mismatch"
    assert "75.09" in record.failure.description
    assert "75.08" in record.failure.description
    assert writes(works) == ["POST /invoices/drafts", "DELETE /invoices/drafts/1"]


def test_within_the_tolerance_it_is_booked() -> None:
    """The same invoice, with one øre allowed."""
    lines = [line("100.10", vat="25.03") for _ in range(3)]
    works = exported(Works(with_booking(tolerance="0.01")), one(*lines))

    assert [document.booked for document in works.documents()] == [True]


def test_a_requeued_dead_letter_starts_with_a_fresh_key_and_draft() -> None:
    """After the tolerance is raised, the same invoice goes through, although e-conomic remembers the old keys."""
    lines = [line("100.10", vat="25.03") for _ in range(3)]
    works = exported(Works(), one(*lines))
    works.export = with_booking(tolerance="0.01")
    works.hire()
    works.ledger.requeue([ID], by="test")
    works.until_rest()

    assert [document.booked for document in works.documents()] == [True]


def test_booking_can_be_left_to_a_person() -> None:
    """``booking.book = false`` stops at the draft."""
    works = exported(Works(with_booking(book=False)), one())

    assert [document.booked for document in works.documents()] == [False]
    assert works.record(ID).outcome == Outcome.DRAFTED


def test_e_conomic_may_number_itself() -> None:
    """``booking.numbers = "economic"``: the next number of the agreement's own series, 20001."""
    works = exported(Works(with_booking(numbers="economic")), one())

    assert [document.number for document in works.documents()] == [20001]
    assert works.record(ID).progress.booked_number == 20001


def test_a_number_that_another_invoice_has_is_told_and_leaves_no_draft() -> None:
    """Number 100353 is taken by hand: ours is discarded, and the dead letter names the holder."""
    works = Works()
    by_hand = Works(with_booking(numbers="opter"))
    exported(by_hand, one())
    held = next(iter(by_hand.sandbox.agreement.booked.values())) | {"references": {"other": "by hand"}}
    works.sandbox.agreement.booked[100353] = held
    exported(works, one())

    record = works.record(ID)
    assert record.failure is not None
    assert record.failure.reason == "number-taken"
    assert "100353" in record.failure.description
    assert works.sandbox.agreement.drafts == {}


def test_a_wiped_ledger_adopts_what_is_booked() -> None:
    """Everything is forgotten and the event comes again: the invoice is found, not posted."""
    works = exported(Works(), one())
    sent = len(writes(works))
    works.wipe()
    exported(works, one())

    record = works.record(ID)
    assert (record.state, record.progress.adopted, record.progress.booked_number) == (State.EXPORTED, True, 100353)
    assert sent == len(writes(works))


def test_a_wiped_ledger_takes_over_a_draft() -> None:
    """The ledger is lost between draft and booking: the draft is found by its reference and booked."""
    works = Works()
    works.close_period(one())
    works.check()
    works.around_http = lambda request, answer: _killed_at(request, answer, "/invoices/booked")
    with pytest.raises(Killed):
        works.deliver()
    works.around_http = lambda request, answer: answer(request)
    works.wipe()
    exported(works, one())

    assert [(document.booked, document.number) for document in works.documents()] == [(True, 100353)]
    assert writes(works) == ["POST /invoices/drafts", "POST /invoices/booked"]


def test_another_invoice_under_the_draft_number_is_never_booked() -> None:
    """Our draft is deleted by hand, its number given to another: theirs stays as it is, ours is made anew."""
    works = Works()
    works.close_period(one())
    works.check()
    works.around_http = lambda request, answer: _killed_at(request, answer, "/invoices/booked")
    with pytest.raises(Killed):
        works.deliver()
    works.around_http = lambda request, answer: answer(request)
    works.sandbox.agreement.drafts[1]["references"] = {"other": "somebody else's"}
    works.hire()
    works.clock.advance(30)
    works.until_rest()

    assert [(document.booked, document.number) for document in works.documents()] == [(True, 100353)]
    assert [draft["references"]["other"] for draft in works.sandbox.agreement.drafts.values()] == ["somebody else's"]


def test_two_documents_with_our_reference_are_a_question_for_a_person() -> None:
    """Found twice: neither is chosen, both are named."""
    works = exported(Works(with_booking(book=False)), one())
    drafts = works.sandbox.agreement.drafts
    drafts[7] = drafts[1] | {"draftInvoiceNumber": 7}
    works.wipe()
    exported(works, one())

    record = works.record(ID)
    assert record.failure is not None
    assert record.failure.reason == "duplicate-documents"
    assert "1, 7" in record.failure.description


def test_a_refusal_is_told_in_e_conomics_own_words() -> None:
    """A customer that is barred between look and booking: e-conomic's message and log id are kept, no draft stays."""
    works = Works()
    works.close_period(one())
    works.check()
    works.around_http = lambda request, answer: _barring(works, request, answer)
    works.until_rest()

    record = works.record(ID)
    assert record.failure is not None
    assert "barred" in record.failure.economic_message.lower()
    assert record.failure.log_id
    assert works.documents() == []


def test_a_key_used_for_another_body_is_looked_up_and_left_behind() -> None:
    """PayloadChanged: an earlier life of this installation used the key; nothing is found twice, so a new key goes."""
    works = Works()
    works.close_period(one())
    works.check()
    works.around_http = lambda request, answer: _once_payload_changed(works, request, answer)
    works.until_rest()

    assert [document.booked for document in works.documents()] == [True]
    assert works.record(ID).progress.generation == 1


def test_a_refused_token_pauses_the_export_and_kills_nothing() -> None:
    """401: the invoice waits in the queue, the export is paused with a reason."""
    works = Works()
    works.close_period(one())
    works.check()
    works.sandbox.agreement.revoked = True
    (ran,) = works.deliver()

    assert ran.result == "queued"
    assert works.ledger.paused()["main"].reason == "tokens-refused"
    works.sandbox.agreement.revoked = False
    works.ledger.resume("main")
    works.clock.advance(30)
    works.sweep()
    works.until_rest()
    assert works.record(ID).state is State.EXPORTED


def test_a_429_costs_no_attempt() -> None:
    """Throttled: the invoice waits for as long as e-conomic said, with all its attempts."""
    works = Works()
    works.close_period(one())
    works.check()
    works.around_http = lambda request, _: httpx.Response(429, headers={"Retry-After": "30"}, request=request)
    works.deliver()

    record = works.record(ID)
    assert (record.state, record.attempts) == (State.WAITING, 0)
    assert record.due_at >= works.clock() + 30


def test_a_bug_rests_where_a_person_sees_it() -> None:
    """An exception that nobody expected becomes a dead letter with its kind, never a lost invoice."""
    works = Works()
    works.close_period(one())
    works.check()
    works.around_http = _buggy
    works.deliver()

    record = works.record(ID)
    assert record.failure is not None
    assert (record.state, record.failure.reason) == (State.DEAD, "internal-error")
    assert "ZeroDivisionError" in record.failure.description
    assert [type(error).__name__ for error in works.reported] == ["ZeroDivisionError"]


def test_the_period_is_told_once_what_is_missing_and_the_others_go_on() -> None:
    """Sales account 3050 has no group: its invoices are dead letters, one notice names group and accounts used."""
    works = exported(Works(), one(), one(line(account="3050"), invoice_number=100354))

    period = works.ledger.period(PERIOD)
    assert period is not None
    assert "3050" in period.notice
    assert "3010" in period.notice
    assert [works.record(key).state for key in (ID, "main-100354")] == [State.EXPORTED, State.DEAD]


def _killed_at(request: httpx.Request, answer: Any, path: str) -> httpx.Response:
    if request.url.path == path and request.method == "POST":
        raise Killed
    response: httpx.Response = answer(request)
    return response


def _buggy(request: httpx.Request, answer: Any) -> httpx.Response:
    raise ZeroDivisionError(f"{request.method} {answer}")


def _barring(works: Works, request: httpx.Request, answer: Any) -> httpx.Response:
    if request.url.path == "/invoices/booked" and request.method == "POST":
        works.sandbox.agreement.customers[1001]["barred"] = True
    response: httpx.Response = answer(request)
    return response


def _once_payload_changed(works: Works, request: httpx.Request, answer: Any) -> httpx.Response:
    if request.method == "POST" and request.headers["idempotency-key"].rpartition("-")[0].endswith("draft-0"):
        body = {"message": "PayloadChanged", "errorCode": "PayloadChanged", "httpStatusCode": 400, "logId": "x"}
        return httpx.Response(400, json=body, request=request)
    assert works is not None
    response: httpx.Response = answer(request)
    return response
