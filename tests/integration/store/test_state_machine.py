"""The state diagram of the architecture page, held to what Redis does."""

from itertools import count

import redis
from support.clock import ManualClock
from support.memory_store import MemoryStore
from support.store.state_machine import observed

from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore


def test_redis_moves_invoices_as_the_memory_store_does(redis_url: str, redis_prefix: str) -> None:
    """The diagram is compared with the memory store; here is the proof that Redis makes the same moves."""
    number = count()
    with redis.Redis.from_url(redis_url) as client:

        def on_redis(clock: ManualClock) -> RedisStore:
            prefix = f"{redis_prefix}{next(number)}:"
            return RedisStore(client, prefix=prefix, policy=StorePolicy(), clock=clock)

        moves = observed(on_redis)

    assert moves == observed(lambda clock: MemoryStore(policy=StorePolicy(), clock=clock))
