"""Calls: writes, their pace, connections and cookies."""

import threading

import httpx
import pytest
from support.clock import ManualClock
from support.economic_bodies import API, Wire, client, networked_client
from support.harness import EXPORT
from support.rate_limiter import PatientRateLimiter

from config.export_schema import Limits
from worker.domain.ports import Feedback, Permit
from worker.domain.record import Intent
from worker.economic.port import Reply
from worker.errors import Retryable, Throttled

ACME = {"customerNumber": 1001, "name": "Acme A/S", "corporateIdentificationNumber": "12345674", "currency": "DKK"}


class TestSend:
    """Frozen writes."""

    DRAFT = Intent(step="draft", method="POST", path="/invoices/drafts", body='{"x": "ø"}', key="key-1", at=0.0)

    def test_the_very_bytes_and_headers(self) -> None:
        """Byte by byte what was recorded, or the same key would clash with itself."""
        wire = Wire()
        wire.respond("POST /invoices/drafts", (201, {"draftInvoiceNumber": 17}))
        client(wire).send(self.DRAFT)
        sent = wire.requests[0]

        assert sent.content == '{"x": "ø"}'.encode()
        assert {name: sent.headers[name] for name in ("content-type", "idempotency-key")} == {
            "content-type": "application/json",
            "idempotency-key": "key-1",
        }
        assert sent.headers["x-appsecrettoken"] == "app-secret-token-for-tests"
        assert sent.headers["x-agreementgranttoken"] == "grant-token-for-tests"

    @pytest.mark.parametrize("header", [{}, {"X-ResultFromCache": "true"}])
    def test_a_replay_is_marked(self, header: dict[str, str]) -> None:
        """``X-ResultFromCache: true`` marks the original answer to an earlier request."""
        wire = Wire()
        wire.respond("POST /invoices/drafts", httpx.Response(201, json={"draftInvoiceNumber": 17}, headers=header))
        expected = Reply(status=201, body={"draftInvoiceNumber": 17}, replayed=bool(header))

        assert client(wire).send(self.DRAFT) == expected

    def test_an_empty_success_is_a_success(self) -> None:
        """204 has no body."""
        wire = Wire()
        wire.respond("DELETE /invoices/drafts/17", httpx.Response(204))
        discard = Intent(step="discard", method="DELETE", path="/invoices/drafts/17", body="", key="k", at=0.0)

        assert client(wire).send(discard) == Reply(status=204, body=None)

    def test_deleting_every_draft_is_impossible(self) -> None:
        """The path without a number is never sent."""
        wire = Wire()
        discard = Intent(step="discard", method="DELETE", path="/invoices/drafts/", body="", key="k", at=0.0)
        with pytest.raises(ValueError):
            client(wire).send(discard)
        assert wire.requests == []

    def test_newer_services_have_their_own_host(self) -> None:
        """Booking a journal exists only there."""
        wire = Wire()
        wire.respond("POST /journalsapi/v15.0.0/journals/1/book", httpx.Response(204))
        book = Intent(
            step="book-voucher", method="POST", path="/journalsapi/v15.0.0/journals/1/book", body="{}", key="k", at=0.0
        )
        client(wire).send(book)

        assert wire.requests[0].url.host == "apis.e-conomic.com"


class Spy:
    """A rate limiter that lets everything pass and remembers."""

    def __init__(self) -> None:
        self.reserved: list[float] = []
        self.asked: list[tuple[str, Limits]] = []
        self.begun: list[bool] = []
        self.reported: list[Feedback] = []

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        self.reserved.append(cost)
        self.asked.append((agreement, limits))
        self.begun.append(begun)
        return Permit(agreement=agreement, limits=limits, cost=cost)

    def report(self, permit: Permit, feedback: Feedback) -> None:
        assert permit.cost == self.reserved[-1]
        self.reported.append(feedback)


