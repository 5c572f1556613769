"""From a process's start to its end: configuration, the runtime after any fork, log context around every task."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import chain
from typing import Any

import structlog
from celery import Celery, signals

from config import Configuration
from config.broker import celery_config, queues_of
from config.exports_watch import Changed, ExportsWatch, watch_exports
from config.settings import GIVE_BACK
from worker.domain.signs_of_life import Part
from worker.runtime.build import build_runtimes
from worker.runtime.call_figures import ListingLags, calls_seen
from worker.runtime.exports_watch import keep_looking, log_taken, not_taken
from worker.runtime.logs import configure_logs
from worker.runtime.metrics import REGISTRY, Beat, serve_metrics
from worker.runtime.primary_watch import hang_up
from worker.runtime.runtime import Runtime, RuntimeInUse, Runtimes
from worker.runtime.signs_of_life import ShownLife, keep_showing
from worker.runtime.trace_start import start_traces
from worker.signals import end
from worker.store.client import sentinels_once
from worker.store.failover import drop_connections
from worker.workflow.lease_renewal import Ending

log = structlog.get_logger()

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: What Python does with them as long as nobody has set anything else.
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


def heed_held_signals() -> None:
    """End on a signal that ``worker.cli.processes.become`` has held, until Celery or uvicorn has its own way.

    uvicorn has it already when it asks for the application: its way stays, or no page would end in order.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ()):
        for number in _SIGNALS:
            if signal.getsignal(number) in _DEFAULTS:
                signal.signal(number, end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


class Lifecycle(Configuration):
    """What one process reads and builds once, each at its first use."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._beat = Beat()
        self._end_metrics: Callable[[], None] = lambda: None
        self._end_life: Callable[[], None] = lambda: None
        self._end_looking: Callable[[], None] | None = None
        #: The watch over the exports file, from the first sign of life on.
        self._exports_file: ExportsWatch | None = None
        #: Celery's consumer, which reads the queues; another one after each loss of the connection.
        self._consumer: Any = None
        #: The working parts; never inherited through a fork, as sockets must not be shared.
        self._in_use = RuntimeInUse(
            lambda: build_runtimes(
                self.settings,
                self.exports,
                self._app,
                worker_clock=time.time,
                ending=self._ending,
                seen=calls_seen(self.settings, self._traces and self._traces.call),
            )
        )
        #: How far the end of this process has come; the signal to end begins it.
        self._ending = Ending()

    @property
    def runtimes(self) -> Runtimes:
        """The working parts of a process that reads its exports file once; tasks take ``using``."""
        return self._in_use.current

    @contextmanager
    def using(self, key: str) -> Iterator[Runtime]:
        """Give a task the working parts of the store that holds ``key``.

        They stay open for as long as it lasts, whatever becomes of the file.
        """
        with self._in_use.using() as runtimes:
            yield runtimes.of(key)

    def celery_configuration(self) -> dict[str, Any]:
        """Return Celery's configuration; asked for by Celery when it first needs it."""
        return sentinels_once(celery_config(self.settings, self.exports))

    def connect(self) -> None:
        """Follow Celery's signals. Strong references: bound methods would vanish at once."""
        signals.setup_logging.connect(self._configure_logs, weak=False)
        signals.worker_process_init.connect(self._drop_inherited, weak=False)
        signals.worker_shutdown.connect(self._close, weak=False)
        signals.worker_process_shutdown.connect(self._close, weak=False)
        signals.worker_init.connect(self._prepare, weak=False)
        signals.worker_ready.connect(self._show_life, weak=False)
        signals.worker_shutting_down.connect(self._begin_to_end, weak=False)
        signals.heartbeat_sent.connect(self._beat, weak=False)
        signals.task_prerun.connect(self._bind, weak=False)
        signals.task_postrun.connect(self._clear, weak=False)

    def _configure_logs(self, **_: Any) -> None:
        traces = self._traces
        configure_logs(self.settings.log.level, self.settings.log.format, traces and traces.line)

    def _drop_inherited(self, **_: Any) -> None:
        self._in_use.drop()

    def _prepare(self, **_: Any) -> None:
        from worker.runtime.message_filter import MessageFilter  # noqa: PLC0415  # a worker's own, and slow to load

        MessageFilter.unavailable = staticmethod(self.runtimes.home.broker.unavailable)
        # No thread is started by a signal: it may interrupt the start of another one.
        threading.Thread(target=self._cut_off, name="end", daemon=True).start()
        if self.settings.metrics.port:
            REGISTRY.register(ListingLags(lambda: self.runtimes.contexts))
        self._end_metrics = serve_metrics(self.settings.metrics, beat=self._beat, ready=self._ready)

    def _ready(self) -> bool:
        return self.runtimes.answers()

    def _show_life(self, sender: Any = None, **_: Any) -> None:
        """Called with every new connection to the broker, too; a worker that hangs leaves no sign."""
        self._end_life()
        exports_file = self._exports_file = self._exports_file or watch_exports(self.settings, self.exports)
        ends = [
            keep_showing(self._life(runtime, sender, exports_file), well=lambda: self._beat.alive)
            for runtime in self.runtimes
        ]

        def end_all() -> None:
            for end_one in ends:
                end_one()

        self._end_life = end_all
        self._consumer = sender
        if self._end_looking is None:
            self._end_looking = keep_looking(exports_file, self._take)

    def _life(self, runtime: Runtime, sender: Any, exports_file: ExportsWatch) -> ShownLife:
        """Return the sign of life in a store; its watch looks at the broker, too, once for each process."""

        def now() -> Runtime:  # another one than at first, once the exports file has changed
            return self.runtimes.of(next(iter(runtime.exports), ""))

        return ShownLife(
            store=runtime.store,
            part=Part.WORKER,
            name=str(sender.hostname),
            look=runtime.name_watch(
                leave=lambda: drop_connections(now().redis),
                hang_up=(lambda: None) if runtime.cell else partial(hang_up, sender),
            ),
            not_taken=partial(not_taken, exports_file),
        )

    def _take(self, changed: Changed) -> None:
        """Go on with these exports: tasks to come have them, those under way end with what they began with."""
        self.exports = changed.exports
        self._in_use.exchange()
        if changed.new:
            # The consumer belongs to the worker's main loop.
            self._consumer.call_soon(self._consumer.read_also, [*chain.from_iterable(map(queues_of, changed.new))])
        log_taken(changed)

    def _begin_to_end(self, **_: Any) -> None:
        self._ending.begin(self.settings.worker.soft_shutdown)

    def _cut_off(self) -> None:
        """End this process when even a call's time is over: a name server that hangs is bounded by nothing else."""
        self._ending.wait()
        time.sleep(self.settings.cut_off_after)
        handed_on = threading.Thread(target=self._ending.give_back_all, name="give-back", daemon=True)
        handed_on.start()
        handed_on.join(GIVE_BACK)
        log.warning("worker_cut_off", next_step="Nothing: what was under way is looked up and goes on.")
        os._exit(0)

    def _close(self, **_: Any) -> None:
        self._end_metrics()
        self._end_life()
        if self._end_looking:
            self._end_looking()
        self._in_use.close()
        if self._traces:
            self._traces.close()

    @cached_property
    def _traces(self) -> Any:
        """What makes spans; None where the settings name no collector."""
        return start_traces(self.settings)

    def _bind(self, sender: Any, task_id: str, args: Sequence[Any] = (), **_: Any) -> None:
        structlog.contextvars.bind_contextvars(task_id=task_id)
        if self._traces and args:
            self._traces.begin(sender.name, str(args[0]))

    def _clear(self, **_: Any) -> None:
        structlog.contextvars.clear_contextvars()
        if self._traces:
            self._traces.end()
