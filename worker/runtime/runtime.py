"""What one process works with: the runtime behind its tasks, and the consumer of the intake."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

import structlog
from redis import Redis

from config.cells import Cell
from config.exports import ExportConfig
from config.names import export_of
from config.settings import Settings
from worker.archive.keeper import Keeper
from worker.domain.signs_of_life import Part
from worker.economic.client import EconomicClient
from worker.errors import StoreUnavailable
from worker.intake.consumer import Consumer
from worker.intake.lanes import Lanes
from worker.intake.reading import Reader
from worker.intake.sources.folder import kept_folders
from worker.reconcile.agreement_watch import AgreementWatch
from worker.reconcile.certify import Certifier
from worker.reconcile.reconciler import Reconciler
from worker.runtime.broker import Broker
from worker.runtime.file_access import allowed_places
from worker.runtime.logs import report
from worker.runtime.primary_watch import PrimaryWatch
from worker.runtime.publisher import Publisher
from worker.runtime.schema_watch import leave_newer_store
from worker.runtime.signs_of_life import ShownLife, process_name
from worker.store.connection import answers
from worker.store.event_queue import RedisEventQueue, event_client
from worker.store.redis_store import RedisStore
from worker.store.schema import RedisSchema
from worker.workflow.cause_watch import CauseWatch
from worker.workflow.context import ExportContext
from worker.workflow.exporter import ExecutionResult, Exporter
from worker.workflow.preflight import Preflight, PreflightResult
from worker.workflow.sweeper import Sweeper

log = structlog.get_logger()


class InternalFault(Exception):
    """A fault of this program, by its type alone: Celery sends an error's text to the log, the broker and Flower."""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """One process's working parts, built after any fork and closed at its end."""

    settings: Settings
    exports: Mapping[str, ExportConfig]
    redis: Redis
    store: RedisStore
    broker: Broker
    publisher: Publisher
    exporter: Exporter
    preflight: Preflight
    sweeper: Sweeper
    clients: Mapping[str, EconomicClient]
    contexts: Mapping[str, ExportContext]
    certifier: Certifier
    reconcilers: Mapping[str, Reconciler]
    agreements: AgreementWatch
    causes: CauseWatch
    keeper: Keeper

    def export_invoice(self, invoice_id: str, task: str = "") -> ExecutionResult | None:
        """Export one invoice; None when its export is unknown. Raises ``InternalFault``."""
        with redact_errors():
            return self.exporter.run(invoice_id, task=task) if self._context(invoice_id) else None

    def check_period(self, period_id: str) -> PreflightResult | None:
        """Check one period; None when its export is unknown, or Redis is away. Raises ``InternalFault``."""
        with redact_errors(), suppress(StoreUnavailable):  # the preflight has logged it, and the sweep sends it again
            context = self._context(period_id)
            return self.preflight.run(period_id, context) if context else None
        return None

    def reconcile_period(self, period_id: str) -> None:
        """Read one period back. Raises ``InternalFault``."""
        with redact_errors(), suppress(StoreUnavailable):  # the sweep sends it again
            if self._context(period_id):
                self.certifier.run(period_id, self.reconcilers[export_of(period_id)])

    def check_agreement(self, agreement_id: str) -> None:
        """Check one agreement. Raises ``InternalFault``."""
        with redact_errors(), suppress(StoreUnavailable):  # it stays due
            context = self._context(agreement_id)
            if context:
                self.agreements.run(context.export.name)

    def check_causes(self, causes_id: str) -> None:
        """Ask about the causes of an export's dead letters. Raises ``InternalFault``."""
        with redact_errors(), suppress(StoreUnavailable):  # they stay due
            context = self._context(causes_id)
            if context:
                self.causes.run(context.export.name)

    def answers(self) -> bool:
        """Return whether store and broker answer now."""
        try:
            self.broker.check()
        except StoreUnavailable:
            return False
        return answers(self.redis)

    def archive_period(self, period_id: str) -> None:
        """Look at a completed period. Raises ``InternalFault``."""
        with redact_errors(), suppress(StoreUnavailable):  # it stays due
            if self._context(period_id):
                self.keeper.run(period_id)

    def close(self) -> None:
        """Close every connection."""
        self.keeper.archive.close()
        for client in self.clients.values():
            client.close()
        self.broker.close()
        self.redis.close()

    def name_watch(
        self, *clients: Redis, leave: Callable[[], None] = lambda: None, hang_up: Callable[[], None] = lambda: None
    ) -> Callable[[], None]:
        """Return what leaves the servers that stand behind the names of store and broker no more, called now and then.

        It ends the process, too, if the store is too new for it.

        ``clients`` are further ones of the store; ``leave`` drops what else is connected to it, ``hang_up`` what is
        connected to the broker, besides the publisher.
        """

        def leave_broker() -> None:
            self.publisher.drop_connections()
            hang_up()

        def leave_store() -> None:
            leave()
            if not self.broker.apart:
                leave_broker()

        watches = [PrimaryWatch(*clients, self.redis, leave=leave_store)]
        watches += [PrimaryWatch(client, leave=leave_broker) for client in self.broker.watched()]

        schema = RedisSchema(self.redis, prefix=self.settings.redis.prefix, policy=self.store.policy)

        def look() -> None:
            for watch in watches:
                watch()
            leave_newer_store(schema)

        return look

    @property
    def cell(self) -> Cell | None:
        """Its store, if it is one that exports name; None: that of the settings."""
        return next((export.cell for export in self.exports.values()), None)

    def _context(self, key: str) -> ExportContext | None:
        context = self.contexts.get(export_of(key))
        if context is None:
            log.error("export_unknown", id=key, next_step="Put the export back into the exports file.")
        return context


