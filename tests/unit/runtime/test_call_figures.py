"""Calls as figures: each counted once, by how it ended, what it cost, and how long it took."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from support.clock import ManualClock
from support.economic_bodies import Answer, Wire, client
from support.harness import Harness
from support.invoice_harness import exported, sample

from config.settings import Settings
from config.settings_sections import Metrics
from worker.domain.record import Intent
from worker.economic.port import CallSeen
from worker.errors import ExportError
from worker.runtime.call_figures import ListingLags, calls_seen, count_call, outcome_of
from worker.runtime.metrics import REGISTRY

DRAFT = Intent(step="draft", method="POST", path="/invoices/drafts", body="{}", key="key-1", at=0.0)
REFUSAL = {"message": "no", "errorCode": "E01", "httpStatusCode": 400, "logId": "x"}


def _seen(answer: Answer, clock: ManualClock | None = None) -> CallSeen:
    """Send a draft that is answered like this, after 0.3 seconds, and return what was seen of the call."""
    wire, seen, clock = Wire(), list[CallSeen](), clock or ManualClock()
    wire.respond("POST /invoices/drafts", answer)

    def slowly(request: httpx.Request) -> httpx.Response:
        clock.advance(0.3)
        return wire(request)

    with suppress(ExportError):
        client(slowly, clock=clock, seen=seen.append).send(DRAFT)
    [call] = seen
    return call


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((201, {"draftInvoiceNumber": 1}), "ok"),
        ((400, REFUSAL), "refused"),
        ((401, REFUSAL), "denied"),
        ((403, REFUSAL), "denied"),
        ((404, REFUSAL), "not-found"),
        ((409, REFUSAL), "refused"),
        ((429, REFUSAL), "throttled"),
        ((302, {}), "unavailable"),
        ((503, {}), "unavailable"),
        (httpx.ReadTimeout("late"), "no-answer"),
        (httpx.ConnectError("no way there"), "unreachable"),
    ],
)
def test_how_a_call_ended(answer: Answer, outcome: str) -> None:
    """An answer by its status, silence by whether anything was sent."""
    call = _seen(answer)

    assert outcome_of(call) == outcome
    assert (str(call.label), call.label.export) == ("POST /invoices/drafts", "main")
    assert call.seconds == pytest.approx(0.3)


def test_a_call_counts_once_with_its_cost() -> None:
    """What e-conomic says that it cost."""
    headers = {"X-CallCost": "13"}
    call = _seen(httpx.Response(201, json={"draftInvoiceNumber": 1}, headers=headers))
    names: list[tuple[str, dict[str, Any]]] = [
        ("opter_economic_calls_total", {"export": "main", "outcome": "ok"}),
        ("opter_economic_call_tokens_total", {"export": "main"}),
        ("opter_economic_call_seconds_count", {"method": "POST", "route": "/invoices/drafts"}),
        ("opter_economic_call_seconds_sum", {"method": "POST", "route": "/invoices/drafts"}),
    ]
    before = [REGISTRY.get_sample_value(name, labels) or 0.0 for name, labels in names]

    count_call(call)

    after = [REGISTRY.get_sample_value(name, labels) or 0.0 for name, labels in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == pytest.approx([1, 13, 1, 0.3])


def test_silence_has_no_latency() -> None:
    """The time until giving up says nothing about the route."""
    labels = {"method": "POST", "route": "/invoices/drafts"}
    before = REGISTRY.get_sample_value("opter_economic_call_seconds_count", labels) or 0.0

    count_call(_seen(httpx.ReadTimeout("late")))

    assert (REGISTRY.get_sample_value("opter_economic_call_seconds_count", labels) or 0.0) == before


def test_a_process_without_a_port_sees_no_calls() -> None:
    """It costs nothing where nobody can read it."""
    settings = Settings()

    assert calls_seen(settings) is None
    assert calls_seen(settings.model_copy(update={"metrics": Metrics(port=9464)})) is count_call


def _lag(harness: Harness) -> str:
    registry = CollectorRegistry()
    registry.register(ListingLags(lambda: {"main": harness.context}))
    return generate_latest(registry).decode()


def test_the_listing_lag_is_a_figure_once_it_was_measured() -> None:
    """Nothing is claimed before; a document of 20 s that a listing shows says that the lag is no longer than that."""
    harness = exported(Harness(), sample())
    assert "opter_economic_listing_lag_seconds{" not in _lag(harness)

    harness.clock.advance(20.0)
    lag = harness.context.listing_lag
    lag.seen(lag.witnesses(), harness.clock())

    assert 'opter_economic_listing_lag_seconds{export="main"} 20.0' in _lag(harness)
    harness.clock.advance(901.0)
    assert "opter_economic_listing_lag_seconds{" not in _lag(harness)
