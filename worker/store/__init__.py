"""The ledger: on Redis, and its in-memory twin that keeps the same rules."""

from support.memory_store import MemoryLedger

from worker.store.connection import LedgerPolicy
from worker.store.rate_limiter import MemoryGate, RedisGate
from worker.store.redis_store import RedisLedger
from worker.store.server_check import check_server

__all__ = ["LedgerPolicy", "MemoryGate", "MemoryLedger", "RedisGate", "RedisLedger", "check_server"]
