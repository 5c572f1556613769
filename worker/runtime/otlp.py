"""Spans on their way to a collector by OTLP over HTTP: gathered, and sent by a thread that nothing waits for."""

import threading
from collections.abc import Sequence
from importlib.metadata import version

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags
from typing_extensions import override

from config.tracing_section import Tracing as TracingSettings
from worker.runtime.tracing import Span

log = structlog.get_logger()

#: Seconds that a collector may take for one batch, and that the end of the process waits for the last one.
_TIMEOUT, _FAREWELL = 5, 2.0
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SCOPE = InstrumentationScope("opter-economic", version("opter-economic"))


class Collector:
    """Takes spans. A collector that is slow or away costs spans, never time: what does not fit is dropped."""

    def __init__(self, settings: TracingSettings, *, installation: str, process: str) -> None:
        """``installation`` and ``process`` are shown with every span."""
        self._resource = Resource(
            {
                "service.name": "opter-economic",
                "service.version": version("opter-economic"),
                "service.instance.id": process,
                "deployment.environment.name": installation,
            }
        )
        self._sampler = TraceIdRatioBased(settings.share)
        headers = dict(pair.partition("=")[::2] for pair in settings.headers.get_secret_value().split(",") if pair)
        exporter = OTLPSpanExporter(
            endpoint=f"{settings.endpoint.rstrip('/')}/v1/traces", headers=headers, timeout=_TIMEOUT
        )
        self._processor = BatchSpanProcessor(_Outages(exporter))

    def take(self, span: Span) -> None:
        """Queue a span, unless its whole trace is left out."""
        sampled = self._sampler.should_sample(None, span.trace, span.name)
        if sampled.decision is Decision.RECORD_AND_SAMPLE:
            self._processor.on_end(self._readable(span))

    def close(self) -> None:
        """Send what is left, for two seconds at the longest."""
        farewell = threading.Thread(target=self._processor.shutdown, name="traces", daemon=True)
        farewell.start()
        farewell.join(_FAREWELL)

    def _readable(self, span: Span) -> ReadableSpan:
        parent = span.parent and SpanContext(span.trace, span.parent, is_remote=True, trace_flags=_SAMPLED)
        return ReadableSpan(
            name=span.name,
            context=SpanContext(span.trace, span.id, is_remote=False, trace_flags=_SAMPLED),
            parent=parent or None,
            resource=self._resource,
            attributes=span.attributes,
            kind=SpanKind.CLIENT if "url.template" in span.attributes else SpanKind.CONSUMER,
            status=Status(StatusCode.ERROR, span.failed) if span.failed else Status(),
            start_time=span.began,
            end_time=span.ended,
            instrumentation_scope=_SCOPE,
        )


class _Outages(SpanExporter):
    """Says once that the collector takes nothing, and once that it does again; the library would at every batch."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._away = False

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._inner.export(spans)
        except Exception as error:  # noqa: BLE001  # whatever it is, only spans are lost
            self._note(away=True, why=type(error).__name__)
            return SpanExportResult.FAILURE
        self._note(away=result is not SpanExportResult.SUCCESS, why="not taken")
        return result

    @override
    def shutdown(self) -> None:
        self._inner.shutdown()

    def _note(self, *, away: bool, why: str) -> None:
        if away and not self._away:
            log.warning("traces_not_taken", why=why, next_step="Is the collector up? Exports go on without traces.")
        elif self._away and not away:
            log.info("traces_taken_again")
        self._away = away
