"""The agreement's methods: what is asked, and what is believed."""

import threading
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support import samples
from support.clock import ManualClock
from support.wire import API, Wire, client

from config.exports import Limits
from worker.economic import EconomicClient, Timeouts
from worker.errors import Retryable, Throttled, Unavailable
from worker.invoicing.documents import read_document
from worker.invoicing.economic_port import Feedback, Permit, Reply
from worker.invoicing.record import Intent
from worker.invoicing.reference import Document, EconomicCustomer, Product
from worker.ledger.gate import MemoryGate

ACME = {"customerNumber": 1001, "name": "Acme A/S", "corporateIdentificationNumber": "12345678", "currency": "DKK"}


def invoice(reference: str, **numbers: Any) -> dict[str, Any]:
    return {
        "references": {"other": reference},
        "customer": {"customerNumber": 1001},
        "date": "2026-11-20",
        "dueDate": "2026-12-20",
        "currency": "DKK",
        "netAmount": 1000.0,
        "vatAmount": 250.0,
        "grossAmount": 1250.0,
        **numbers,
    }


def filters(wire: Wire) -> list[str]:
    return [request.url.params["filter"] for request in wire.requests]


class TestCustomers:
    """Found by exact values only, whatever the server thinks is equal."""

    def test_by_number(self) -> None:
        """One call for up to 200 numbers; a customer that was not asked for is left out."""
        wire = Wire()
        wire.collection("/customers", ACME, ACME | {"customerNumber": 7})

        assert client(wire).customers_by_number([1001, 1002]) == [
            EconomicCustomer(number=1001, name="Acme A/S", corporate_id="12345678", currency="DKK")
        ]
        assert filters(wire) == ["customerNumber$in:[1001,1002]"]

    def test_two_hundred_a_call_at_most(self) -> None:
        """e-conomic refuses 201 values; 450 numbers of up to 3 digits are three calls."""
        wire = Wire()
        wire.collection("/customers")
        client(wire).customers_by_number(range(1, 451))

        assert [query.count(",") + 1 for query in filters(wire)] == [200, 200, 50]

    def test_by_corporate_id(self) -> None:
        """Case does not matter, everything else does; one found by two filters is one customer."""
        wire = Wire()
        wire.collection("/customers", ACME, ACME | {"customerNumber": 2, "corporateIdentificationNumber": "1234567"})
        found = client(wire).customers_by_corporate_id(["12345678", "dk 1"])

        assert [customer.corporate_id for customer in found] == ["12345678"]
        assert filters(wire) == [
            "corporateIdentificationNumber$in:[12345678]",
            "corporateIdentificationNumber$eq:dk 1",
        ]

    def test_by_name(self) -> None:
        """Awkward characters are escaped and encoded."""
        wire = Wire()
        wire.collection("/customers", ACME | {"name": "ACME (Nord) & Søn"}, ACME | {"customerNumber": 2})
        found = client(wire).customers_by_name("Acme (Nord) & Søn")

        assert [customer.name for customer in found] == ["ACME (Nord) & Søn"]
        assert filters(wire) == ["name$eq:Acme $(Nord$) & Søn"]

    def test_nobody_is_asked_for_by_nothing(self) -> None:
        """No values, no call."""
        wire = Wire()
        asked = client(wire)

        assert (asked.customers_by_number([]), asked.customers_by_name(""), asked.customers_by_corporate_id([""])) == (
            [],
            [],
            [],
        )
        assert wire.requests == []


