"""What Redis holds of an invoice before and after its period is archived, and how long the move takes."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
from bench.figures import Line
from support.archiving import DAY, archive_at, complete, moving
from support.clock import ManualClock

from worker.archive.mover import ArchiveRules
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

INVOICES = 1000
#: Bytes of Redis an invoice: completed, and archived.
MOST_SHORT, MOST_ARCHIVED = 1600, 200
_PREFIX = "opter-economic:"


def measure() -> tuple[dict[str, float], list[Line]]:
    """Return the figures by their keys, and the lines of the table."""
    clock = ManualClock()
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        EmbeddedServer(Path(folder) / "redis") as server,
        redis.Redis.from_url(server.url) as client,
        closing(archive_at(Path(folder) / "archive.sqlite")) as archive,
    ):
        store = RedisStore(client, prefix=_PREFIX, policy=StorePolicy(), clock=clock)
        rules = ArchiveRules(archive_after=90 * DAY)
        mover = replace(moving(store, client, archive, clock, prefix=_PREFIX), rules=rules)
        period_id = complete(store, range(100_001, 100_001 + INVOICES))
        full = _bytes(client)
        clock.advance(2 * DAY)
        mover.turn(period_id)
        short = _bytes(client)
        clock.advance(100 * DAY)
        began = time.perf_counter()
        mover.turn(period_id)
        seconds, archived = time.perf_counter() - began, _bytes(client)
    figures = {"full_bytes": full, "short_bytes": short, "archived_bytes": archived, "seconds": seconds}
    return figures, [
        Line(what="bytes of Redis an invoice, just exported", value=full, note="index and certificate included"),
        Line(what="a day after its equal certificate", value=short, note=f"at most {MOST_SHORT}"),
        Line(what="archived", value=archived, note=f"at most {MOST_ARCHIVED}"),
        Line(what="seconds of the move of all", value=seconds, note="SQLite, a commit and a look back each hundred"),
    ]


def _bytes(client: redis.Redis) -> float:
    return sum(int(client.memory_usage(key, samples=0) or 0) for key in client.keys("*")) / INVOICES
