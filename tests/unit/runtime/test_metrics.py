"""Figures counted from log lines, and those read from the store."""

import re
from importlib.resources import files
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from support import samples
from support.clock import ManualClock
from support.deployment import DEPLOY, DOCS
from support.harness import Harness
from support.memory_queue import MemoryEventQueue, MemoryEvents

from worker.domain.clocks import ClockReading
from worker.domain.ports import OPENS_AFTER, AgreementRate
from worker.domain.reasons import ProcessReason, failure
from worker.domain.signs_of_life import Part
from worker.economic.port import CallSeen
from worker.economic.urls import RequestLabel
from worker.errors import BrokerUnavailable, StoreUnavailable
from worker.runtime.call_figures import ListingLags, count_call
from worker.runtime.metrics import HANGS_AFTER, REGISTRY, Beat, count_line
from worker.runtime.store_metrics import StoreCollector, store_registry

EXECUTION = {"event": "invoice_export", "invoice": "toy-1", "ms": 250, "http_calls": 2, "tokens": 13.0}
CHECK = {"event": "period_preflight", "period": "toy-p1", "result": "checked", "http_calls": 3, "tokens": 9.0}
UNKNOWN = {"result": "waiting", "reason": "outcome-unknown"}
DONE_LATE = {"result": "exported", "uncertain": "replayed"}


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("line", "figure", "labels", "by"),
    [
        (EXECUTION | {"result": "exported"}, "executions_total", {"export": "toy", "result": "exported"}, 1),
        (EXECUTION | {"result": "exported"}, "execution_seconds_sum", {"export": "toy"}, 0.25),
        (
            EXECUTION | {"result": "dead", "reason": "vat-mismatch"},
            "failures_total",
            {"export": "toy", "reason": "vat-mismatch"},
            1,
        ),
        (CHECK, "period_checks_total", {"export": "toy", "result": "checked"}, 1),
        (CHECK, "leases_lost_total", {"export": "toy"}, 0),
        (CHECK | {"result": "lease-lost"}, "leases_lost_total", {"export": "toy"}, 1),
        (EXECUTION | {"result": "lease-lost"}, "leases_lost_total", {"export": "toy"}, 1),
        (EXECUTION | UNKNOWN, "uncertain_outcomes_total", {"export": "toy", "step": "began"}, 1),
        (
            EXECUTION | UNKNOWN | {"uncertain": "open"},
            "uncertain_outcomes_total",
            {"export": "toy", "step": "began"},
            0,
        ),
        (
            EXECUTION | UNKNOWN | {"uncertain": "found"},
            "uncertain_outcomes_total",
            {"export": "toy", "step": "began"},
            1,
        ),
        (EXECUTION | DONE_LATE, "uncertain_outcomes_total", {"export": "toy", "step": "replayed"}, 1),
        (EXECUTION | DONE_LATE, "uncertain_outcomes_total", {"export": "toy", "step": "began"}, 0),
        ({"event": "swept", "sent": 0}, "sweeps_total", {}, 1),
        ({"event": "event_taken_in"}, "events_total", {"result": "taken in"}, 1),
        ({"event": "event_refused"}, "events_total", {"result": "refused"}, 1),
        ({"event": "swept", "sent": 7}, "messages_sent_again_total", {}, 7),
        ({"event": "internal_error"}, "faults_total", {"event": "internal_error"}, 1),
        ({"event": "anything else"}, "faults_total", {"event": "anything else"}, 0),
    ],
)
def test_a_log_line_counts(line: dict[str, Any], figure: str, labels: dict[str, str], by: float) -> None:
    """Each canonical line moves its figure by what it says, and goes on unchanged."""
    before = _value(f"opter_economic_{figure}", **labels)
    assert count_line(None, "info", line) == line
    assert _value(f"opter_economic_{figure}", **labels) - before == by


def test_a_loop_that_does_not_come_round_hangs() -> None:
    """Alive below the bound, hanging from it on, alive again after the next round."""
    clock = ManualClock()
    beat = Beat(clock)
    clock.advance(HANGS_AFTER - 1)
    assert beat.alive
    clock.advance(1)
    assert not beat.alive
    beat()
    assert beat.alive


_RATE = AgreementRate(spent=120.0, granted=6000.0, called_ago=5.0, failures=2, trips=0, open_for=0.0, blocked_for=0.0)


