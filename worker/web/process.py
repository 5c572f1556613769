"""The page's process: what its settings say, made into the services that pages and machines work with."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import redis
from prometheus_client import generate_latest

from config import Configuration
from config.cells import HOME
from config.exports_watch import Changed, LiveExports, watch_exports
from config.names import actions_key
from config.notify_section import channels_of
from config.settings import SECRETS, Settings
from config.sign_in_section import SignIn
from worker.domain.notices import ChannelState
from worker.domain.ports import AgreementRate
from worker.domain.signs_of_life import Part
from worker.economic.port import agreement_rates
from worker.errors import StoreUnavailable
from worker.intake.reading import export_of_event
from worker.runtime.broker import Broker, look_at, open_broker, shown_lengths
from worker.runtime.connecting import Connector
from worker.runtime.exports_watch import keep_looking, log_taken, not_taken
from worker.runtime.notifying import begin_to_notify
from worker.runtime.on_demand import checked_setup, invoice_reading, opened_store, planning, probing
from worker.runtime.primary_watch import PrimaryWatch
from worker.runtime.schema_watch import leave_newer_store
from worker.runtime.signs_of_life import ShownLife, keep_showing, process_name
from worker.runtime.store_metrics import StoreCollector, store_registry
from worker.store.approvals import RedisApprovals
from worker.store.connection import StorePolicy
from worker.store.event_queue import RedisEventQueue
from worker.store.open_stores import OpenStores, open_stores, rates_of
from worker.store.period_holds import RedisPeriodHolds
from worker.store.posted_events import RedisPostedEvents
from worker.store.redis_store import RedisStore
from worker.store.schema import RedisSchema
from worker.store.server_check import server_info
from worker.store.sessions import RedisSessions
from worker.store.stores_look import look_at_stores
from worker.web.event_api.routes import EventApi
from worker.web.installation import Installation
from worker.web.language import translations
from worker.web.openid import OpenId
from worker.web.services import Services
from worker.web.users import LocalUsers


@dataclass(frozen=True, kw_only=True, slots=True)
class WebProcess:
    """What every part of this process works with."""

    configuration: Configuration
    exports: LiveExports
    #: Every store, that of the settings first.
    stores: OpenStores
    #: All of them as one; so the events.
    store: RedisStore
    events: RedisEventQueue
    broker: Broker

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.configuration.settings

    @property
    def prefix(self) -> str:
        """How all keys in Redis begin."""
        return self.settings.redis.prefix

    @property
    def client(self) -> redis.Redis:
        """The client of the store of the settings, which holds what belongs to no export."""
        return self.stores.of("")[1]

    @property
    def schemas(self) -> Sequence[RedisSchema]:
        """The version of what each store keeps."""
        clients = [client for _, client in self.stores.each.values()]
        return [RedisSchema(client, prefix=self.prefix, policy=StorePolicy()) for client in clients]

    def channels(self) -> Sequence[ChannelState]:
        """Return how the channels are by which people are told. Raises ``StoreUnavailable``."""
        return self.store.channel_states([channel.id for channel in channels_of(self.settings, self.exports)])

    def rates(self) -> Mapping[str, AgreementRate | None]:
        """Return how each export gets on with its limit. Raises ``StoreUnavailable``."""
        return rates_of(self.stores, self.exports, agreement_rates)


def web_process(configuration: Configuration) -> WebProcess:
    """Return this process's parts. Raises ``ConfigurationErrors``."""
    settings, exports = configuration.settings, LiveExports(configuration.exports)
    prefix, queue = settings.redis.prefix, settings.intake.queue
    stores = open_stores(settings, exports)
    return WebProcess(
        configuration=configuration,
        exports=exports,
        stores=stores,
        store=stores.joined(opened_store),
        events=stores.joined(
            lambda _, client: RedisEventQueue(client, queue=queue, clock=time.time, actions=actions_key(prefix)),
            export_of_event=export_of_event,
        ),
        broker=open_broker(settings, stores.of("")[1]),
    )


