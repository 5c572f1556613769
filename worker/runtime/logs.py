"""Logs by structlog: JSON lines for machines, console for people; our own lines and the libraries' in one form."""

import logging
import sys
from typing import Any

import structlog

from worker.runtime.metrics import count_line

log = structlog.get_logger()

#: Libraries that would repeat what our canonical lines say, or say it with addresses and bodies.
_QUIET = (
    "httpx",
    "httpcore",
    "celery.app.trace",
    "celery.worker.strategy",
    "celery.worker.consumer.connection",
    "kombu",
    "amqp",
    "uvicorn.access",
)


def configure_logs(level: str, form: str, also: Any = None) -> None:
    """Send everything to standard error in one form. ``form`` is ``json`` or ``console``.

    ``also`` is a further processor of lines.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        count_line,
        *([also] if also else []),
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.processors.JSONRenderer(sort_keys=False)
    if form == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _frames_only],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def frames(error: BaseException) -> list[str]:
    """Return where an error came from, innermost last: places only, as messages and locals may hold customer data."""
    trace = error.__traceback__
    places: list[str] = []
    while trace:
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places


def report(error: BaseException) -> None:
    """Write down a fault of this program: its type and where it came from."""
    log.error("internal_error", error=type(error).__name__, frames=frames(error))


def _frames_only(_: Any, __: str, event: Any) -> Any:
    """Replace a library's traceback by its type and places."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event |= {"error": type(error).__name__, "frames": frames(error)}
    return event