class TestRate:
    """The client and the rate limiter."""

    def test_costs_are_learnt_per_route(self) -> None:
        """A first guess, then what the same route cost last, whatever its number."""
        wire, spy = Wire(), Spy()
        headers = {"X-CallCost": "13", "X-RateLimiting": "token-limit-10000-per-60-seconds: 42/10000"}
        for number in (1, 2):
            wire.respond(f"GET /invoices/drafts/{number}", httpx.Response(404, json={"logId": "x"}, headers=headers))
        economic = client(wire, rate_limiter=spy)
        economic.draft(1)
        economic.draft(2)

        assert spy.reserved == [3.0, 13.0]
        assert spy.reported == [Feedback(cost=13, used=42, granted=10000, capacity=10000)] * 2

    def test_a_call_is_paid_for_by_the_app_as_well(self) -> None:
        """Where the exports file says what the app is granted: the app's bucket first, and both learn the cost."""
        wire, spy = Wire(), Spy()
        wire.respond("GET /invoices/drafts/1", httpx.Response(404, json={"logId": "x"}, headers={"X-CallCost": "13"}))
        limits = Limits(app_tokens_per_minute=600, app_capacity=100)
        client(wire, export=EXPORT.model_copy(update={"limits": limits}), rate_limiter=spy).draft(1)
        of_app, of_agreement = spy.asked

        assert of_app[0].startswith("app-")
        assert of_agreement[0].startswith("grant-")
        assert (of_app[1].tokens_per_minute, of_app[1].capacity, of_agreement[1]) == (600, 100, limits)
        assert [feedback.cost for feedback in spy.reported] == [13, 13]

    def test_an_execution_that_has_called_waits_longer(self) -> None:
        """An execution's first call, and calls outside any, are not worth as long a wait as its next calls."""
        wire, spy = Wire(), Spy()
        for number in range(1, 6):
            wire.respond(f"GET /invoices/drafts/{number}", (404, {"logId": "x"}))
        economic = client(wire, rate_limiter=spy)
        economic.draft(1)
        for first in (2, 4):
            with economic.metered():
                economic.draft(first)
                economic.draft(first + 1)

        assert spy.begun == [False, False, True, False, True]

    def test_a_call_never_sent_costs_nothing(self) -> None:
        """Its tokens go back."""
        wire, spy = Wire(), Spy()
        wire.respond("GET /invoices/drafts/1", httpx.ConnectError("refused"), httpx.ReadTimeout("slow"))
        economic = client(wire, rate_limiter=spy)
        for _ in range(2):
            with pytest.raises(Retryable):
                economic.draft(1)

        assert spy.reported == [Feedback(failed=True, cost=0.0), Feedback(failed=True, cost=3.0)]

    def test_an_agreement_on_hold_is_not_called(self) -> None:
        """A refusal of the rate limiter reaches the caller as it is."""
        wire = Wire()
        clock = ManualClock()
        rate_limiter = PatientRateLimiter(clock)
        wire.respond("GET /invoices/drafts/1", httpx.Response(429, headers={"retry-after": "30"}))
        economic = client(wire, rate_limiter=rate_limiter, clock=clock)
        for _ in range(2):
            with pytest.raises(Throttled):
                economic.draft(1)

        assert len(wire.requests) == 1

    def test_an_execution_counts_its_own_calls(self) -> None:
        """Two calls of 3 tokens; what came before the execution is not counted."""
        wire = Wire()
        wire.respond("GET /invoices/drafts/1", httpx.Response(404, json={"logId": "x"}, headers={"X-CallCost": "3"}))
        economic = client(wire)
        economic.draft(1)
        with economic.metered() as usage:
            economic.draft(1)
            economic.draft(1)

        assert (usage.calls, usage.tokens) == (2, 6.0)

    def test_threads_are_counted_apart(self) -> None:
        """Executions run side by side."""
        economic = client(Wire())
        with economic.metered() as usage:
            other = threading.Thread(target=economic.draft, args=(1,))
            other.start()
            other.join()

        assert usage.calls == 0


def test_each_thread_has_its_own_connection() -> None:
    """Each builds its transport once, whatever the number of calls."""
    built: list[str] = []

    def transport() -> httpx.BaseTransport:
        built.append(threading.current_thread().name)
        return httpx.MockTransport(Wire())

    economic = networked_client(transport=transport)
    threads = [threading.Thread(target=lambda: [economic.draft(n) for n in (1, 2)], name=f"t{n}") for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    economic.close()

    assert sorted(built) == ["t0", "t1", "t2"]


def test_cookies_are_not_kept() -> None:
    """A session of one agreement must not travel with the next call."""
    wire = Wire()
    wire.respond(
        "GET /invoices/drafts/1", httpx.Response(404, json={"logId": "x"}, headers={"set-cookie": "session=1"})
    )
    economic = client(wire)
    economic.draft(1)
    economic.draft(1)

    assert "cookie" not in wire.requests[1].headers
    assert str(wire.requests[1].url).startswith(API)