def services_of(process: WebProcess) -> Services:
    """Return what the pages work with."""
    settings, store, policy = process.settings, process.store, StorePolicy()
    sessions = RedisSessions(process.client, prefix=process.prefix, policy=policy)
    return Services(
        settings=settings.web,
        exports=process.exports,
        store=store,
        causes=store,
        batches=store,
        index=store,
        actions=store,
        certificates=store,
        series=store,
        events=process.events,
        sessions=sessions,
        sign_in=settings.sign_in,
        approvals=process.stores.joined(
            lambda own, client: RedisApprovals(client, prefix=own.redis.prefix, policy=policy)
        ),
        holds=process.stores.joined(
            lambda own, client: RedisPeriodHolds(client, prefix=own.redis.prefix, policy=policy)
        ),
        away=process.stores.away,
        users=LocalUsers(settings.sign_in.users_file),
        openid=_openid(settings.sign_in, sessions),
        planner=partial(planning, settings, sleep=time.sleep),
        probe=partial(probing, settings, sleep=time.sleep),
        reader=partial(invoice_reading, settings, sleep=time.sleep),
        first_pause=settings.self_clearing.first_pause,
        figures=_figures(process),
        metrics=settings.metrics,
        installation=_installation(process),
        clock=time.time,
    )


def _openid(sign_in: SignIn, sessions: RedisSessions) -> OpenId | None:
    secret_file = SECRETS / (sign_in.openid_secret_file or "")
    openid = OpenId(sign_in, secret_file=secret_file, sessions=sessions, clock=time.time)
    return openid if sign_in.openid_discovery else None


def _figures(process: WebProcess) -> Callable[[], bytes]:
    collector = StoreCollector(
        store=process.store,
        events=process.events,
        exports=process.exports,
        queues=partial(shown_lengths, process.broker, process.exports),
        schema=partial(_lowest, process.schemas),
        rates=process.rates,
        sums=process.store.period_sums,
        channels=process.channels,
        named=[name for name in process.stores.each if name != HOME],
        away=process.stores.away,
        clock=time.time,
    )
    return partial(generate_latest, store_registry(collector))


def _lowest(schemas: Sequence[RedisSchema]) -> int:
    """Return the lowest version that a store has which answers. Raises ``StoreUnavailable`` when none does."""
    found: list[int] = []
    for number, schema in enumerate(schemas, 1):
        try:
            found.append(schema.schema().version)
        except StoreUnavailable:
            if number == len(schemas) and not found:
                raise
    return min(found)


def _installation(process: WebProcess) -> Installation:
    settings, configuration = process.settings, process.configuration
    return Installation(
        setup=partial(checked_setup, settings, sleep=time.sleep),
        rates=process.rates,
        redis=partial(server_info, process.client),
        stores=partial(look_at_stores, process.stores),
        broker=partial(look_at, process.broker, process.exports),
        connector=Connector(
            read=configuration.export_with,
            file=configuration.grant_file,
            http=settings.http,
            store=process.store,
            clock=time.time,
        ),
        flower_url=settings.web.flower_url or f"http://{settings.flower.host}:{settings.flower.port}",
        clock_gap=settings.http.clock_gap,
        require_durability=settings.redis.require_durability,
        channels=process.channels,
    )


def event_api_of(process: WebProcess) -> EventApi:
    """Return the addresses for machines."""
    settings, queue = process.settings, process.settings.intake.queue
    return EventApi(
        settings=settings.web,
        exports=process.exports,
        store=process.store,
        events=lambda export: RedisPostedEvents(
            process.stores.of(export)[1], prefix=process.prefix, queue=queue, policy=StorePolicy()
        ),
        secrets=SECRETS,
        limit=settings.intake.max_event_bytes,
        clock=time.time,
    )


def life_of(process: WebProcess) -> Callable[[], Callable[[], None]]:
    """Return what begins to show that the page is alive and to look at the exports file, and returns what ends both."""
    exports_file = watch_exports(process.settings, process.exports)
    watches = [PrimaryWatch(client) for _, client in process.stores.each.values()]

    def look() -> None:
        for watch in watches:
            watch()
        for schema in process.schemas:
            leave_newer_store(schema)

    life = ShownLife(
        store=process.store,
        part=Part.PAGE,
        name=process_name(),
        look=look,
        not_taken=partial(not_taken, exports_file),
    )

    def show_life() -> Callable[[], None]:
        # Here, too: without an intake nobody else would tell that there is none.
        end_notices = [begin_to_notify(process.settings, dict(process.exports), translations)]

        def take(changed: Changed) -> None:
            process.exports.take(changed.exports)
            log_taken(changed)
            end_notices.pop()()
            end_notices.append(begin_to_notify(process.settings, changed.exports, translations))

        end_looking = keep_looking(exports_file, take)
        end_life = keep_showing(life)

        def end() -> None:
            end_looking()
            end_notices.pop()()
            end_life()

        return end

    return show_life
