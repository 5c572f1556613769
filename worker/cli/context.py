"""What a command works with: read and opened at first use, so that each command loads only what it needs."""

# ruff: noqa: PLC0415  # every import below waits for its use: `--help` and `status` must not load Celery and httpx

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from config import Configuration
from config.names import actions_key
from worker.cli.language import say, say_count

if TYPE_CHECKING:
    from rich.console import Console

    from config.exports import ExportConfig
    from config.settings import Settings
    from worker.archive.checkpoints import Checkpoint
    from worker.archive.keeper import Keeper
    from worker.archive.log import Archive
    from worker.domain.approval import ApprovalPort
    from worker.domain.broker_look import BrokerLook
    from worker.domain.causes import Cause, CauseAnswer
    from worker.domain.period_hold import PeriodHoldPort
    from worker.domain.ports import AgreementRate
    from worker.domain.record import InvoiceRecord
    from worker.domain.store_look import StoreLook
    from worker.domain.store_port import Store
    from worker.domain.store_schema import StoreSchema
    from worker.dry_run.planner import Planner
    from worker.economic.client import EconomicClient
    from worker.errors import Failure
    from worker.intake.queue import EventQueueOperator
    from worker.intake.reading import Reader
    from worker.reconcile.reconciler import Reconciler
    from worker.runtime.runtime import Runtimes
    from worker.store.open_stores import OpenStores
    from worker.store.redis_store import RedisStore
    from worker.store.schema import RedisSchema
    from worker.store.sessions import RedisSessions


#: Seconds for which Redis keeps what is written to try it.
_TRIED = 10
#: Seconds to wait for Flower, and the first status that tells of a fault there.
_PATIENCE, _SERVER_ERRORS = 2.0, 500


