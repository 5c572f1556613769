"""Failures of the invoice method: refusals, keys, tokens, limits, faults of ours, and what a person reads."""

from typing import Any

import httpx
import pytest
from support.harness import EXPORT, PERIOD, Harness
from support.invoice_harness import ID, exported, sample
from support.recorded_refusals import BOOKING_IN_A_BARRED_PERIOD, WRAPPER, under
from support.samples import customer, line

from worker.domain.record import State


def refused(name: str, code: str) -> dict[str, Any]:
    return WRAPPER | {"errors": under(name, code)}


def test_a_refusal_is_told_in_e_conomics_own_words() -> None:
    """A customer that is barred between lookup and booking: e-conomic's message and log id are kept, no draft stays."""
    harness = Harness()
    harness.close_period(sample())
    harness.check()
    harness.around_http = lambda request, answer: _barring(harness, request, answer)
    harness.until_rest()

    record = harness.record(ID)
    assert record.failure is not None
    assert record.failure.reason == "customer-barred"
    assert "barred" in record.failure.remote_message.lower()
    assert record.failure.log_id
    assert harness.documents() == []


@pytest.mark.parametrize(
    ("path", "body", "closed_period", "state", "why"),
    [
        ("/customers", refused("customerGroup", "E07140"), "refuse", State.DEAD, "customer-group-missing"),
        ("/customers", refused("layout", "E07140"), "refuse", State.DEAD, "refused-by-economic"),
        ("/invoices/booked", refused("product", "E06600"), "refuse", State.DEAD, "product-barred"),
        ("/invoices/booked", refused("product", "E06601"), "refuse", State.DEAD, "refused-by-economic"),
        ("/invoices/booked", BOOKING_IN_A_BARRED_PERIOD, "refuse", State.DEAD, "accounting-period-barred"),
        ("/invoices/booked", BOOKING_IN_A_BARRED_PERIOD, "hold", State.WAITING, "accounting-period-barred"),
    ],
)
def test_a_refusal_leads_to_the_reason_that_its_code_and_property_name(
    path: str, body: dict[str, Any], closed_period: str, *, state: State, why: str
) -> None:
    """Where they make it certain; else it stays in e-conomic's words. A refused booking leaves no draft but on hold."""
    harness = Harness(EXPORT.model_copy(update={"closed_period": closed_period}))

    def around(request: httpx.Request, answer: Any) -> httpx.Response:
        is_refused = request.method == "POST" and request.url.path == path
        reply: httpx.Response = httpx.Response(400, json=body, request=request) if is_refused else answer(request)
        return reply

    harness.around_http = around
    new = customer(ledger_number=4711, name="Ny Kunde ApS", corporate_id=None)
    harness.close_period(sample(customer=new))
    harness.check()
    harness.deliver()
    record = harness.record(ID)
    assert record.failure is not None
    assert (record.state, record.failure.reason) == (state, why)
    assert str(body["errorCode"]) in record.failure.remote_message
    assert len(harness.documents()) == (closed_period == "hold")


def test_a_key_used_for_another_body_is_looked_up_and_left_behind() -> None:
    """PayloadChanged: an earlier life of this installation used the key; nothing is found twice, so a new key goes."""
    harness = Harness()
    harness.close_period(sample())
    harness.check()
    harness.around_http = lambda request, answer: _once_payload_changed(harness, request, answer)
    harness.until_rest()

    assert [document.booked for document in harness.documents()] == [True]
    assert harness.record(ID).progress.generation == 1


def test_a_refused_token_pauses_the_export_and_kills_nothing() -> None:
    """401: the invoice waits in the queue, the export is paused with a reason."""
    harness = Harness()
    harness.close_period(sample())
    harness.check()
    harness.sandbox.agreement.revoked = True
    (ran,) = harness.deliver()

    assert ran.result == "queued"
    assert harness.store.paused()["main"].reason == "tokens-refused"
    harness.sandbox.agreement.revoked = False
    harness.store.resume("main")
    harness.clock.advance(30)
    harness.sweep()
    harness.until_rest()
    assert harness.record(ID).state is State.EXPORTED


def test_a_429_costs_no_attempt() -> None:
    """Throttled: the invoice waits for as long as e-conomic said, with all its attempts."""
    harness = Harness()
    harness.close_period(sample())
    harness.check()
    harness.around_http = lambda request, _: httpx.Response(429, headers={"Retry-After": "30"}, request=request)
    harness.deliver()

    record = harness.record(ID)
    assert (record.state, record.attempts) == (State.WAITING, 0)
    assert record.due_at >= harness.clock() + 30


def test_a_bug_rests_where_a_person_sees_it() -> None:
    """An exception that nobody expected becomes a dead letter with its kind, never a lost invoice."""
    harness = Harness()
    harness.close_period(sample())
    harness.check()
    harness.around_http = _buggy
    harness.deliver()

    record = harness.record(ID)
    assert record.failure is not None
    assert (record.state, record.failure.reason) == (State.DEAD, "internal-error")
    assert "ZeroDivisionError" in record.failure.description
    assert [type(error).__name__ for error in harness.reported] == ["ZeroDivisionError"]


def test_the_period_is_told_once_what_is_missing_and_the_others_go_on() -> None:
    """Sales account 3050 has no group: its invoices are dead letters, one notice names group and accounts used."""
    harness = exported(Harness(), sample(), sample(line(account="3050"), invoice_number=100354))

    period = harness.store.period(PERIOD)
    assert period is not None
    assert "3050" in period.notice
    assert "3010" in period.notice
    assert [harness.record(key).state for key in (ID, "main-100354")] == [State.EXPORTED, State.DEAD]


def _buggy(request: httpx.Request, answer: Any) -> httpx.Response:
    raise ZeroDivisionError(f"{request.method} {answer}")


def _barring(harness: Harness, request: httpx.Request, answer: Any) -> httpx.Response:
    if request.url.path == "/invoices/booked" and request.method == "POST":
        harness.sandbox.agreement.customers[1001]["barred"] = True
    response: httpx.Response = answer(request)
    return response


def _once_payload_changed(harness: Harness, request: httpx.Request, answer: Any) -> httpx.Response:
    if request.method == "POST" and request.headers["idempotency-key"].rpartition("-")[0].endswith("draft-0"):
        body = {"message": "PayloadChanged", "errorCode": "PayloadChanged", "httpStatusCode": 400, "logId": "x"}
        return httpx.Response(400, json=body, request=request)
    assert harness is not None
    response: httpx.Response = answer(request)
    return response
