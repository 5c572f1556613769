"""The ledger: on Redis, and its in-memory twin that keeps the same rules."""

from worker.ledger.adapter import RedisLedger
from worker.ledger.policy import LedgerPolicy
from worker.ledger.twin import MemoryLedger

__all__ = ["LedgerPolicy", "MemoryLedger", "RedisLedger"]