class CommandContext(Configuration):
    """The real configuration, store and event queue. Tests derive from it and hand out their own."""

    def __init__(
        self, *, out: Console, err: Console, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        """``clock`` gives seconds since the epoch; ``sleep`` waits that many seconds."""
        self.out = out
        self.err = err
        self.clock = clock
        self.sleep = sleep

    def use_redis(self, url: str) -> None:
        """Go on with the Redis at this address: the one that this very command has started."""
        from pydantic import SecretStr

        redis = self.settings.redis.model_copy(update={"url": SecretStr(url)})
        self.settings = self.settings.model_copy(update={"redis": redis})

    def non_production_targets(self) -> Mapping[str, str]:
        """Return export -> address of those that do not go to e-conomic; none while the exports file is unusable."""
        from config.errors import ConfigurationErrors
        from config.targets import non_production_targets

        try:
            return non_production_targets(self.exports)
        except ConfigurationErrors:
            return {}

    def warn_non_production(self) -> None:
        """Say on standard error, where it disturbs no script, which exports do not go to e-conomic."""
        from rich.text import Text

        names: dict[str, list[str]] = {}
        for name, address in self.non_production_targets().items():
            names.setdefault(address, []).append(name)
        for address, exports in names.items():
            where = say_count(
                len(exports),
                "Export {names} does not go to e-conomic but to {address}:",
                "Exports {names} do not go to e-conomic but to {address}:",
                names=", ".join(exports),
                address=address,
            )
            text = say_count(len(exports), "nothing of it is in your books.", "nothing of them is in your books.")
            self.err.print(Text.assemble((where, "bad"), " ", text), soft_wrap=True)

    def export(self, name: str) -> ExportConfig:
        """Return one entry of the exports file. Raises ``WrongUsage`` when there is none of that name."""
        from difflib import get_close_matches

        from worker.cli.error_output import WrongUsage
        from worker.cli.formatting import did_you_mean

        if name not in self.exports:
            why = say("There is no export {name} in {file}.", name=repr(name), file=self.settings.exports_file)
            near = did_you_mean(get_close_matches(name, list(self.exports), n=1))
            raise WrongUsage(why, near + say("It has: {names}.", names=", ".join(sorted(self.exports))))
        return self.exports[name]

    @cached_property
    def reader(self) -> Reader:
        """What reads events, from the places that the settings allow."""
        from worker.runtime.runtime import event_reader

        return event_reader(self.settings, self.exports)

    @contextmanager
    def planner(self, export: ExportConfig) -> Iterator[Planner]:
        """Open what plans for an export: it reads e-conomic and the store."""
        from worker.runtime.on_demand import planning

        with planning(self.settings, export, sleep=self.sleep) as planner:
            yield planner

    @contextmanager
    def reconciler(self, export: ExportConfig) -> Iterator[Reconciler]:
        """Open what reads an export's invoices back from e-conomic."""
        from worker.runtime.on_demand import reconciling

        with reconciling(self.settings, export, sleep=self.sleep) as reconciler:
            yield reconciler

    def ask_about(self, export: str, failed: Sequence[tuple[Cause, InvoiceRecord]]) -> list[CauseAnswer]:
        """Ask e-conomic about causes of one export, each with an invoice that failed for it; readings are shared."""
        from config.errors import ConfigurationErrors
        from worker.domain.causes import CauseAnswer, CauseState
        from worker.runtime.on_demand import probing

        try:
            config = self.exports.get(export)
        except ConfigurationErrors:
            config = None
        if config is None:
            why = say(
                "There is no usable entry for export {name} in {file}.",
                name=repr(export),
                file=self.settings.exports_file,
            )
            return [CauseAnswer(state=CauseState.UNKNOWN, at=self.clock(), why=why) for _ in failed]
        with probing(self.settings, config, sleep=self.sleep) as probe:
            # Nothing is cached yet: whatever was read is read by this command.
            return [probe.ask(cause, record, since=0.0) for cause, record in failed]

    @contextmanager
    def lone_client(self, export: ExportConfig) -> Iterator[EconomicClient]:
        """Open what reads e-conomic for an export while Redis is away."""
        from worker.runtime.on_demand import checking_alone

        with checking_alone(self.settings, export, clock=self.clock) as client:
            yield client

    @contextmanager
    def stores(self) -> Iterator[OpenStores]:
        """Open every store; says at the end which did not answer, as nothing of it was shown."""
        from config.errors import ConfigurationErrors
        from worker.store.open_stores import open_stores

        exports: Mapping[str, ExportConfig] = {}
        try:
            exports = self.exports
        except ConfigurationErrors:
            self._warn_of_unread_stores()
        with closing(open_stores(self.settings, exports)) as stores:
            try:
                yield stores
            finally:
                for name in stores.away():
                    text = say("Store {name} does not answer: nothing of its exports is shown.", name=name)
                    self.err.print(text, style="bad", soft_wrap=True)

    def _warn_of_unread_stores(self) -> None:
        """Say that stores are left out, where the exports file cannot be used and names some."""
        try:
            names_some = "[stores" in self.settings.exports_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            names_some = False
        if names_some:
            text = say("The exports file cannot be used: the stores that it names are left out.")
            self.err.print(text, style="bad", soft_wrap=True)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store, of several all as one. Its methods raise ``StoreUnavailable``."""
        from worker.store.connection import StorePolicy
        from worker.store.redis_store import RedisStore

        def build(settings: Settings, client: Any) -> Store:
            def archive() -> Archive:
                from worker.runtime.archive import build_archive

                return build_archive(settings)

            # Commands hold no leases, so the length of leases does not matter here.
            return RedisStore(client, prefix=settings.redis.prefix, policy=StorePolicy(), archive=archive)

        with self.stores() as stores:
            yield stores.joined(build)

    def of_store(self, name: str) -> Settings:
        """Return the settings as they are for one store; empty: that of the settings. Raises ``WrongUsage``."""
        from config.cells import HOME, cells_of, settings_of
        from worker.cli.error_output import WrongUsage

        if name in {"", HOME}:
            return self.settings
        cells = {cell.name: cell for cell in cells_of(self.exports) if cell}
        if name not in cells:
            why = say("No export names a store {name}.", name=repr(name))
            raise WrongUsage(why, say("There are: {names}.", names=", ".join((HOME, *cells))))
        return settings_of(self.settings, cells[name])

    @contextmanager
    def keeper(self, store_name: str = "") -> Iterator[tuple[Keeper, RedisStore]]:
        """Open what looks after the archive of a store, and the store.

        Both raise ``StoreUnavailable``, of the archive, too.
        """
        from config.cells import HOME
        from config.cells import store_name as name_of
        from config.errors import ConfigurationErrors
        from worker.runtime.archive import build_archive, build_keeper, checkpoint_teller
        from worker.store.connection import StorePolicy, connect
        from worker.store.redis_store import RedisStore

        settings = self.of_store(store_name)
        prefix = settings.redis.prefix
        with closing(build_archive(settings)) as archive, closing(connect(settings.redis)) as client:
            store = RedisStore(client, prefix=prefix, policy=StorePolicy(), archive=lambda: archive)
            # Lines of a log among a command's output would disturb whoever reads it.
            try:
                own = {name: each for name, each in self.exports.items() if name_of(each) == (store_name or HOME)}
                tell = checkpoint_teller(settings, own, store)
            except ConfigurationErrors:

                def tell(_: Checkpoint) -> None:
                    """Leave it to a worker, who knows the channels: the last checkpoint is handed on again."""

            yield build_keeper(settings, client, store, archive, announce=tell), store

    @contextmanager
    def schemas(self) -> Iterator[Mapping[str, tuple[RedisSchema, Store]]]:
        """Open each store with what it says of its own schema, by name. Its methods raise ``StoreUnavailable``."""
        from worker.runtime.on_demand import opened_store
        from worker.store.connection import StorePolicy
        from worker.store.schema import RedisSchema

        with self.stores() as stores:
            yield {
                name: (
                    RedisSchema(client, prefix=settings.redis.prefix, policy=StorePolicy()),
                    opened_store(settings, client),
                )
                for name, (settings, client) in stores.each.items()
            }

    def store_schema(self) -> StoreSchema:
        """Return the schema of the store of the settings. Raises ``StoreUnavailable``."""
        from config.cells import HOME

        with self.schemas() as schemas:
            return schemas[HOME][0].schema()

    @contextmanager
    def events(self) -> Iterator[EventQueueOperator]:
        """Open the event queue, of several stores all as one. Its methods raise ``StoreUnavailable``."""
        from worker.store.event_queue import RedisEventQueue

        def build(settings: Settings, client: Any) -> RedisEventQueue:
            actions = actions_key(settings.redis.prefix)
            return RedisEventQueue(client, queue=settings.intake.queue, clock=self.clock, actions=actions)

        def export_of(raw: bytes) -> str:
            from worker.intake.reading import export_of_event

            return export_of_event(raw)

        with self.stores() as stores:
            yield stores.joined(build, export_of_event=export_of)

    def rates(self, *names: str) -> Mapping[str, AgreementRate | None]:
        """Return what workers know of the agreements of these exports, of all when none is named.

        Empty while the exports file is unusable. Raises ``StoreUnavailable``.
        """
        from config.errors import ConfigurationErrors
        from worker.economic.port import agreement_rates
        from worker.store.open_stores import rates_of

        with self.stores() as stores:
            try:
                exports = {name: export for name, export in self.exports.items() if not names or name in names}
            except ConfigurationErrors:
                return {}
            return rates_of(stores, exports, agreement_rates)

    def named_stores(self) -> Sequence[StoreLook]:
        """Return how each store is that exports name."""
        from worker.store.stores_look import look_at_stores

        with self.stores() as stores:
            return look_at_stores(stores)

    def redis_info(self) -> Mapping[str, Any]:
        """Return what Redis says of itself. Raises ``StoreUnavailable``."""
        from worker.store.connection import connect
        from worker.store.server_check import server_info

        with closing(connect(self.settings.redis)) as client:
            return server_info(client)

    def redis_refusal(self, export: str = "") -> Failure | None:
        """Return why Redis takes no write now: full, a replica, no right; None when it does. It may well read.

        That of the store that holds an export; without one, that of the settings.
        """
        from config.cells import settings_of
        from config.errors import ConfigurationErrors
        from worker.errors import StoreUnavailable
        from worker.store.connection import connect, translated

        redis = self.settings.redis
        if export:
            with suppress(ConfigurationErrors):
                config = self.exports.get(export)
                redis = settings_of(self.settings, config.cell if config else None).redis
        try:
            with closing(connect(redis)) as client, translated():
                client.set(f"{redis.prefix}writable", "1", ex=_TRIED)
        except StoreUnavailable as error:
            return error.failure
        return None

    def broker(self) -> BrokerLook | None:
        """Return how the broker of Celery's messages is; None when it is the Redis of the store."""
        from config.broker import carried_by_store
        from config.errors import ConfigurationErrors
        from worker.runtime.broker import look_at, open_broker

        if carried_by_store(self.settings):
            return None
        try:
            exports = tuple(self.exports)
        except ConfigurationErrors:
            exports = ()
        with closing(open_broker(self.settings)) as broker:
            return look_at(broker, exports)

    def flower_answers(self) -> bool | None:
        """Return whether Flower answers where the settings put it; None when nothing listens there."""
        from http.client import HTTPConnection, HTTPException

        address = self.settings.flower
        connection = HTTPConnection(address.host, address.port, timeout=_PATIENCE)
        with closing(connection):
            try:
                connection.request("GET", "/healthcheck")
                return connection.getresponse().status < _SERVER_ERRORS
            except TimeoutError:
                return False
            except OSError:
                return None
            except HTTPException:
                return False

    @contextmanager
    def sessions(self) -> Iterator[RedisSessions]:
        """Open the sign-in links and sessions of the page. Its methods raise ``StoreUnavailable``."""
        from worker.store.connection import StorePolicy, connect
        from worker.store.sessions import RedisSessions

        with closing(connect(self.settings.redis)) as client:
            yield RedisSessions(client, prefix=self.settings.redis.prefix, policy=StorePolicy())

    @contextmanager
    def approvals(self) -> Iterator[ApprovalPort]:
        """Open what waits for a second person. Its methods raise ``StoreUnavailable``."""
        from worker.store.approvals import RedisApprovals
        from worker.store.connection import StorePolicy

        def build(settings: Settings, client: Any) -> RedisApprovals:
            return RedisApprovals(client, prefix=settings.redis.prefix, policy=StorePolicy())

        with self.stores() as stores:
            yield stores.joined(build)

    @contextmanager
    def holds(self) -> Iterator[PeriodHoldPort]:
        """Open the requests for a yes to periods. Its methods raise ``StoreUnavailable``."""
        from worker.store.connection import StorePolicy
        from worker.store.period_holds import RedisPeriodHolds

        def build(settings: Settings, client: Any) -> RedisPeriodHolds:
            return RedisPeriodHolds(client, prefix=settings.redis.prefix, policy=StorePolicy())

        with self.stores() as stores:
            yield stores.joined(build)

    @contextmanager
    def runtimes(self) -> Iterator[Runtimes]:
        """Build the runtimes that intake and worker have, publisher included; closed in the end."""
        from celery import Celery

        from worker.lifecycle import Lifecycle

        app = Celery("opter-economic", set_as_current=False)
        lifecycle = Lifecycle(app)
        lifecycle.exports = self.exports  # as this process has read them; the file may have changed
        app.add_defaults(lifecycle.celery_configuration)
        with closing(lifecycle.runtimes) as runtimes, closing(app):
            yield runtimes
