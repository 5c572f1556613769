from collections.abc import Iterator

import pytest
import redis
from support.clock import ManualClock
from support.store.echo import EchoingRedis

from worker.store import LedgerPolicy, RedisLedger


@pytest.fixture
def policy() -> LedgerPolicy:
    return LedgerPolicy()


@pytest.fixture(params=[redis.Redis, EchoingRedis], ids=["once", "twice"])
def ledger(
    request: pytest.FixtureRequest, redis_url: str, redis_prefix: str, policy: LedgerPolicy, clock: ManualClock
) -> Iterator[RedisLedger]:
    with request.param.from_url(redis_url) as client:
        yield RedisLedger(client, prefix=redis_prefix, policy=policy, clock=clock)