def _figures(harness: Harness, **changes: Any) -> str:
    fields: dict[str, Any] = {
        "exports": ["main", "other"],
        "queues": lambda: {"export.main": 3},
        "schema": lambda: 2,
        "rates": lambda: {"main": _RATE, "other": None},
        "sums": harness.store.period_sums,
        "clock": harness.clock,
    }
    events = MemoryEventQueue(MemoryEvents())
    events.publish(b"{}")
    collector = StoreCollector(store=harness.store, events=events, **fields | changes)
    return generate_latest(store_registry(collector)).decode()


def test_the_store_is_counted_by_export_state_and_reason() -> None:
    """One exported, one failed with 1 250.00 DKK at stake for 90 s; an export without invoices shows zeros."""
    harness = Harness()
    known = samples.customer(corporate_id="99000007")
    harness.close_period(
        samples.invoice(invoice_number=1, customer=known),
        samples.invoice(samples.line(account="3050"), invoice_number=2, customer=known),
    )
    harness.until_rest()
    failed = harness.record("main-2")
    harness.clock.now = failed.updated_at + 90
    lines = _figures(harness).splitlines()
    for line in (
        'opter_economic_invoices{export="main",state="exported"} 1.0',
        'opter_economic_invoices{export="other",state="exported"} 0.0',
        'opter_economic_dead_letters{export="main",reason="product-group-missing"} 1.0',
        'opter_economic_dead_letters_amount{currency="DKK",export="main"} 1250.0',
        'opter_economic_oldest_dead_letter_seconds{export="main"} 90.0',
        'opter_economic_periods{export="main",phase="needs_a_person"} 1.0',
        'opter_economic_export_paused{export="main",reason=""} 0.0',
        'opter_economic_events_now{where="queue"} 1.0',
        'opter_economic_queue_messages{queue="export.main"} 3.0',
        'opter_economic_clock_ahead_seconds{clock="e-conomic",export="main"} 0.0',
        'opter_economic_granted_tokens{export="main"} 6000.0',
        'opter_economic_spent_tokens{export="main"} 120.0',
        'opter_economic_failed_calls_in_a_row{export="main"} 2.0',
        'opter_economic_oldest_waiting_period_seconds{export="main"} 0.0',
        'opter_economic_certificate_differences{export="main"} 0.0',
        "opter_economic_store_up 1.0",
    ):
        assert line in lines


def test_what_periods_under_way_add_up_to_is_a_figure() -> None:
    """Of two invoices one is exported, one waits for its lookup: its money and its reason. The end leaves nothing."""
    harness = Harness()
    known = samples.customer(corporate_id="99000007")
    harness.close_period(samples.invoice(invoice_number=1, customer=known))
    harness.close_period(samples.invoice(invoice_number=2, customer=known), event="/opter/acme/1#e2", number=882)
    harness.check("main-p881")
    harness.deliver()
    harness.check("main-p882")
    harness.around_http = _lost
    harness.deliver()
    text = _figures(harness)
    assert 'opter_economic_waiting{export="main",reason="outcome-unknown"} 1.0' in text
    assert 'opter_economic_amount_under_way{currency="DKK",export="main"} 1250.0' in text

    harness.around_http = lambda request, answer: answer(request)
    harness.clock.advance(60.0)
    harness.sweep()
    harness.until_rest()
    text = _figures(harness)
    assert "opter_economic_waiting{" not in text
    assert "opter_economic_amount_under_way{" not in text


def _lost(request: httpx.Request, answer: Any) -> httpx.Response:
    if request.method == "POST":
        raise httpx.ReadTimeout("lost", request=request)
    answered: httpx.Response = answer(request)
    return answered


def test_a_folder_in_trouble_is_a_figure_for_as_long_as_its_watcher_says_so() -> None:
    """By export; a sign that is not renewed says nothing any more."""
    harness = Harness()
    for name in ("main: /a: Permission denied", "main: The SFTP server x:22: away."):
        harness.store.show_life(Part.FOLDER_FAULT, name)

    lines = _figures(harness).splitlines()
    assert 'opter_economic_folder_faults{export="main"} 2.0' in lines
    assert 'opter_economic_folder_faults{export="other"} 0.0' in lines
    harness.clock.advance(60.0)
    assert 'opter_economic_folder_faults{export="main"} 0.0' in _figures(harness)


def test_the_widest_gap_of_the_clocks_is_a_figure_while_it_is_fresh() -> None:
    """Of several workers' the widest, ahead or behind; what nobody has seen for five minutes is not claimed."""
    harness = Harness()
    for worker, ahead in (("a", 2.0), ("b", -70.0), ("c", 9.0)):
        seen = ClockReading(export="main", worker=worker, at=harness.clock(), accounting_ahead=1.0, worker_ahead=ahead)
        harness.store.note_clocks(seen)

    assert 'opter_economic_clock_ahead_seconds{clock="worker",export="main"} -70.0' in _figures(harness)
    harness.clock.advance(301.0)
    assert "opter_economic_clock_ahead_seconds{" not in _figures(harness)


