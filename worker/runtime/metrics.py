"""Figures of one process for Prometheus, counted from its own log lines, so that both always say the same."""

import hmac
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, Counter, Histogram, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from typing_extensions import override

from config.names import export_of
from config.settings_sections import Metrics

#: Every figure of this process.
REGISTRY = CollectorRegistry()
#: Seconds without a round of the main loop after which a process counts as hanging: Celery beats every two seconds,
#: a sweep may wait for Redis.
HANGS_AFTER = 60.0
_OK, _AWAY = "200 OK", "503 Service Unavailable"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_executions = Counter(
    "opter_economic_executions", "Executions of invoices by how they ended", ("export", "result"), registry=REGISTRY
)
_execution_seconds = Histogram(
    "opter_economic_execution_seconds", "Duration of executions", ("export",), buckets=_SECONDS, registry=REGISTRY
)
_failures = Counter(
    "opter_economic_failures", "Executions that ended with a reason", ("export", "reason"), registry=REGISTRY
)
_calls = Counter("opter_economic_calls", "Calls to e-conomic", ("export",), registry=REGISTRY)
_tokens = Counter("opter_economic_call_tokens", "Rate tokens that the calls cost", ("export",), registry=REGISTRY)
_checks = Counter(
    "opter_economic_period_checks", "Period checks by how they ended", ("export", "result"), registry=REGISTRY
)
_events = Counter("opter_economic_events", "Events by what became of them", ("result",), registry=REGISTRY)
_swept = Counter("opter_economic_messages_sent_again", "Messages that a sweep published", registry=REGISTRY)
_faults = Counter("opter_economic_faults", "Lines of the log that tell of a fault", ("event",), registry=REGISTRY)

#: Log lines about an event -> its label.
_EVENT_LINES = {
    "event_taken_in": "taken in",
    "event_known": "known",
    "event_postponed": "postponed",
    "event_refused": "refused",
}
_FAULT_LINES = frozenset({"store_unavailable", "sweep_failed", "internal_error", "event_failed", "foreign_message"})

Line = Mapping[str, Any]


def count_line(_: Any, __: str, line: Any) -> Any:
    """Count one log line, and return it unchanged: a processor for structlog."""
    name = line.get("event")
    if name == "invoice_export":
        _count_execution(line)
    elif name == "period_preflight":
        _checks.labels(export_of(line.get("period", "")), line["result"]).inc()
        _count_calls(export_of(line.get("period", "")), line)
    elif name in _EVENT_LINES:
        _events.labels(_EVENT_LINES[name]).inc()
    elif name == "swept":
        _swept.inc(line["sent"])
    elif name in _FAULT_LINES:
        _faults.labels(name).inc()
    return line


def _count_execution(line: Line) -> None:
    export = export_of(line.get("invoice", ""))
    _executions.labels(export, line["result"]).inc()
    _execution_seconds.labels(export).observe(line["ms"] / 1000)
    if line.get("reason"):
        _failures.labels(export, line["reason"]).inc()
    _count_calls(export, line)


def _count_calls(export: str, line: Line) -> None:
    _calls.labels(export).inc(line.get("http_calls", 0))
    _tokens.labels(export).inc(line.get("tokens", 0))


class _Silent(WSGIRequestHandler):
    """A handler that logs no requests."""

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


class Beat:
    """When a process's main loop last came round; by it a process that hangs is told from one that works."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def __call__(self, *_: Any, **__: Any) -> None:
        """Note that the loop has come round; takes what Celery's signals pass."""
        self._last = self._clock()

    @property
    def alive(self) -> bool:
        """Whether that is not long ago."""
        return self._clock() - self._last < HANGS_AFTER


def serve_metrics(settings: Metrics, *, beat: Beat, ready: Callable[[], bool]) -> Callable[[], None]:
    """Serve ``/metrics``, ``/healthz`` and ``/readyz`` from a thread; return what ends it. No port: serve nothing.

    Raises ``OSError`` when the port is taken.
    """
    if not settings.port:
        return lambda: None
    application = _application(settings, make_wsgi_app(REGISTRY), beat, ready)
    server = make_server(settings.host, settings.port, application, ThreadingWSGIServer, handler_class=_Silent)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()

    def end() -> None:
        server.shutdown()
        server.server_close()

    return end


def _application(settings: Metrics, metrics: Any, beat: Beat, ready: Callable[[], bool]) -> Any:
    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/healthz":
            return _say(start, _OK, "alive") if beat.alive else _say(start, _AWAY, "hangs")
        if path == "/readyz":
            return _say(start, _OK, "ready") if ready() else _say(start, _AWAY, "Redis or the broker does not answer")
        if path != "/metrics":
            return _say(start, "404 Not Found", "")
        if not allowed(settings, environ.get("HTTP_AUTHORIZATION", "")):
            return _say(start, "401 Unauthorized", "")
        found: Iterable[bytes] = metrics(environ, start)
        return found

    return answer


def allowed(settings: Metrics, authorization: str) -> bool:
    """Return whether these figures may be read: with the token, or by anybody where none is set."""
    token = settings.token.get_secret_value()
    return not token or hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


def _say(start: Callable[..., Any], status: str, text: str) -> list[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")])
    return [text.encode()]
