"""Traces: one for each period, from its event over its check and its invoices to each call, across all processes.

Nothing travels with messages and nothing is stored for it: the ids of a trace are computed from ids that every process
knows (``trace_of``, ``span_of``). What becomes of spans is ``worker.runtime.otlp``'s; neither is loaded unless traces
are on.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import structlog

from config.names import AGREEMENT_TASK, CAUSES_TASK, EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK, export_of
from worker.economic.port import CallSeen
from worker.runtime.call_figures import outcome_of

Value = str | int | float | bool

#: Tasks as spans call them.
_NAMES: Mapping[str, str] = {
    EXPORT_TASK: "invoice export",
    PREFLIGHT_TASK: "period check",
    RECONCILE_TASK: "period certificate",
    AGREEMENT_TASK: "agreement check",
    CAUSES_TASK: "causes check",
}
#: Canonical lines, and what a span takes from them: ids, codes and numbers, nothing of a customer.
_LINES = frozenset({"invoice_export", "period_preflight", "period_certificate", "agreement_check"})
_TAKEN = ("result", "reason", "why", "uncertain", "attempt", "http_calls", "tokens", "queued", "dead", "found")
#: Results after which a person has to do something.
_FAILED = frozenset({"dead"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Something that took time, and what it is a part of."""

    name: str
    trace: int
    id: int
    #: None: it is part of nothing else.
    parent: int | None
    #: Nanoseconds since the epoch.
    began: int
    ended: int
    attributes: Mapping[str, Value]
    #: Why it counts as failed; empty: it does not.
    failed: str = ""


@dataclass(kw_only=True, slots=True)
class _Task:
    """The task that a thread is busy with; threads that help it hold the same."""

    name: str
    key: str
    id: int
    began: int
    attributes: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a task stands in its trace."""

    trace: int
    id: int
    parent: int | None


_task: ContextVar[_Task | None] = ContextVar("traced task", default=None)


def trace_of(installation: str, period: str) -> int:
    """Return the trace of a period: 128 bits that every process computes alike."""
    return int.from_bytes(hashlib.sha256(f"{installation}/{period}".encode()).digest()[:16], "big")


def span_of(trace: int, *what: object) -> int:
    """Return the span of something that happens once in a trace: 64 bits that every process computes alike."""
    text = "/".join(map(str, (trace, *what)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def event_span(trace: int) -> int:
    """Return the root of a period's trace: the event that brought its first invoices."""
    return span_of(trace, "event")


def check_span(trace: int, check: int) -> int:
    """Return the span of a period's check; they are counted from 1."""
    return span_of(trace, "check", check)


