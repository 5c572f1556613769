"""The store on Redis: the sweeps, and all ports together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from worker.domain.store_port import Due, Store, SweepPort
from worker.store import leases, records
from worker.store.agreements import RedisAgreements
from worker.store.archived import RedisArchived
from worker.store.batches import RedisBatches, RedisCauses
from worker.store.connection import StoreConnection, StorePolicy, texts, token
from worker.store.intake import RedisPreflight
from worker.store.leases import RedisPins
from worker.store.operator_moves import RedisPlan
from worker.store.payments import RedisPayments
from worker.store.signs_of_life import RedisLife

if TYPE_CHECKING:
    import redis

    from worker.domain.archive import ArchiveReading

__all__ = ["RedisStore"]

#: Invoices that one script notes as published.
_CHUNK = 500


class RedisSweeps(StoreConnection, SweepPort):
    """See ``SweepPort``."""

    @override
    def published(self, invoice_ids: Sequence[str]) -> None:
        for start in range(0, len(invoice_ids), _CHUNK):
            self.run("published", *invoice_ids[start : start + _CHUNK])

    @override
    def sweep(self, *, idle_exports: frozenset[str], limit: int = 500) -> Sequence[Due]:
        policy, killed = self.policy, leases.worker_killed(self.policy.max_crashes)
        suspected = leases.worker_suspected(self.policy.max_crashes - 1)
        answer = texts(
            self.run(
                "sweep",
                token(),
                limit,
                policy.lost_after,
                policy.idle_after,
                policy.overtaken_by,
                policy.max_crashes,
                records.dump_failure(killed),
                killed.reason,
                records.dump_failure(suspected),
                policy.alone_for,
                policy.lease_seconds,
                policy.restart_within,
                *sorted(idle_exports),
            )
        )
        return [
            Due(invoice_id=invoice_id, export=export, recovered=died == "1")
            for invoice_id, export, died in zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        ]

    @override
    def periods_due(self) -> Sequence[tuple[str, str]]:
        answer = texts(self.run("preflights_due"))
        return list(zip(answer[::2], answer[1::2], strict=True))


class RedisStore(
    RedisArchived,
    RedisPreflight,
    RedisSweeps,
    RedisLife,
    RedisPins,
    RedisPlan,
    RedisPayments,
    RedisAgreements,
    RedisCauses,
    RedisBatches,
    Store,
):
    """The store on one Redis server (6.2 or later; Valkey alike), safe to share between threads and hosts."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        prefix: str,
        policy: StorePolicy,
        clock: Callable[[], float] | None = None,
        archive: Callable[[], ArchiveReading] | None = None,
    ) -> None:
        """``archive`` opens where completed periods have gone, at its first use; the rest see ``StoreConnection``."""
        super().__init__(client, prefix=prefix, policy=policy, clock=clock)
        self.open_archive = archive