def test_a_store_that_is_away_is_a_figure_too() -> None:
    """Nothing is claimed about invoices then, least of all that there are none."""

    def away() -> dict[str, int]:
        raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "gone"))

    text = _figures(Harness(), queues=away)
    assert "opter_economic_store_up 0.0" in text
    assert "opter_economic_invoices" not in text


def test_a_broker_that_is_away_is_a_figure_of_its_own() -> None:
    """The store still answers: invoices are counted, and no queue is claimed to be empty."""

    def away() -> dict[str, int]:
        raise BrokerUnavailable(failure(ProcessReason.BROKER_UNAVAILABLE, "gone"))

    text = _figures(Harness(), queues=away)
    assert "opter_economic_broker_up 0.0" in text
    assert "opter_economic_store_up 1.0" in text
    assert "opter_economic_invoices" in text
    assert "opter_economic_queue_messages{" not in text
    assert "opter_economic_broker_up 1.0" in _figures(Harness())
    assert "opter_economic_store_schema 2.0" in _figures(Harness())


def test_the_store_is_read_once_for_several_readers() -> None:
    """Within ten seconds the same figures are given again."""
    harness, reads = Harness(), []
    collector = StoreCollector(
        store=harness.store,
        events=MemoryEventQueue(MemoryEvents()),
        exports=["main"],
        queues=lambda: reads.append(1) or {},
        schema=lambda: 2,
        rates=dict,
        sums=harness.store.period_sums,
        clock=harness.clock,
    )
    registry = store_registry(collector)
    for seconds in (0, 5, 5):
        harness.clock.advance(seconds)
        generate_latest(registry)
    assert len(reads) == 2


def test_every_figure_that_an_alert_or_dashboard_names_exists() -> None:
    """A renamed figure would silence its alert, or empty its panel."""
    harness = Harness()
    harness.close_period(samples.invoice(samples.line(account="3050")))
    harness.until_rest()
    known = _names(_figures(harness)) | _names(_process_figures(harness))
    files = [path for path in (DEPLOY / "monitoring").rglob("*") if path.is_file()]
    named = {word for path in files for word in _names(path.read_text(encoding="utf-8"))}
    assert named
    assert named <= known


def test_the_table_of_figures_names_every_one_of_them_and_no_other() -> None:
    """As Prometheus' own help lines name them."""
    harness = Harness()
    text = _figures(harness) + _process_figures(harness)
    there = set(re.findall(r"^# HELP opter_economic_([a-z_]+?)(?:_total)? ", text, re.MULTILINE))
    rows = [line.split("|")[1] for line in (DOCS / "figures.md").read_text().splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)} == {
        name for name in there if not name.endswith("_created")
    }


def _process_figures(harness: Harness) -> str:
    """What a process serves that has called e-conomic; the lag is asked of its contexts."""
    label = RequestLabel(export="toy", method="GET", route="/self")
    count_call(CallSeen(label=label, status=200, sent=True, seconds=0.1, tokens=3.0))
    lags = CollectorRegistry()
    lags.register(ListingLags(lambda: {"main": harness.context}))
    return (generate_latest(REGISTRY) + generate_latest(lags)).decode()


def _names(text: str) -> set[str]:
    return set(re.findall(r"\bopter_economic_[a-z_]+", text))


@pytest.mark.parametrize(
    ("failures", "trips", "in_a_row"),
    [(0, 0, 0), (4, 0, 4), (0, 1, OPENS_AFTER), (0, 3, OPENS_AFTER + 2)],
    ids=["answered", "four failed", "opened", "two probes failed"],
)
def test_failures_in_a_row_go_on_while_the_breaker_is_open(failures: int, trips: int, in_a_row: int) -> None:
    """The fifth failure opens it and begins a new count; each probe that fails opens it again. 5 + 2 probes = 7."""
    rate = AgreementRate(spent=0, granted=1, called_ago=0, failures=failures, trips=trips, open_for=0, blocked_for=0)

    assert rate.failed_in_a_row == in_a_row


def test_the_breaker_opens_where_the_script_says() -> None:
    """One number, in two languages."""
    script = files("worker.store").joinpath("lua", "rate_limiter.lua").read_text(encoding="utf-8")

    assert f"local FAILURES = {OPENS_AFTER} " in script
