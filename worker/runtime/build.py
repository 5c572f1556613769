"""The composition root: settings in, working parts out; ``on_demand`` is that of commands and the page."""

import random
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from celery import Celery
from redis import Redis
from typing_extensions import override

from config.cells import cells_of, exports_in, settings_of
from config.exports import ExportConfig
from config.settings import Settings
from config.settings_sections import Store
from worker.domain.ports import PdfSource, RateLimiter
from worker.domain.retry import RetryPolicy
from worker.domain.store_port import PinPort, PlanPort
from worker.economic.client import EconomicClient
from worker.economic.port import CallSeen
from worker.economic.thread_clients import CallSlots, ThreadClients
from worker.economic.urls import voucher_path
from worker.intake.sources.folder import kept_folders
from worker.reconcile.agreement_watch import AgreementWatch
from worker.reconcile.attach import Attacher
from worker.reconcile.certify import Certifier
from worker.reconcile.match_credits import CreditMatcher
from worker.reconcile.pacing import LastInLine
from worker.reconcile.reconciler import Reconciler
from worker.runtime.archive import build_archive, build_keeper, checkpoint_teller, logged
from worker.runtime.broker import open_broker
from worker.runtime.file_access import AllowedPdfs, allowed_places
from worker.runtime.first_use import state_first_use
from worker.runtime.logs import report
from worker.runtime.publisher import Publisher
from worker.runtime.runtime import Runtime, Runtimes
from worker.runtime.sweeping import Watches, build_sweeper
from worker.store.connection import StorePolicy, connect
from worker.store.period_holds import RedisPeriodHolds
from worker.store.rate_limiter import RedisRateLimiter
from worker.store.redis_store import RedisStore
from worker.workflow.agreement_pin import accept_agreement
from worker.workflow.cause_watch import CauseWatch
from worker.workflow.context import ExportContext, ListingLag
from worker.workflow.exporter import Exporter
from worker.workflow.invoice_reading import InvoiceReader
from worker.workflow.lease_renewal import Ending, LeaseRenewer
from worker.workflow.preflight import Preflight
from worker.workflow.probe import Probe
from worker.workflow.second_person import SecondPerson


def build_runtimes(  # noqa: PLR0913  # as below
    settings: Settings,
    exports: Mapping[str, ExportConfig],
    app: Celery,
    *,
    worker_clock: Callable[[], float],
    ending: Ending | None = None,
    seen: Callable[[CallSeen], None] | None = None,
) -> Runtimes:
    """Build the runtime of each store, with its exports and nothing of another; see ``build_runtime``."""
    ending = ending or Ending()
    built = (
        build_runtime(
            settings_of(settings, cell),
            exports_in(exports, cell),
            app,
            worker_clock=worker_clock,
            ending=ending,
            seen=seen,
        )
        for cell in cells_of(exports)
    )
    return Runtimes(*built)


def build_runtime(  # noqa: PLR0913  # what a process is, and what watches it
    settings: Settings,
    exports: Mapping[str, ExportConfig],
    app: Celery,
    *,
    worker_clock: Callable[[], float],
    ending: Ending | None = None,
    seen: Callable[[CallSeen], None] | None = None,
) -> Runtime:
    """Build everything that a worker, the intake or a command needs; ``worker_clock`` is shown to operators alone.

    ``ending`` is how far the end of the process has come. ``seen`` gets every call to e-conomic.
    """
    ending = ending or Ending()
    redis = connect(settings.redis)
    archive = build_archive(settings)
    store = RedisStore(redis, prefix=settings.redis.prefix, policy=_policy(settings.store), archive=lambda: archive)
    keeper = build_keeper(settings, redis, store, archive, announce=logged(checkpoint_teller(settings, exports, store)))
    rate_limiter = RedisRateLimiter(redis, prefix=settings.redis.prefix, sleep=ending.sleep)
    last = partial(LastInLine, inner=rate_limiter, sleep=ending.sleep, stopped=ending.over)
    clients = _clients(settings, exports, rate_limiter, store, stopped=ending.over, seen=seen)
    contexts = {
        name: replace(context, worker=socket.gethostname(), worker_clock=worker_clock)
        for name, context in build_contexts(settings, exports, clients, store).items()
    }
    agreements = _agreements(settings, clients, contexts, store, last)
    probes = {name: build_probe(context, clients[name], last()) for name, context in contexts.items()}
    causes = _causes(settings, exports, probes, store)
    broker, certifier = open_broker(settings, redis), _certifier(settings, clients, store)
    publisher = Publisher(app, store, broker)
    watches = Watches(certifier=certifier, agreements=agreements, causes=causes, keeper=keeper)
    return Runtime(
        settings=settings,
        exports=exports,
        redis=redis,
        store=store,
        broker=broker,
        publisher=publisher,
        exporter=_exporter(settings, contexts, store, ending),
        preflight=Preflight(
            store=store, publish=publisher.export, second_person=_second_person(settings, redis, store)
        ),
        sweeper=build_sweeper(tuple(exports), store, broker, publisher, watches),
        clients=clients,
        contexts=contexts,
        certifier=certifier,
        reconcilers={name: build_reconciler(context, clients[name], last()) for name, context in contexts.items()},
        agreements=agreements,
        causes=causes,
        keeper=keeper,
    )


