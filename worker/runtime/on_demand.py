"""What a command or the page builds for one export: no runtime, and no say in whose agreement an export is."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial

from redis import Redis
from typing_extensions import override

from config.cells import settings_of
from config.export_schema import Limits
from config.exports import ExportConfig
from config.settings import Settings
from worker.domain.ports import Feedback, Permit, RateLimiter
from worker.domain.store_port import PinPort
from worker.dry_run.planner import Planner
from worker.economic.client import EconomicClient
from worker.reconcile.agreement_watch import AgreementWatch
from worker.reconcile.pacing import LastInLine
from worker.reconcile.reconciler import Reconciler
from worker.reconcile.setup_report import SetupReport, report_setup, with_agreement
from worker.runtime.archive import build_archive
from worker.runtime.build import (
    ComparedPins,
    build_client,
    build_contexts,
    build_pdfs,
    build_probe,
    build_reader,
    build_reconciler,
)
from worker.store.connection import StorePolicy, connect
from worker.store.rate_limiter import RedisRateLimiter
from worker.store.redis_store import RedisStore
from worker.workflow.agreement_pin import accept_agreement
from worker.workflow.invoice_reading import InvoiceReader
from worker.workflow.probe import Probe


def opened_store(settings: Settings, redis: Redis) -> RedisStore:
    """Return the store of a command or page, which reads through to the archive; who holds no leases has no policy."""
    archive = partial(build_archive, settings)
    return RedisStore(redis, prefix=settings.redis.prefix, policy=StorePolicy(), archive=archive)


@contextmanager
def reconciling(settings: Settings, export: ExportConfig, *, sleep: Callable[[float], None]) -> Iterator[Reconciler]:
    """Give what reads an export's invoices back on demand; its connections are closed at the end."""
    settings = settings_of(settings, export.cell)
    with closing(connect(settings.redis)) as redis:
        store = opened_store(settings, redis)
        rate_limiter = RedisRateLimiter(redis, prefix=settings.redis.prefix)
        client = build_client(export, settings, rate_limiter, ComparedPins(store), store.now)
        with closing(client):
            context = build_contexts(settings, {export.name: export}, {export.name: client}, store)[export.name]
            yield build_reconciler(context, client, LastInLine(inner=rate_limiter, sleep=sleep))


@contextmanager
def probing(settings: Settings, export: ExportConfig, *, sleep: Callable[[float], None]) -> Iterator[Probe]:
    """Give what asks about the causes of an export's dead letters; its connections are closed at the end."""
    settings = settings_of(settings, export.cell)
    with closing(connect(settings.redis)) as redis:
        store = opened_store(settings, redis)
        rate_limiter = RedisRateLimiter(redis, prefix=settings.redis.prefix)
        client = build_client(export, settings, rate_limiter, ComparedPins(store), store.now)
        with closing(client):
            context = build_contexts(settings, {export.name: export}, {export.name: client}, store)[export.name]
            yield build_probe(context, client, LastInLine(inner=rate_limiter, sleep=sleep))


@contextmanager
def invoice_reading(
    settings: Settings, export: ExportConfig, *, sleep: Callable[[float], None]
) -> Iterator[InvoiceReader]:
    """Give what reads single invoices for a person; its connections are closed at the end."""
    settings = settings_of(settings, export.cell)
    with closing(connect(settings.redis)) as redis:
        store = opened_store(settings, redis)
        rate_limiter = RedisRateLimiter(redis, prefix=settings.redis.prefix)
        client = build_client(export, settings, rate_limiter, ComparedPins(store), store.now)
        with closing(client):
            context = build_contexts(settings, {export.name: export}, {export.name: client}, store)[export.name]
            yield build_reader(context, client, LastInLine(inner=rate_limiter, sleep=sleep))


@contextmanager
def planning(settings: Settings, export: ExportConfig, *, sleep: Callable[[float], None]) -> Iterator[Planner]:
    """Give the planner of an export, with a client like a worker's; its connections are closed at the end."""
    settings = settings_of(settings, export.cell)
    with closing(connect(settings.redis)) as redis:
        store = opened_store(settings, redis)
        rate_limiter = RedisRateLimiter(redis, prefix=settings.redis.prefix)
        client = build_client(export, settings, rate_limiter, ComparedPins(store), store.now)
        with closing(client), client.metered() as usage:
            yield Planner(
                export=export,
                economic=client,
                store=store,
                pdfs=build_pdfs(settings, {export.name: export}),
                clock=store.now,
                sleep=sleep,
                spent=lambda: usage.calls,
            )


def checked_setup(settings: Settings, export: ExportConfig, *, sleep: Callable[[float], None]) -> SetupReport:
    """Return the check of an export's set-up, the agreement as a whole included. Raises ``StoreUnavailable``."""
    settings = settings_of(settings, export.cell)
    with closing(connect(settings.redis)) as redis:
        store = opened_store(settings, redis)
        rate_limiter = RedisRateLimiter(redis, prefix=settings.redis.prefix)
        with closing(build_client(export, settings, rate_limiter, ComparedPins(store), store.now)) as client:
            clients = {export.name: client}
            watch = AgreementWatch(
                store=store,
                settings=settings.agreements,
                contexts=build_contexts(settings, {export.name: export}, clients, store),
                readers={export.name: client.agreement(LastInLine(inner=rate_limiter, sleep=sleep))},
                clock=store.now,
            )
            today = datetime.fromtimestamp(store.now(), UTC).date()
            return with_agreement(report_setup(export, client, store, (), today), watch, accept=False)


@contextmanager
def checking_alone(settings: Settings, export: ExportConfig, *, clock: Callable[[], float]) -> Iterator[EconomicClient]:
    """Give a client that works without Redis, for the few reads of a set-up check; its connections are closed then.

    No worker of this installation calls e-conomic while Redis is away, so that there is nobody to share the rate with.
    """

    def accept(agreement: int) -> None:
        accept_agreement(export, _NoPins(), agreement)

    client = EconomicClient(export, rate_limiter=Unshared(), http=settings.http, clock=clock, accept=accept)
    with closing(client):
        yield client


class Unshared(RateLimiter):
    """Lets every call pass."""

    @override
    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        return Permit(agreement=agreement, limits=limits, cost=cost)

    @override
    def report(self, permit: Permit, feedback: Feedback) -> None:
        """Learn nothing."""


class _NoPins(PinPort):
    """Knows of no first use: only what the exports file names is compared."""

    @override
    def declare_first_use(self, export: str) -> None:
        """Declare nothing: a check sends nothing."""

    @override
    def pin(self, export: str, agreement: int) -> int:
        return agreement
