"""Traces, where the settings ask for them: without that neither they nor OpenTelemetry are loaded."""

from __future__ import annotations

import os
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING

from config.settings import Settings, variable

if TYPE_CHECKING:
    from worker.runtime.tracing import Tracing


def start_traces(settings: Settings) -> Tracing | None:
    """Return what makes this process's spans, on their way to the collector; None where no collector is named.

    Raises ``ImportError`` when OpenTelemetry is not installed; ``traces_lack`` says so beforehand.
    """
    if not settings.tracing.endpoint:
        return None
    from worker.runtime.otlp import Collector  # noqa: PLC0415  # optional, and slow to load
    from worker.runtime.tracing import Tracing  # noqa: PLC0415  # only for traces

    process = f"{socket.gethostname()}:{os.getpid()}"
    collector = Collector(settings.tracing, installation=settings.environment, process=process)
    return Tracing(settings.environment, collector.take, close=collector.close)


def traces_lack(settings: Settings) -> str:
    """Return what traces lack that the settings ask for; empty: nothing."""
    if not settings.tracing.endpoint or _installed("opentelemetry.exporter.otlp.proto.http"):
        return ""
    return f"{variable('tracing', 'endpoint')} asks for traces, and OpenTelemetry is not installed."


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
