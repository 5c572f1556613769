"""A collector of traces: takes OTLP over HTTP from any process, as a real one does, and keeps the spans."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typing_extensions import override


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One span as it came."""

    name: str
    trace: str
    id: str
    parent: str
    #: The process that sent it.
    process: str
    attributes: dict[str, Any]
    failed: str


@dataclass(kw_only=True)
class TraceCollector:
    """What has come so far; the collector answers with ``status``, after ``hold`` was let go."""

    status: int = 200
    spans: list[Received] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def take(self, body: bytes, headers: dict[str, str]) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.headers.append(headers)
        for resource in request.resource_spans:
            process = _values(resource.resource.attributes)["service.instance.id"]
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                self.spans.append(_received(span, process))

    def named(self, name: str) -> Sequence[Received]:
        return [span for span in tuple(self.spans) if span.name == name]


def _received(span: Any, process: str) -> Received:
    return Received(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        process=process,
        attributes=_values(span.attributes),
        failed=span.status.message,
    )


def _values(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@contextmanager
def collecting(status: int = 200, *, held: bool = False) -> Iterator[TraceCollector]:
    """Serve a collector at its ``url``; one that is ``held`` answers nobody until its end."""
    collector = TraceCollector(status=status)
    if not held:
        collector.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.hold.wait()
            if collector.status == 200:
                collector.take(body, {key.lower(): value for key, value in self.headers.items()})
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        collector.hold.set()
        server.shutdown()
        server.server_close()