class TestDocuments:
    """Drafts and booked invoices by our reference."""

    def test_drafts_are_listed_before_booked_invoices(self) -> None:
        """One booked between the two calls is then seen at least once."""
        wire = Wire()
        wire.collection("/invoices/drafts", invoice("main-1", draftInvoiceNumber=17))
        wire.collection("/invoices/booked", invoice("main-2", bookedInvoiceNumber=100, orderNumber=16))
        found = client(wire).documents(["main-1", "main-2"])

        assert wire.asked == ["GET /invoices/drafts", "GET /invoices/booked"]
        assert [(one.number, one.booked, one.reference, one.former_draft) for one in found] == [
            (17, False, "main-1", None),
            (100, True, "main-2", 16),
        ]

    def test_all_chunks_of_drafts_come_before_the_first_of_booked(self) -> None:
        """Also when the references need several filters."""
        wire = Wire()
        wire.collection("/invoices/drafts")
        wire.collection("/invoices/booked")
        client(wire).documents([f"main-{number}" for number in range(250)])

        assert wire.asked == ["GET /invoices/drafts"] * 3 + ["GET /invoices/booked"] * 3
        assert max(len(str(request.url)) for request in wire.requests) < 2048

    @pytest.mark.parametrize("stranger", ["MAIN-1", "main-1 ", "main-10", ""])
    def test_only_exact_references_count(self, stranger: str) -> None:
        """e-conomic ignores case; an invoice adopted by mistake would never be posted."""
        wire = Wire()
        wire.collection("/invoices/drafts", invoice(stranger, draftInvoiceNumber=17))
        wire.collection("/invoices/booked")

        assert client(wire).documents(["main-1"]) == []

    def test_one_listed_twice_is_one(self) -> None:
        """Two documents under one reference are an alarm, so a page that repeats itself must not make two of one."""
        wire = Wire()
        document = invoice("main-1", draftInvoiceNumber=17)
        wire.collection("/invoices/drafts", document, document)
        wire.collection("/invoices/booked", invoice("main-1", bookedInvoiceNumber=17))

        assert [(one.booked, one.number) for one in client(wire).documents(["main-1"])] == [(False, 17), (True, 17)]

    def test_one_document(self) -> None:
        """Amounts are exact decimals; an absent amount is zero, as e-conomic leaves zeros out."""
        wire = Wire()
        body = invoice("main-1", bookedInvoiceNumber=100, vatAmount=0.07)
        del body["netAmount"]
        wire.lay("GET /invoices/booked/100", (200, body))

        assert client(wire).booked(100) == Document(
            number=100,
            booked=True,
            reference="main-1",
            customer=1001,
            date="2026-11-20",
            currency="DKK",
            net=Decimal("0.00"),
            vat=Decimal("0.07"),
            gross=Decimal("1250.00"),
            due_date="2026-12-20",
        )

    def test_a_number_that_cannot_be_asks_nothing(self) -> None:
        """Number 0 would read the whole collection."""
        wire = Wire()
        with pytest.raises(ValueError):
            client(wire).draft(0)
        assert wire.requests == []

    @pytest.mark.parametrize("body", [None, [], "x", {}, {"draftInvoiceNumber": "x"}, {"draftInvoiceNumber": 1}])
    def test_an_answer_of_another_shape_is_no_document(self, body: Any) -> None:
        """Half an answer to a create must not pass for a whole one."""
        assert read_document(body, booked=False) is None


class TestReading:
    """Collections and resources."""

    def test_every_page_is_read(self) -> None:
        """``nextPage`` is followed until it is absent, on our own host."""
        wire = Wire()
        following = "https://elsewhere.example/customers?skippages=1&pagesize=1000&filter=x"
        wire.lay(
            "GET /customers",
            (200, {"collection": [ACME], "pagination": {"nextPage": following}}),
            (200, {"collection": [ACME | {"customerNumber": 1002}], "pagination": {}}),
        )

        assert [one.number for one in client(wire).customers_by_number([1001, 1002])] == [1001, 1002]
        assert [request.url.host for request in wire.requests] == ["restapi.e-conomic.com"] * 2
        assert [request.url.params["skippages"] for request in wire.requests] == ["0", "1"]

    @pytest.mark.parametrize("body", [[], {}, {"collection": [{"name": "no number"}]}, {"collection": 5}, None, "x"])
    def test_nonsense_is_an_outage_not_an_absence(self, body: Any) -> None:
        """A body that is not understood never means "there is no such customer"."""
        wire = Wire()
        wire.lay("GET /customers", (200, body))
        with pytest.raises(Unavailable):
            client(wire).customers_by_number([1001])

    def test_a_product(self) -> None:
        """Its number is text, and encoded as e-conomic wants it."""
        wire = Wire()
        body = {"productNumber": "A/1", "name": "Fragt", "productGroup": {"productGroupNumber": 3}}
        wire.lay("GET /products/A_6_1", (200, body))

        assert client(wire).product("A/1") == Product(number="A/1", name="Fragt", group=3)
        assert client(wire).product("B") is None
        assert client(wire).product("") is None


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
        self.told: list[Feedback] = []

    def acquire(self, agreement: str, cost: float, limits: Limits) -> Permit:
        self.reserved.append(cost)
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
        asked = client(wire, gate=spy)
        asked.draft(1)
        asked.draft(2)

        assert spy.reserved == [3.0, 13.0]
        assert spy.told == [Feedback(cost=13, used=42, granted=10000)] * 2

    def test_a_call_never_sent_costs_nothing(self) -> None:
        """Its tokens go back."""
        wire, spy = Wire(), Spy()
        wire.lay("GET /invoices/drafts/1", httpx.ConnectError("refused"), httpx.ReadTimeout("slow"))
        asked = client(wire, gate=spy)
        for _ in range(2):
            with pytest.raises(Retryable):
                asked.draft(1)

        assert spy.told == [Feedback(failed=True, cost=0.0), Feedback(failed=True, cost=3.0)]

    def test_an_agreement_on_hold_is_not_called(self) -> None:
        """A refusal of the gate reaches the caller as it is."""
        wire = Wire()
        clock = ManualClock()
        gate = MemoryGate(clock=clock, sleep=clock.advance)
        wire.lay("GET /invoices/drafts/1", httpx.Response(429, headers={"retry-after": "30"}))
        asked = client(wire, gate=gate, clock=clock)
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
        gate=MemoryGate(clock=clock, sleep=clock.advance),
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
