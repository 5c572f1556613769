"""Dead letters that an earlier version of this program has left are put to their causes by the sweep."""

import redis
from support.clock import ManualClock
from support.store.batch_rules import die

from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore


def test_dead_letters_without_a_cause_get_one(redis_url: str, redis_prefix: str, clock: ManualClock) -> None:
    """All of them, some at each turn, with when they died; none twice, and what is not dead any more not at all."""
    with redis.Redis.from_url(redis_url) as client:
        store = RedisStore(client, prefix=redis_prefix, policy=StorePolicy(), clock=clock)
        started = clock.now
        ids = [key for key, _ in die(store, *range(1, 451))]
        [before] = store.causes()
        for key in client.scan_iter(f"{redis_prefix}cause*"):
            client.delete(key)
        for key in ids:
            client.hdel(f"{redis_prefix}invoice:{key}", "cause", "stake")
        clock.advance(60)
        store.requeue(["main-1"], by="kim")
        assert store.causes() == []

        for _ in range(4):
            store.causes_due(["main"])
            store.end_causes("main")
        [cause] = store.causes()

    assert (cause.id, cause.failure, cause.invoices) == (before.id, before.failure, 449)
    assert cause.at_stake == {"DKK": before.at_stake["DKK"] * 449 / 450}
    assert (cause.oldest, cause.newest) == (started, started)
