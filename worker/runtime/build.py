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
from worker.economic import EconomicClient
from worker.export.desk import Desk
from worker.export.preflight import Preflight
from worker.export.run import Exporter
from worker.export.sweep import Sweeper
from worker.invoicing.retry import RetryPolicy
from worker.ledger import LedgerPolicy, RedisGate, RedisLedger
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
