"""The ledger: on Redis, and its in-memory twin that keeps the same rules."""

from support.memory_store import MemoryStore

from worker.store.connection import StorePolicy
from worker.store.rate_limiter import MemoryRateLimiter, RedisRateLimiter
from worker.store.redis_store import RedisStore
from worker.store.server_check import check_server

__all__ = ["MemoryRateLimiter", "MemoryStore", "RedisRateLimiter", "RedisStore", "StorePolicy", "check_server"]
