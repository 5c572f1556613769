"""Spans of one process: whose they are, and what they say."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from config.names import AGREEMENT_TASK, EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK
from worker.economic.port import CallSeen
from worker.economic.urls import RequestLabel
from worker.runtime.tracing import Span, Tracing, check_span, event_span, span_of, trace_of

TRACE = trace_of("test", "main-p1")
CALL = CallSeen(
    label=RequestLabel(export="main", method="POST", route="/invoices/drafts"),
    status=201,
    sent=True,
    seconds=0.5,
    tokens=13.0,
)
EXPORTED = {
    "event": "invoice_export",
    "invoice": "main-7",
    "periods": ("main-p1", "main-p2"),
    "result": "exported",
    "attempt": 1,
    "http_calls": 2,
    "tokens": 26.0,
    "booked": 7,
}


@pytest.fixture(autouse=True)
def _no_context() -> Iterator[None]:
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()


def _spans(happens: Callable[[Tracing], Any]) -> list[Span]:
    """Return the spans of what happens; time passes by a microsecond at each look, ids count from 1."""
    spans: list[Span] = []
    times, ids = iter(range(0, 10**9, 1000)), iter(range(1, 100))
    happens(Tracing("test", spans.append, now=times.__next__, new_id=ids.__next__))
    return spans


def _line(tracing: Tracing, line: dict[str, Any]) -> Any:
    return tracing.line(None, "info", dict(line))


def test_ids_are_the_same_in_every_process() -> None:
    """Computed from what every process knows, so these very numbers; another installation has other traces."""
    assert f"{TRACE:032x}" == "04d56779d5b8717ea57c5fc6bb2b2011"
    assert f"{event_span(TRACE):016x}" == "c01f94eb083ca1d9"
    assert len({TRACE, trace_of("test", "main-p2"), trace_of("copy", "main-p1")}) == 3
    assert len({event_span(TRACE), check_span(TRACE, 1), check_span(TRACE, 2), span_of(TRACE, "x")}) == 4


def test_an_execution_hangs_below_the_check_and_its_calls_below_it() -> None:
    """Its period is known after the claim, by what the claim binds for the log."""

    def happens(tracing: Tracing) -> None:
        tracing.begin(EXPORT_TASK, "main-7")
        structlog.contextvars.bind_contextvars(periods=("main-p1",))
        tracing.call(CALL)
        assert _line(tracing, EXPORTED) == EXPORTED | {"trace": f"{TRACE:032x}"}
        tracing.end()

    call, export = _spans(happens)
    assert (call.trace, call.parent, call.name) == (TRACE, export.id, "POST /invoices/drafts")
    assert call.ended - call.began == 500_000_000
    assert (export.trace, export.parent, export.name) == (TRACE, check_span(TRACE, 1), "invoice export")
    assert export.attributes == {
        "opter_economic.id": "main-7",
        "opter_economic.export": "main",
        "opter_economic.period": "main-p1",
        "opter_economic.result": "exported",
        "opter_economic.attempt": 1,
        "opter_economic.http_calls": 2,
        "opter_economic.tokens": 26.0,
    }
    assert not export.failed


def test_a_check_has_the_span_that_its_number_gives() -> None:
    """A second check of the period stands beside the first, below the event."""

    def happens(tracing: Tracing) -> None:
        for check in (1, 2):
            tracing.begin(PREFLIGHT_TASK, "main-p1")
            structlog.contextvars.bind_contextvars(check=check)
            tracing.call(CALL)
            _line(tracing, {"event": "period_preflight", "check": check, "result": "checked"})
            tracing.end()

    _, first, call, second = _spans(happens)
    assert [first.id, second.id] == [check_span(TRACE, 1), check_span(TRACE, 2)]
    assert {first.parent, second.parent} == {event_span(TRACE)}
    assert call.parent == second.id


@pytest.mark.parametrize(("first", "parent"), [(True, None), (False, event_span(TRACE))])
def test_the_first_event_is_the_root(first: bool, parent: int | None) -> None:  # noqa: FBT001  # a table's value
    """A later one of the same period is a part of the trace, with an id of its own."""
    line = {"event": "event_taken_in", "period": "main-p1", "first": first, "ms": 2, "event_key": "a#1"}
    kinds = {"added": 3, "known": 0, "replaced": 0, "conflicts": 0}
    [span] = _spans(lambda tracing: _line(tracing, line | kinds))

    assert (span.trace, span.parent) == (TRACE, parent)
    assert (span.id == event_span(TRACE)) is first
    assert span.attributes["opter_economic.added"] == 3


def test_what_was_not_claimed_leaves_no_span() -> None:
    """A message that came twice: nobody knows its period, and nothing was done."""

    def happens(tracing: Tracing) -> None:
        tracing.begin(EXPORT_TASK, "main-7")
        _line(tracing, {"event": "invoice_export", "invoice": "main-7", "result": "unclaimed", "why": "exported"})
        tracing.end()
        tracing.begin(PREFLIGHT_TASK, "main-p1")
        _line(tracing, {"event": "period_preflight", "check": 0, "result": "claimed-elsewhere"})
        tracing.end()
        tracing.call(CALL)  # no task at all

    assert _spans(happens) == []


def test_a_dead_letter_and_a_failed_call_count_as_failed() -> None:
    """With the reason's code, and nothing of the invoice."""
    failed = EXPORTED | {"result": "dead", "reason": "vat-mismatch"}

    def happens(tracing: Tracing) -> None:
        tracing.begin(EXPORT_TASK, "main-7")
        structlog.contextvars.bind_contextvars(periods=("main-p1",))
        tracing.call(CallSeen(label=CALL.label, status=0, sent=True, seconds=0.5, tokens=13.0))
        _line(tracing, failed)
        tracing.end()

    assert [span.failed for span in _spans(happens)] == ["no-answer", "vat-mismatch"]


def test_a_certificate_is_part_of_its_period_and_an_agreement_check_stands_alone() -> None:
    """The one below the event, the other the root of a trace of its own."""

    def happens(tracing: Tracing) -> None:
        for task, key in ((RECONCILE_TASK, "main-p1"), (AGREEMENT_TASK, "main-agreement")):
            tracing.begin(task, key)
            tracing.call(CALL)
            tracing.end()

    read, certificate, asked, agreement = _spans(happens)
    assert (certificate.trace, certificate.parent, read.parent) == (TRACE, event_span(TRACE), certificate.id)
    assert (agreement.parent, asked.parent) == (None, agreement.id)
    assert agreement.trace not in {TRACE, trace_of("test", "main-agreement")}


def test_a_fault_of_the_traces_is_none_of_the_export() -> None:
    """Whatever goes wrong with a span, only the span is lost."""

    def broken(_: Span) -> None:
        raise RuntimeError

    tracing = Tracing("test", broken)
    tracing.begin(EXPORT_TASK, "main-7")
    structlog.contextvars.bind_contextvars(periods=("main-p1",))
    tracing.call(CALL)
    assert _line(tracing, EXPORTED)["result"] == "exported"
    tracing.end()
