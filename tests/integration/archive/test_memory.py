"""What Redis holds of an invoice: promised figures, by ``MEMORY USAGE`` of a real server."""

from pathlib import Path

import redis
from support.archiving import DAY, archive_at, complete, moving
from support.clock import ManualClock

from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

INVOICES = 300


def test_an_exported_invoice_takes_1600_bytes_and_an_archived_one_200(tmp_path: Path, clock: ManualClock) -> None:
    """Of a period of 300 with two lines each: its records, index, search and certificate, all of it."""
    with EmbeddedServer(tmp_path / "redis") as server, redis.Redis.from_url(server.url) as client:
        store = RedisStore(client, prefix="opter-economic:", policy=StorePolicy(), clock=clock)
        archive = archive_at(tmp_path / "archive.sqlite")
        mover = moving(store, client, archive, clock, prefix="opter-economic:")
        period_id = complete(store, range(100_001, 100_001 + INVOICES))

        clock.advance(2 * DAY)
        mover.turn(period_id)
        assert _bytes(client) / INVOICES <= 1600

        clock.advance(100 * DAY)
        assert mover.turn(period_id).whole
        assert _bytes(client) / INVOICES <= 200
        archive.close()


def _bytes(client: redis.Redis) -> int:
    return sum(int(client.memory_usage(key, samples=0) or 0) for key in client.keys("*"))
