"""The composition root."""

from worker.runtime.build import build_runtime
from worker.runtime.logs import configure_logs
from worker.runtime.runtime import Runtime

__all__ = ["Runtime", "build_runtime", "configure_logs"]