class Runtimes:
    """The runtimes of a process: one for each store, as if each were an installation of its own."""

    def __init__(self, home: Runtime, *named: Runtime) -> None:
        """``home``: of the store of the settings; ``named``: of those that exports name."""
        self.home = home
        self.named = named
        self._of = {export: runtime for runtime in named for export in runtime.exports}

    def __iter__(self) -> Iterator[Runtime]:
        yield self.home
        yield from self.named

    def of(self, key: str) -> Runtime:
        """Return the runtime whose store holds an invoice, a period, an export: by its name or id."""
        return self._of.get(export_of(key), self.home)

    @property
    def contexts(self) -> Mapping[str, ExportContext]:
        """What each export works with."""
        return {name: context for runtime in self for name, context in runtime.contexts.items()}

    def answers(self) -> bool:
        """Return whether a store and the broker answer now: exports of a store that is down wait, others go on."""
        return any(runtime.answers() for runtime in self)

    def close(self) -> None:
        """Close every connection."""
        for runtime in self:
            runtime.close()


class Closed(Protocol):
    """What is closed at its end."""

    def close(self) -> None:
        """Close every connection."""


#: What a process works with.
Parts = TypeVar("Parts", bound=Closed)


class RuntimeInUse(Generic[Parts]):
    """The runtime of a process while tasks use it, in any number of threads; built at its first use.

    It may be exchanged, and the old one is closed after its last task.
    """

    def __init__(self, build: Callable[[], Parts]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._runtime: Parts | None = None
        #: Tasks that use a runtime, by its identity, and those that were exchanged meanwhile.
        self._users: Counter[int] = Counter()
        self._exchanged: dict[int, Parts] = {}

    @property
    def current(self) -> Parts:
        """The runtime; who keeps it for longer than the process runs unchanged takes ``using``."""
        with self._lock:
            return self._current()

    @contextmanager
    def using(self) -> Iterator[Parts]:
        """Give the runtime; it stays open for as long as the block."""
        with self._lock:
            runtime = self._current()
            self._users[id(runtime)] += 1
        try:
            yield runtime
        finally:
            with self._lock:
                self._users[id(runtime)] -= 1
                over = self._exchanged.pop(id(runtime), None) if not self._users[id(runtime)] else None
            if over is not None:
                over.close()

    def exchange(self) -> None:
        """Build the runtime anew for all tasks to come."""
        runtime = self._build()
        with self._lock:
            before, self._runtime = self._runtime, runtime
            if before is not None and self._users[id(before)]:
                self._exchanged[id(before)] = before
                before = None
        if before is not None:
            before.close()

    def drop(self) -> None:
        """Forget the runtime without closing it: its sockets belong to the process that this one was forked from."""
        self._runtime = None

    def close(self) -> None:
        """Close the runtime, if there is one."""
        with self._lock:
            runtime, self._runtime = self._runtime, None
        if runtime is not None:
            runtime.close()

    def _current(self) -> Parts:
        if self._runtime is None:
            self._runtime = self._build()
        return self._runtime


@contextmanager
def redact_errors() -> Iterator[None]:
    """Let no error out but ``InternalFault``, and report it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # whatever it is, its text stays here
        report(error)
        raise InternalFault(type(error).__name__) from None


@contextmanager
def intake_consumer(
    runtime: Runtime,
    in_file: Callable[[], Collection[str]] = tuple,
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Consumer]:
    """Give the consumer of this process; its connections are closed at the end, and its sign of life taken back.

    ``in_file`` returns the exports that the exports file has by now, ``elsewhere`` names the store of those that are
    in another one.
    """
    settings = runtime.settings
    intake = settings.intake
    client = event_client(settings.redis)
    # All of them at once: what is announced goes where the event was taken from.
    look = runtime.name_watch(client)
    life = ShownLife(store=runtime.store, part=Part.INTAKE, name=process_name(intake.consumer), look=look)
    with closing(client):
        yield Consumer(
            queue=RedisEventQueue(
                client,
                queue=intake.queue,
                clock=runtime.store.now,
                consumer=life.name,
                heartbeat=intake.heartbeat,
            ),
            store=runtime.store,
            reader=event_reader(settings, runtime.exports, in_file, elsewhere),
            announce=runtime.publisher.preflight,
            clock=runtime.store.now,
            event_limit=intake.max_event_bytes,
            show_life=life,
            fetch_attempts=intake.fetch_attempts,
            lanes=Lanes(readers=intake.readers, most_bytes=intake.max_event_bytes),
        )
        life.leave()


def event_reader(
    settings: Settings,
    exports: Mapping[str, ExportConfig],
    in_file: Callable[[], Collection[str]] = tuple,
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> Reader:
    """Return what reads events, from the places that the settings allow; see ``intake_consumer``."""
    intake = settings.intake
    places = allowed_places(intake, deadline=intake.fetch_deadline, kept=kept_folders(exports))
    limit = intake.max_invoices_file_bytes
    return Reader(exports, places, invoices_file_limit=limit, in_file=in_file, elsewhere=elsewhere)