def _clients(  # noqa: PLR0913  # the parts of a client
    settings: Settings,
    exports: Mapping[str, ExportConfig],
    rate_limiter: RateLimiter,
    store: RedisStore,
    *,
    stopped: Callable[[], bool],
    seen: Callable[[CallSeen], None] | None,
) -> dict[str, EconomicClient]:
    # Shared: each thread with a connection for each of two hundred agreements would open thousands.
    connections = ThreadClients(settings.http)
    return {
        name: build_client(
            export, settings, rate_limiter, store, store.now, stopped=stopped, seen=seen, connections=connections
        )
        for name, export in exports.items()
    }


def _exporter(settings: Settings, contexts: Mapping[str, ExportContext], store: RedisStore, ending: Ending) -> Exporter:
    retry = settings.retry
    return Exporter(
        context=contexts.__getitem__,
        claim=store.claim,
        policy=RetryPolicy(base=retry.base, cap=retry.cap, most_attempts=retry.max_attempts),
        chance=random.Random(),  # noqa: S311  # jitter, not a secret
        report=report,
        ending=ending.over,
        holding=ending.holding,
    )


def _causes(
    settings: Settings, exports: Mapping[str, ExportConfig], probes: Mapping[str, Probe], store: RedisStore
) -> CauseWatch:
    return CauseWatch(
        store=store,
        settings=settings.self_clearing,
        exports=exports,
        probes=probes,
        clock=store.now,
        new_name=partial(secrets.token_hex, 4),
    )


def _second_person(settings: Settings, redis: Redis, store: RedisStore) -> SecondPerson:
    holds = RedisPeriodHolds(redis, prefix=settings.redis.prefix, policy=_policy(settings.store))
    return SecondPerson(holds=holds, store=store)


def _policy(leases: Store) -> StorePolicy:
    return StorePolicy(
        lease_seconds=leases.lease_seconds,
        lost_after=leases.lost_after,
        max_crashes=leases.max_crashes,
        restart_within=leases.restart_within,
        period_lease_seconds=leases.lease_seconds,
    )


def _certifier(settings: Settings, clients: Mapping[str, EconomicClient], store: RedisStore) -> Certifier:
    return Certifier(
        store=store,
        settings=settings.certificates,
        clock=store.now,
        attacher=partial(_attacher, clients, store),
        matcher=partial(_matcher, clients, store),
    )


def _agreements(
    settings: Settings,
    clients: Mapping[str, EconomicClient],
    contexts: Mapping[str, ExportContext],
    store: RedisStore,
    last: Callable[[], LastInLine],
) -> AgreementWatch:
    readers = {name: client.agreement(last()) for name, client in clients.items()}
    return AgreementWatch(
        store=store, settings=settings.agreements, contexts=contexts, readers=readers, clock=store.now
    )


