"""The ledger on Redis, one module a port."""

from collections.abc import Sequence

from typing_extensions import override

from worker.domain.store_port import Due, Store, SweepPort
from worker.store import effects, serialization
from worker.store.connection import StoreConnection, texts, token
from worker.store.execution_store import RedisExport, RedisPins
from worker.store.intake_store import RedisIntake, RedisPreflight
from worker.store.operator_store import RedisOperator, RedisPlan

#: Invoices that one script notes as published.
CHUNK = 500


class RedisSweeps(StoreConnection, SweepPort):
    """See ``SweepPort``."""

    @override
    def published(self, invoice_ids: Sequence[str]) -> None:
        for start in range(0, len(invoice_ids), CHUNK):
            self.run("published", *invoice_ids[start : start + CHUNK])

    @override
    def sweep(self, *, idle_exports: frozenset[str], limit: int = 500) -> Sequence[Due]:
        policy, killed = self.policy, effects.worker_killed(self.policy.max_crashes)
        suspected = effects.worker_suspected(self.policy.max_crashes - 1)
        found = texts(
            self.run(
                "sweep",
                token(),
                limit,
                policy.lost_after,
                policy.idle_after,
                policy.overtaken_by,
                policy.max_crashes,
                serialization.dump_failure(killed),
                killed.reason,
                serialization.dump_failure(suspected),
                policy.alone_for,
                *sorted(idle_exports),
            )
        )
        dues = zip(found[::3], found[1::3], found[2::3], strict=True)
        return [Due(invoice_id=one, export=export, recovered=died == "1") for one, export, died in dues]

    @override
    def periods_due(self) -> Sequence[tuple[str, str]]:
        found = texts(self.run("preflights_due"))
        return list(zip(found[::2], found[1::2], strict=True))


__all__ = ["RedisStore"]


class RedisStore(RedisIntake, RedisPreflight, RedisExport, RedisSweeps, RedisOperator, RedisPins, RedisPlan, Store):
    """The ledger on one Redis server (6.2 or later; Valkey alike), safe to share between threads and hosts."""
