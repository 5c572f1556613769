"""What the client sends: writes, their pace, connections and cookies."""

import threading

import httpx
import pytest
from support import samples
from support.clock import ManualClock
from support.economic_bodies import API, Wire, client
from support.rate_limiter import PatientRateLimiter

from config.exports import Limits
from worker.domain.ports import Feedback, Permit
from worker.domain.record import Intent
from worker.economic.client import EconomicClient
from worker.economic.port import Reply
from worker.economic.thread_clients import Timeouts
from worker.errors import Retryable, Throttled

ACME = {"customerNumber": 1001, "name": "Acme A/S", "corporateIdentificationNumber": "12345678", "currency": "DKK"}


class TestSend:
    """Frozen writes."""

    DRAFT = Intent(step="draft", method="POST", path="/invoices/drafts", body='{"x": "ø"}', key="key-1", at=0.0)

    def test_the_very_bytes_and_headers(self) -> None:
        """Byte by byte what was recorded, or the same key would clash with itself."""
        wire = Wire()
        wire.lay("POST /invoices/drafts", (201, {"draftInvoiceNumber": 17}))
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
    def test_a_replay_is_told_apart(self, header: dict[str, str]) -> None:
        """``X-ResultFromCache: true`` marks the original answer to an earlier request."""
        wire = Wire()
        wire.lay("POST /invoices/drafts", httpx.Response(201, json={"draftInvoiceNumber": 17}, headers=header))
        expected = Reply(status=201, body={"draftInvoiceNumber": 17}, replayed=bool(header))

        assert client(wire).send(self.DRAFT) == expected

    def test_an_empty_success_is_a_success(self) -> None:
        """204 has no body."""
        wire = Wire()
        wire.lay("DELETE /invoices/drafts/17", httpx.Response(204))
        discard = Intent(step="discard", method="DELETE", path="/invoices/drafts/17", body="", key="k", at=0.0)

        assert client(wire).send(discard) == Reply(status=204, body=None)

    def test_deleting_every_draft_is_impossible(self) -> None:
        """The path without a number never leaves the house."""
        wire = Wire()
        discard = Intent(step="discard", method="DELETE", path="/invoices/drafts/", body="", key="k", at=0.0)
        with pytest.raises(ValueError):
            client(wire).send(discard)
        assert wire.requests == []

    def test_newer_services_have_their_own_host(self) -> None:
        """Booking a journal exists only there."""
        wire = Wire()
        wire.lay("POST /journalsapi/v15.0.0/journals/1/book", httpx.Response(204))
        book = Intent(
            step="book-voucher", method="POST", path="/journalsapi/v15.0.0/journals/1/book", body="{}", key="k", at=0.0
        )
        client(wire).send(book)

        assert wire.requests[0].url.host == "apis.e-conomic.com"


class Spy:
    """A gate that lets everything pass and remembers."""

    def __init__(self) -> None:
        self.reserved: list[float] = []
        self.begun: list[bool] = []
        self.told: list[Feedback] = []

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        self.reserved.append(cost)
        self.begun.append(begun)
        return Permit(agreement=agreement, limits=limits, cost=cost)

    def report(self, permit: Permit, feedback: Feedback) -> None:
        assert permit.cost == self.reserved[-1]
        self.told.append(feedback)


class TestRate:
    """The client and the gate."""

    def test_costs_are_learnt_per_route(self) -> None:
        """A first guess, then what the same route cost last, whatever its number."""
        wire, spy = Wire(), Spy()
        headers = {"X-CallCost": "13", "X-RateLimiting": "token-limit-10000-per-60-seconds: 42/10000"}
        for number in (1, 2):
            wire.lay(f"GET /invoices/drafts/{number}", httpx.Response(404, json={"logId": "x"}, headers=headers))
        asked = client(wire, rate_limiter=spy)
        asked.draft(1)
        asked.draft(2)

        assert spy.reserved == [3.0, 13.0]
        assert spy.told == [Feedback(cost=13, used=42, granted=10000)] * 2

    def test_a_job_that_has_called_is_told_from_one_that_has_not(self) -> None:
        """Each job's first call, and the calls of no job at all, are not worth as long a wait as its next ones."""
        wire, spy = Wire(), Spy()
        for number in range(1, 6):
            wire.lay(f"GET /invoices/drafts/{number}", (404, {"logId": "x"}))
        asked = client(wire, rate_limiter=spy)
        asked.draft(1)
        for first in (2, 4):
            with asked.metered():
                asked.draft(first)
                asked.draft(first + 1)

        assert spy.begun == [False, False, True, False, True]

    def test_a_call_never_sent_costs_nothing(self) -> None:
        """Its tokens go back."""
        wire, spy = Wire(), Spy()
        wire.lay("GET /invoices/drafts/1", httpx.ConnectError("refused"), httpx.ReadTimeout("slow"))
        asked = client(wire, rate_limiter=spy)
        for _ in range(2):
            with pytest.raises(Retryable):
                asked.draft(1)

        assert spy.told == [Feedback(failed=True, cost=0.0), Feedback(failed=True, cost=3.0)]

    def test_an_agreement_on_hold_is_not_called(self) -> None:
        """A refusal of the gate reaches the caller as it is."""
        wire = Wire()
        clock = ManualClock()
        rate_limiter = PatientRateLimiter(clock)
        wire.lay("GET /invoices/drafts/1", httpx.Response(429, headers={"retry-after": "30"}))
        asked = client(wire, rate_limiter=rate_limiter, clock=clock)
        for _ in range(2):
            with pytest.raises(Throttled):
                asked.draft(1)

        assert len(wire.requests) == 1

    def test_a_job_counts_its_own_calls(self) -> None:
        """Two calls of 3 tokens; what came before the job is not counted."""
        wire = Wire()
        wire.lay("GET /invoices/drafts/1", httpx.Response(404, json={"logId": "x"}, headers={"X-CallCost": "3"}))
        asked = client(wire)
        asked.draft(1)
        with asked.metered() as meter:
            asked.draft(1)
            asked.draft(1)

        assert (meter.calls, meter.tokens) == (2, 6.0)

    def test_threads_are_counted_apart(self) -> None:
        """Jobs run side by side."""
        asked = client(Wire())
        with asked.metered() as meter:
            other = threading.Thread(target=asked.draft, args=(1,))
            other.start()
            other.join()

        assert meter.calls == 0


def test_each_thread_has_its_own_connection() -> None:
    """Each builds its transport once, whatever the number of calls."""
    built: list[str] = []

    def transport() -> httpx.BaseTransport:
        built.append(threading.current_thread().name)
        return httpx.MockTransport(Wire())

    clock = ManualClock()
    asked = EconomicClient(
        samples.export(),
        rate_limiter=PatientRateLimiter(clock),
        timeouts=Timeouts(),
        clock=clock,
        transport=transport,
    )
    threads = [threading.Thread(target=lambda: [asked.draft(n) for n in (1, 2)], name=f"t{n}") for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked.close()

    assert sorted(built) == ["t0", "t1", "t2"]


def test_cookies_are_not_kept() -> None:
    """A session of one agreement must not travel with the next call."""
    wire = Wire()
    wire.lay("GET /invoices/drafts/1", httpx.Response(404, json={"logId": "x"}, headers={"set-cookie": "session=1"}))
    asked = client(wire)
    asked.draft(1)
    asked.draft(1)

    assert "cookie" not in wire.requests[1].headers
    assert str(wire.requests[1].url).startswith(API)
