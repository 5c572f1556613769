"""The invoice method in trouble: refusals, keys, tokens, limits, faults of ours, and what a person is told."""

from typing import Any

import httpx
from support.harness import PERIOD, Harness
from support.invoice_harness import ID, exported, one
from support.samples import line

from worker.domain.record import State


def test_a_refusal_is_told_in_e_conomics_own_words() -> None:
    """A customer that is barred between look and booking: e-conomic's message and log id are kept, no draft stays."""
    harness = Harness()
    harness.close_period(one())
    harness.check()
    harness.around_http = lambda request, answer: _barring(harness, request, answer)
    harness.until_rest()

    record = harness.record(ID)
    assert record.failure is not None
    assert record.failure.reason == "refused-by-economic"
    assert "barred" in record.failure.remote_message.lower()
    assert record.failure.log_id
    assert harness.documents() == []


def test_a_key_used_for_another_body_is_looked_up_and_left_behind() -> None:
    """PayloadChanged: an earlier life of this installation used the key; nothing is found twice, so a new key goes."""
    harness = Harness()
    harness.close_period(one())
    harness.check()
    harness.around_http = lambda request, answer: _once_payload_changed(harness, request, answer)
    harness.until_rest()

    assert [document.booked for document in harness.documents()] == [True]
    assert harness.record(ID).progress.generation == 1


def test_a_refused_token_pauses_the_export_and_kills_nothing() -> None:
    """401: the invoice waits in the queue, the export is paused with a reason."""
    harness = Harness()
    harness.close_period(one())
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
    harness.close_period(one())
    harness.check()
    harness.around_http = lambda request, _: httpx.Response(429, headers={"Retry-After": "30"}, request=request)
    harness.deliver()

    record = harness.record(ID)
    assert (record.state, record.attempts) == (State.WAITING, 0)
    assert record.due_at >= harness.clock() + 30


def test_a_bug_rests_where_a_person_sees_it() -> None:
    """An exception that nobody expected becomes a dead letter with its kind, never a lost invoice."""
    harness = Harness()
    harness.close_period(one())
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
    harness = exported(Harness(), one(), one(line(account="3050"), invoice_number=100354))

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
