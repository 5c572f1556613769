"""A consumer as a process of its own: ``python intake_process.py REDIS_URL PREFIX NAME``; SIGTERM stops it."""

import random
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import structlog
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.intake import consumer  # the path has to be set first

from config.settings_sections import Redis  # same
from worker.store.connection import StorePolicy  # same
from worker.store.event_queue import RedisEventQueue, event_client  # same
from worker.store.redis_store import RedisStore


def main(url: str, prefix: str, name: str) -> None:
    """Consume until SIGTERM; a heartbeat counts for a third of a second, so that a killed one is soon replaced."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    stop = threading.Event()

    def on_term(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_term)
    with event_client(Redis(url=SecretStr(url), socket_timeout=60.0, connect_timeout=60.0)) as client:
        queue = RedisEventQueue(client, queue=f"{prefix}period-closed", consumer=name, heartbeat=0.3, clock=time.time)
        store = RedisStore(client, prefix=prefix, policy=StorePolicy())
        # A pause after some of the announcements, so that kills fall between events too.
        pause = random.Random(name).random() / 50  # repeatability, not secrecy
        consumer(queue, store, announce=lambda *_: time.sleep(pause), most_readings=1000).run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
