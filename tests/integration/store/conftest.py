from collections.abc import Iterator

import pytest
import redis
from support.clock import ManualClock
from support.store.echo import EchoingRedis

from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore


@pytest.fixture
def policy() -> StorePolicy:
    return StorePolicy()


@pytest.fixture(params=[redis.Redis, EchoingRedis], ids=["once", "twice"])
def store(
    request: pytest.FixtureRequest, redis_url: str, redis_prefix: str, policy: StorePolicy, clock: ManualClock
) -> Iterator[RedisStore]:
    with request.param.from_url(redis_url) as client:
        yield RedisStore(client, prefix=redis_prefix, policy=policy, clock=clock)
