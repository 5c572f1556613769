"""The composition root: settings in, working parts out. The only place that builds clients."""

import random
import time
from collections.abc import Mapping
from functools import partial

import structlog
from celery import Celery
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.exports import Export
from config.names import queue_key
from config.settings import Settings
from worker.economic import EconomicClient, Timeouts
from worker.export.desk import Desk
from worker.export.preflight import Preflight
from worker.export.run import Exporter
from worker.export.sweep import Sweeper
from worker.invoicing.retry import RetryPolicy
from worker.ledger import LedgerPolicy, RedisLedger
from worker.ledger.gate_redis import RedisGate
from worker.runtime.logs import frames
from worker.runtime.parts import Runtime
from worker.runtime.publisher import Publisher

log = structlog.get_logger()


def connect(settings: Settings) -> Redis:
    """Return a client that never repeats a command by itself: what is repeated is decided where it is safe."""
    return Redis.from_url(
        settings.redis.url.get_secret_value(),
        socket_timeout=settings.redis.socket_timeout,
        socket_connect_timeout=settings.redis.connect_timeout,
        retry=Retry(NoBackoff(), 0),
    )


def build_runtime(settings: Settings, exports: Mapping[str, Export], app: Celery) -> Runtime:
    """Build everything that a worker, the intake or a command needs."""
    redis = connect(settings)
    ledger = RedisLedger(redis, prefix=settings.redis.prefix, policy=_ledger_policy(settings))
    gate = RedisGate(redis, prefix=settings.redis.prefix)
    clients = {name: _client(export, settings, gate) for name, export in exports.items()}
    desks = {name: _desk(export, settings, ledger, clients[name]) for name, export in exports.items()}
    publisher = Publisher(app, ledger)
    return Runtime(
        settings=settings,
        exports=exports,
        redis=redis,
        ledger=ledger,
        publisher=publisher,
        exporter=Exporter(
            desk=desks.__getitem__,
            claim=ledger.claim,
            policy=_retry_policy(settings),
            chance=random.Random(),  # noqa: S311  # jitter, not a secret
            report=_report,
        ),
        preflight=Preflight(ledger=ledger, publish=publisher.export),
        sweeper=Sweeper(
            ledger=ledger,
            exports=tuple(exports),
            waiting=partial(_waiting, redis, settings.redis.prefix),
            publish=publisher.export,
            publish_preflight=publisher.preflight,
        ),
        clients=clients,
        desk=desks.__getitem__,
    )


def _client(export: Export, settings: Settings, gate: RedisGate) -> EconomicClient:
    http = settings.http
    return EconomicClient(
        export,
        gate=gate,
        clock=time.time,
        timeouts=Timeouts(
            connect=http.connect_timeout, read=http.read_timeout, write=http.write_timeout, pool=http.pool_timeout
        ),
        deadline=http.deadline,
        reference_age=http.reference_age,
    )


def _desk(export: Export, settings: Settings, ledger: RedisLedger, client: EconomicClient) -> Desk:
    return Desk(
        export=export,
        economic=client,
        ledger=ledger,
        clock=time.time,
        environment=settings.environment,
        key_memory=settings.http.key_memory_minutes * 60,
    )


def _ledger_policy(settings: Settings) -> LedgerPolicy:
    chosen = settings.ledger
    return LedgerPolicy(
        lease_seconds=chosen.lease_seconds, lost_after=chosen.lost_after, max_crashes=chosen.max_crashes
    )


def _retry_policy(settings: Settings) -> RetryPolicy:
    return RetryPolicy(base=settings.retry.base, cap=settings.retry.cap, most_attempts=settings.retry.max_attempts)


def _waiting(redis: Redis, prefix: str, queue: str) -> int:
    return int(redis.llen(queue_key(prefix, queue)))


def _report(error: BaseException) -> None:
    log.error("internal_error", error=type(error).__name__, frames=frames(error))
