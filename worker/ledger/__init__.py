"""The ledger: on Redis, and its in-memory twin that keeps the same rules."""

from worker.ledger.adapter import RedisLedger
from worker.ledger.gate import MemoryGate
from worker.ledger.gate_redis import RedisGate
from worker.ledger.policy import LedgerPolicy
from worker.ledger.startup import check_server
from worker.ledger.twin import MemoryLedger

__all__ = ["LedgerPolicy", "MemoryGate", "MemoryLedger", "RedisGate", "RedisLedger", "check_server"]
