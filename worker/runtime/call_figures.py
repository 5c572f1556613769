"""Calls to e-conomic as figures of this process: how they ended, what they cost, how long each route takes."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from config.settings import Settings
from worker.economic.port import CallSeen
from worker.runtime.metrics import REGISTRY
from worker.workflow.context import ExportContext

_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_calls = Counter(
    "opter_economic_calls", "Calls to e-conomic by how they ended", ("export", "outcome"), registry=REGISTRY
)
_tokens = Counter("opter_economic_call_tokens", "Rate tokens that the calls cost", ("export",), registry=REGISTRY)
_latency = Histogram(
    "opter_economic_call_seconds",
    "Time that answers of e-conomic took, by route",
    ("method", "route"),
    buckets=_SECONDS,
    registry=REGISTRY,
)


def calls_seen(
    settings: Settings, traced: Callable[[CallSeen], None] | None = None
) -> Callable[[CallSeen], None] | None:
    """Return what is shown every call; None where it is neither counted nor ``traced``, so that it costs nothing."""
    if not settings.metrics.port:
        return traced
    return partial(_count_and_trace, traced) if traced else count_call


def _count_and_trace(trace: Callable[[CallSeen], None], call: CallSeen) -> None:
    count_call(call)
    trace(call)


def count_call(call: CallSeen) -> None:
    """Count one call. Labels are exports, outcomes and patterns of routes, so that their number is bounded."""
    export, label = call.label.export, call.label
    _calls.labels(export, outcome_of(call)).inc()
    _tokens.labels(export).inc(call.tokens)
    if call.status:
        _latency.labels(label.method, label.route).observe(call.seconds)


def outcome_of(call: CallSeen) -> str:
    """Return the word for how a call ended, as a figure and in a trace."""
    if not call.status:
        return "no-answer" if call.sent else "unreachable"
    if call.status < HTTPStatus.MULTIPLE_CHOICES:
        return "ok"
    return _OUTCOMES.get(call.status, "unavailable" if _at_fault(call.status) else "refused")


_OUTCOMES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "denied",
    HTTPStatus.FORBIDDEN: "denied",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
}


class ListingLags(Collector):
    """How far e-conomic's listings lag behind its writes, as this process has measured it lately."""

    def __init__(self, contexts: Callable[[], Mapping[str, ExportContext]]) -> None:
        """``contexts`` returns those of the runtime in use."""
        self._contexts = contexts

    @override
    def collect(self) -> Iterator[Metric]:
        meaning = "Seconds after which a document is listed, as far as this process has seen"
        family = GaugeMetricFamily("opter_economic_listing_lag_seconds", meaning, labels=("export",))
        for name, context in self._contexts().items():
            measured = context.listing_lag.measured(context.clock())
            if measured is not None:
                family.add_metric((name,), measured)
        yield family

    def describe(self) -> list[Metric]:
        """Return nothing: registering must not build the runtime."""
        return []


def _at_fault(status: int) -> bool:
    """Whether the status is e-conomic's own failure, or that of something in between."""
    return status < HTTPStatus.BAD_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR
