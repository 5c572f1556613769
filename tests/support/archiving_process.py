"""A mover as a process of its own: ``python archiving_process.py REDIS_URL PREFIX ARCHIVE PERIOD``."""

import sys
import time
from pathlib import Path

import redis

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.archiving import DAY, archive_at  # the path has to be set first

from worker.archive.mover import ArchiveRules, Mover  # same
from worker.store.archiving import RedisArchiving  # same
from worker.store.connection import StorePolicy  # same
from worker.store.redis_store import RedisStore  # same


def main(url: str, prefix: str, path: str, period_id: str) -> int:
    """Move one period; the word on standard output says that everything is loaded."""
    archive = archive_at(Path(path))
    with redis.Redis.from_url(url) as client:
        store = RedisStore(client, prefix=prefix, policy=StorePolicy(), archive=lambda: archive)
        live = RedisArchiving(client, prefix=prefix, policy=StorePolicy())
        live.archive = archive
        rules = ArchiveRules(archive_after=90 * DAY)
        mover = Mover(
            store=live, archive=archive, period=store.period, summary=store.summary, rules=rules, clock=time.time
        )
        print("begin", flush=True)  # noqa: T201  # what the test waits for
        return 0 if mover.turn(period_id).whole else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