def build_client(  # noqa: PLR0913  # the parts of a client
    export: ExportConfig,
    settings: Settings,
    rate_limiter: RateLimiter,
    pins: PinPort,
    clock: Callable[[], float],
    *,
    stopped: Callable[[], bool] = lambda: False,
    seen: Callable[[CallSeen], None] | None = None,
    connections: ThreadClients | None = None,
) -> EconomicClient:
    """Build the one way to an export's agreement, which accepts no other agreement than the export's own.

    Whoever pins no agreement only reads: that is no first use. ``seen`` gets every call.
    """

    def accept(agreement: int) -> None:
        accept_agreement(export, pins, agreement)
        if not isinstance(pins, ComparedPins) and state_first_use(
            settings.exports_file, export.name, agreement, clock()
        ):
            pins.declare_first_use(export.name)

    return EconomicClient(
        export,
        rate_limiter=rate_limiter,
        http=settings.http,
        clock=clock,
        accept=accept,
        stopped=stopped,
        seen=seen,
        connections=connections,
        # Behind a call that hangs, the next one: each ends within its deadline.
        slot=CallSlots(settings.worker.concurrency, patience=2 * settings.http.deadline).taken,
    )


def build_pdfs(settings: Settings, exports: Mapping[str, ExportConfig]) -> PdfSource:
    """PDFs are fetched in the middle of an export, so that the shorter of the two deadlines counts."""
    deadline = min(settings.intake.fetch_deadline, settings.http.deadline)
    return AllowedPdfs(allowed_places(settings.intake, deadline=deadline, kept=kept_folders(exports)))


def build_contexts(
    settings: Settings, exports: Mapping[str, ExportConfig], clients: Mapping[str, EconomicClient], store: RedisStore
) -> Mapping[str, ExportContext]:
    """Put together what each export works with; threads share what fetches PDFs and renews leases."""
    pdfs, lease_renewer = build_pdfs(settings, exports), LeaseRenewer(every=settings.store.lease_seconds / 3)
    return {
        name: ExportContext(
            export=export,
            economic=clients[name],
            store=store,
            clock=store.now,
            environment=settings.environment,
            key_memory=settings.http.key_memory_minutes * 60,
            listing_lag=ListingLag(bound=settings.http.listing_lag_minutes * 60),
            clock_gap=settings.http.clock_gap,
            young_for=3600.0 + settings.http.listing_lag_minutes * 60,
            pdfs=pdfs,
            lease_renewal=lease_renewer.lease_renewal,
            give_back=lease_renewer.give_back_later,
            metered=clients[name].metered,
        )
        for name, export in exports.items()
    }


def _attacher(
    clients: Mapping[str, EconomicClient], store: RedisStore, reconciler: Reconciler, period: str, claimed: str
) -> Attacher:
    """PDFs are attached at the pace of exports, of which they are a part."""
    return Attacher(
        context=reconciler.context,
        writer=clients[reconciler.context.export.name],
        store=store,
        path=reconciler.ledger.documents_path,
        period=period,
        claimed=claimed,
    )


def _matcher(
    clients: Mapping[str, EconomicClient], store: RedisStore, reconciler: Reconciler, period: str, claimed: str
) -> CreditMatcher:
    return CreditMatcher(
        context=reconciler.context,
        writer=clients[reconciler.context.export.name],
        store=store,
        ledger=reconciler.ledger,
        period=period,
        claimed=claimed,
    )


def build_reconciler(context: ExportContext, client: EconomicClient, last: LastInLine) -> Reconciler:
    """Build what reads an export's invoices back: every read of it is last in line, the booked invoices' too."""
    return Reconciler(context=replace(context, economic=client.paced(last)), ledger=client.ledger(last))


def build_probe(context: ExportContext, client: EconomicClient, last: LastInLine) -> Probe:
    """Build what asks about causes: its reads are last in line."""
    return Probe(
        context=replace(context, economic=client.paced(last)), read=client.read, check_token=client.check_token
    )


def build_reader(context: ExportContext, client: EconomicClient, last: LastInLine) -> InvoiceReader:
    """Build what reads single invoices for a person: its reads are last in line."""
    paced = client.paced(last)
    return InvoiceReader(context=replace(context, economic=paced), resource=paced.resource, voucher_path=voucher_path)


class ComparedPins(PinPort):
    """Compares with the pinned agreement and pins none: a plan with the wrong token must not bind an export to it."""

    def __init__(self, store: PlanPort) -> None:
        self._store = store

    @override
    def declare_first_use(self, export: str) -> None:
        """Declare nothing: a plan sends nothing."""

    @override
    def pin(self, export: str, agreement: int) -> int:
        return self._store.pinned(export) or agreement
