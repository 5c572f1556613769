"""From a process's start to its end: configuration, the runtime after any fork, log context around every task."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import structlog
from celery import Celery, signals

from config import Configuration
from config.broker import celery_config
from worker.domain.signs_of_life import Part
from worker.runtime import Runtime, build_runtime, configure_logs
from worker.runtime.metrics import Beat, serve_metrics
from worker.runtime.primary_watch import PrimaryWatch, hang_up
from worker.runtime.signs_of_life import ShownLife, keep_showing
from worker.store.connection import answers

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def heed_held_signals() -> None:
    """End on a signal that ``worker.cli.processes.become`` has held, until Celery or uvicorn has its own way."""
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ()):
        for number in _SIGNALS:
            signal.signal(number, lambda *_: sys.exit(0))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


class Lifecycle(Configuration):
    """What one process reads and builds once, each at its first use."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._beat = Beat()
        self._end_metrics: Callable[[], None] = lambda: None
        self._end_life: Callable[[], None] = lambda: None

    @cached_property
    def runtime(self) -> Runtime:
        """The working parts; never inherited through a fork, as sockets must not be shared."""
        return build_runtime(self.settings, self.exports, self._app, worker_clock=time.time)

    def celery_configuration(self) -> dict[str, Any]:
        """Return Celery's configuration; asked for by Celery when it first needs it."""
        return celery_config(self.settings, self.exports)

    def connect(self) -> None:
        """Follow Celery's signals. Strong references: bound methods would vanish at once."""
        signals.setup_logging.connect(self._configure_logs, weak=False)
        signals.worker_process_init.connect(self._drop_inherited, weak=False)
        signals.worker_shutdown.connect(self._close, weak=False)
        signals.worker_process_shutdown.connect(self._close, weak=False)
        signals.worker_init.connect(self._serve_metrics, weak=False)
        signals.worker_ready.connect(self._show_life, weak=False)
        signals.heartbeat_sent.connect(self._beat, weak=False)
        signals.task_prerun.connect(self._bind, weak=False)
        signals.task_postrun.connect(self._clear, weak=False)

    def _configure_logs(self, **_: Any) -> None:
        configure_logs(self.settings.log.level, self.settings.log.format)

    def _drop_inherited(self, **_: Any) -> None:
        self.__dict__.pop("runtime", None)

    def _serve_metrics(self, **_: Any) -> None:
        self._end_metrics = serve_metrics(
            self.settings.metrics, beat=self._beat, ready=lambda: answers(self.runtime.redis)
        )

    def _show_life(self, sender: Any = None, **_: Any) -> None:
        """Called with every new connection to the broker, too; a worker that hangs leaves no sign."""
        self._end_life()

        def leave() -> None:
            self.runtime.publisher.drop_connections()
            hang_up(sender)

        look = PrimaryWatch(self.runtime.redis, leave=leave)
        life = ShownLife(store=self.runtime.store, part=Part.WORKER, name=str(sender.hostname), look=look)
        self._end_life = keep_showing(life, well=lambda: self._beat.alive)

    def _close(self, **_: Any) -> None:
        self._end_metrics()
        self._end_life()
        runtime = self.__dict__.pop("runtime", None)
        if runtime:
            runtime.close()

    def _bind(self, task_id: str, **_: Any) -> None:
        structlog.contextvars.bind_contextvars(task_id=task_id)

    def _clear(self, **_: Any) -> None:
        structlog.contextvars.clear_contextvars()
