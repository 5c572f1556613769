"""The parts of a plan: clients like those of a worker, which leave no trace but the calls that they make."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from typing_extensions import override

from config.exports import ExportConfig
from config.settings import Settings
from worker.domain.store_port import PinPort, PlanPort
from worker.dry_run.planner import Planner
from worker.runtime.build import build_client, build_pdfs
from worker.store.connection import StorePolicy, connect
from worker.store.rate_limiter import RedisRateLimiter
from worker.store.redis_store import RedisStore


@contextmanager
def planning(settings: Settings, export: ExportConfig, *, sleep: Callable[[float], None]) -> Iterator[Planner]:
    """Give the planner of an export; its connections are closed in the end."""
    with closing(connect(settings.redis)) as redis:
        store = RedisStore(redis, prefix=settings.redis.prefix, policy=StorePolicy())
        rate_limiter = RedisRateLimiter(redis, prefix=settings.redis.prefix)
        client = build_client(export, settings, rate_limiter, _Glance(store))
        with closing(client), client.metered() as meter:
            yield Planner(
                export=export,
                economic=client,
                store=store,
                pdfs=build_pdfs(settings),
                clock=time.time,
                sleep=sleep,
                spent=lambda: meter.calls,
            )


class _Glance(PinPort):
    """Compares with the pinned agreement and pins none: a plan with the wrong token must not bind an export to it."""

    def __init__(self, store: PlanPort) -> None:
        self._ledger = store

    @override
    def pin(self, export: str, agreement: int) -> int:
        return self._ledger.pinned(export) or agreement