class Tracing:
    """Makes the spans of one process. No method raises, and none waits."""

    def __init__(
        self,
        installation: str,
        emit: Callable[[Span], None],
        *,
        close: Callable[[], None] = lambda: None,
        now: Callable[[], int] = time.time_ns,
        new_id: Callable[[], int] = lambda: secrets.randbits(63) + 1,
    ) -> None:
        """``emit`` takes a finished span, and must not wait; ``now`` gives nanoseconds since the epoch.

        ``close`` has what was emitted sent, as far as it can be in a moment.
        """
        self.close = close
        self._installation = installation
        self._emit = emit
        self._now = now
        self._new_id = new_id

    def begin(self, task: str, key: str) -> None:
        """A task begins in this thread."""
        _task.set(_Task(name=task, key=key, id=self._new_id(), began=self._now()))

    def end(self) -> None:
        """The task of this thread has come to its end."""
        task = _task.get()
        _task.set(None)
        if task is not None and task.name in _NAMES:
            with suppress(Exception):
                self._end(task)

    def line(self, _: Any, __: str, line: Any) -> Any:
        """Take what a canonical line says, and return it with its trace: a processor for structlog."""
        with suppress(Exception):
            self._take(line)
        return line

    def call(self, call: CallSeen) -> None:
        """A call to e-conomic has come to its end: part of the task of this thread."""
        task = _task.get()
        if task is not None:
            with suppress(Exception):
                self._call(task, call)

    def _take(self, line: Any) -> None:
        name, task = line.get("event"), _task.get()
        if name == "event_taken_in":
            self._event(line)
        elif task is not None and name in _LINES:
            task.attributes |= {f"opter_economic.{word}": line[word] for word in _TAKEN if line.get(word)}
            self._remember(task, line)
            if place := self._place(task):
                line["trace"] = f"{place.trace:032x}"

    def _event(self, line: Mapping[str, Any]) -> None:
        trace = trace_of(self._installation, line["period"])
        root, now = event_span(trace), self._now()
        brought = {f"opter_economic.{word}": line[word] for word in ("added", "known", "replaced", "conflicts")}
        self._emit(
            Span(
                name="event taken in",
                trace=trace,
                id=root if line["first"] else self._new_id(),
                parent=None if line["first"] else root,
                began=now - line["ms"] * 1_000_000,
                ended=now,
                attributes={"opter_economic.period": line["period"]} | brought,
            )
        )

    def _call(self, task: _Task, call: CallSeen) -> None:
        self._remember(task, structlog.contextvars.get_contextvars())
        place, now, outcome = self._place(task), self._now(), outcome_of(call)
        if place is None:
            return
        status = {"http.response.status_code": call.status} if call.status else {}
        self._emit(
            Span(
                name=str(call.label),
                trace=place.trace,
                id=self._new_id(),
                parent=place.id,
                began=now - int(call.seconds * 1e9),
                ended=now,
                attributes={
                    "http.request.method": call.label.method,
                    "url.template": call.label.route,
                    "opter_economic.export": call.label.export,
                    "opter_economic.tokens": call.tokens,
                    **status,
                },
                failed="" if outcome in ("ok", "not-found") else outcome,
            )
        )

    def _end(self, task: _Task) -> None:
        place = self._place(task)
        if place is None:
            return
        result = str(task.attributes.get("opter_economic.result", ""))
        reason = str(task.attributes.get("opter_economic.reason", ""))
        self._emit(
            Span(
                name=_NAMES[task.name],
                trace=place.trace,
                id=place.id,
                parent=place.parent,
                began=task.began,
                ended=self._now(),
                attributes={"opter_economic.id": task.key, "opter_economic.export": export_of(task.key)}
                | task.attributes,
                failed=reason or result if result in _FAILED else "",
            )
        )

    def _remember(self, task: _Task, known: Mapping[str, Any]) -> None:
        """Keep of an invoice its period, and of a period its check's number: they are known after the claim."""
        if periods := known.get("periods"):
            task.attributes["opter_economic.period"] = periods[0]
        if check := known.get("check"):
            task.attributes["opter_economic.check"] = check

    def _place(self, task: _Task) -> _Place | None:
        """Return the task's place; None for an invoice or a period that it has not claimed."""
        if task.name == EXPORT_TASK:
            period = task.attributes.get("opter_economic.period")
            return self._in_period(str(period), task, first_check=True) if period else None
        if task.name == PREFLIGHT_TASK:
            check = task.attributes.get("opter_economic.check")
            if not check:
                return None
            trace = trace_of(self._installation, task.key)
            return _Place(trace=trace, id=check_span(trace, int(check)), parent=event_span(trace))
        if task.name == RECONCILE_TASK:
            return self._in_period(task.key, task, first_check=False)
        return _Place(trace=trace_of(self._installation, f"{task.key}/{task.id}"), id=task.id, parent=None)

    def _in_period(self, period: str, task: _Task, *, first_check: bool) -> _Place:
        trace = trace_of(self._installation, period)
        parent = check_span(trace, 1) if first_check else event_span(trace)
        return _Place(trace=trace, id=task.id, parent=parent)
