"""The ledger on Redis, one module a port."""

from worker.invoicing.ports import Ledger
from worker.ledger.adapter.export import RedisExport
from worker.ledger.adapter.intake import RedisIntake
from worker.ledger.adapter.operator import RedisOperator
from worker.ledger.adapter.pins import RedisPins
from worker.ledger.adapter.plan import RedisPlan
from worker.ledger.adapter.preflight import RedisPreflight
from worker.ledger.adapter.sweeps import RedisSweeps

__all__ = ["RedisLedger"]


class RedisLedger(RedisIntake, RedisPreflight, RedisExport, RedisSweeps, RedisOperator, RedisPins, RedisPlan, Ledger):
    """The ledger on one Redis server (6.2 or later; Valkey alike), safe to share between threads and hosts."""
