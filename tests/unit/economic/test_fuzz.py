"""Every read and write over garbled answers: a value or an error of ours, never another error, and never a hang."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import sandbox_calls
from support.clock import ManualClock
from support.economic_bodies import client
from support.fuzzing import fuzzed
from support.garbled import Garble, garbles
from support.inprocess import Sandbox
from support.samples import export

from worker.domain.identity import canonical_json
from worker.domain.record import Intent, Step
from worker.economic.client import EconomicClient
from worker.errors import ExportError, Failure, Unavailable, Uncertain
from worker.sandbox.server import DEFAULT_TOKENS

APP, GRANT = DEFAULT_TOKENS
#: 2026-11-21T08:00:00Z
START = 1_795_248_000.0
#: More calls than any of these needs: a server that always names a next page must not hold a worker for ever.
MOST_CALLS = 1100
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
READS: Mapping[str, Callable[[EconomicClient], Any]] = {
    "master data": lambda economic: economic.master_data(frozenset({"3010", "3012"})),
    "customers by number": lambda economic: economic.customers_by_number([1001, 1002]),
    "customers by company": lambda economic: economic.customers_by_corporate_id(["99000007", "99 00 00 15"]),
    "customers by name": lambda economic: economic.customers_by_name("Aalbæk Tømrerfirma ApS"),
    "customer": lambda economic: economic.customer_resource(1001),
    "product": lambda economic: economic.product("FRAGT"),
    "documents": lambda economic: economic.documents(["main-1", "main-2"]),
    "draft": lambda economic: economic.draft(1),
    "booked": lambda economic: economic.booked(1),
    "vouchers": lambda economic: economic.vouchers(frozenset({"main-1"}), *YEAR),
    "attachment": lambda economic: economic.attachment(1, "2026-1"),
}
WRITES: Mapping[str, Callable[[EconomicClient], Any]] = {
    "customer": lambda economic: economic.send(_intent("customer", "/customers", sandbox_calls.customer())),
    "draft": lambda economic: economic.send(
        _intent(Step.DRAFT, "/invoices/drafts", sandbox_calls.draft(sandbox_calls.line("FRAGT", "1", "100.00")))
    ),
    "booking": lambda economic: economic.send(
        _intent(Step.BOOK, "/invoices/booked", {"draftInvoice": {"draftInvoiceNumber": 1}})
    ),
    "discard": lambda economic: economic.send(
        Intent(step=Step.DISCARD, method="DELETE", path="/invoices/drafts/1", body="", key="fuzz-4", at=0.0)
    ),
    "voucher": lambda economic: economic.posted(
        economic.send(_intent(Step.VOUCHER, "/journals/1/vouchers", {"entries": {}}))
    ),
    "attachment": lambda economic: economic.attach(1, "2026-1", b"%PDF-1.7", key="fuzz-5"),
}


def _intent(step: str, path: str, body: Mapping[str, Any]) -> Intent:
    return Intent(step=step, method="POST", path=path, body=canonical_json(body), key=f"fuzz-{step}", at=0.0)


class _Network:
    """The sandbox, one of whose answers is garbled, and all after it when ``on`` is set."""

    def __init__(self, garble: Garble, at: int, *, on: bool) -> None:
        self.clock = ManualClock(START)
        self.calls = 0
        self._sandbox = Sandbox(self.clock)
        self._garble, self._at, self._on = garble, at, on

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        assert self.calls <= MOST_CALLS, "an endless series of calls"
        answer = self._sandbox.answer(request)
        struck = self.calls - 1 >= self._at if self._on else self.calls - 1 == self._at
        return self._garble(answer) if struck else answer

    def client(self) -> EconomicClient:
        return client(self, clock=self.clock, export=export(app_secret_token=APP, grant_token=GRANT))


@pytest.mark.parametrize("name", READS)
@fuzzed(100, shared_by=len(READS))
@given(garble=garbles(), at=st.integers(0, 30), on=st.booleans())
def test_a_read_gives_a_value_or_an_error_of_ours(name: str, garble: Garble, at: int, *, on: bool) -> None:
    """Nothing that a server, a proxy or a cut connection can answer breaks out as another error."""
    network = _Network(garble, at if name == "master data" else 0, on=on)
    error = _outcome(network, READS[name])

    assert not isinstance(error, Uncertain), "a read changes nothing, so its outcome is never uncertain"
    assert network.clock.now - START < 60, "a call waits seconds, not minutes"


@pytest.mark.parametrize("name", WRITES)
@fuzzed(100, shared_by=len(WRITES))
@given(garble=garbles())
def test_a_write_gives_a_reply_or_an_error_of_ours(name: str, garble: Garble) -> None:
    """What may have happened is ``Uncertain``, never a mere ``Unavailable`` that would allow a repetition."""
    error = _outcome(_Network(garble, 0, on=True), WRITES[name])

    assert not isinstance(error, Unavailable)


def _outcome(network: _Network, call: Callable[[EconomicClient], Any]) -> ExportError | None:
    """Return the error that the call ended in, if any; its texts can be stored and shown."""
    economic = network.client()
    try:
        call(economic)
    except ExportError as error:
        _assert_showable(error.failure)
        return error
    finally:
        economic.close()
    return None


def _assert_showable(failure: Failure) -> None:
    """Redis and the log take UTF-8: half a character in e-conomic's words must not stop a dead letter."""
    shown = " ".join(asdict(failure).values())

    assert shown.encode("utf-8", "replace").decode() == shown
    assert [token for token in (APP, GRANT) if token in shown] == []
