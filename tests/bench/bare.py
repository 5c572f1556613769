"""A bare Celery worker: the same broker and pool as ours, a task that does nothing. What Celery itself can do here."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from celery import Celery
from support.installation import Installation

PREFIX = "bare:"
TASKS = 4000

app = Celery("bare", broker=os.environ.get("REDIS_URL"))
app.conf.broker_transport_options = {"global_keyprefix": PREFIX}
app.conf.task_ignore_result = True


@app.task(name="nothing", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def nothing(_: str) -> None:
    """Do nothing."""


def tasks_per_second(installation: Installation, slots: int) -> float:
    """Return what a bare worker does with messages that lie waiting, its start and end left out."""
    with installation.client() as client:
        _fill(installation)
        with celery(installation, "bench.bare", "--pool", "threads", "--concurrency", str(slots)):
            first, began = _below(client, int(TASKS * 0.95))
            last, ended = _below(client, int(TASKS * 0.05))
    return (first - last) / (ended - began)


@contextmanager
def celery(installation: Installation, application: str, *options: str) -> Iterator[None]:
    """Run a Celery worker until the block ends."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", application, "worker", "--loglevel", "warning"]
    with (installation.folder / "celery.log").open("ab") as log:
        worker = subprocess.Popen(
            [*command, "--without-gossip", "--without-mingle", *options],
            env=installation.environment | {"PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)


def _fill(installation: Installation) -> None:
    with Celery(broker=installation.redis.url) as publisher:
        publisher.conf.broker_transport_options = {"global_keyprefix": PREFIX}
        with publisher.producer_pool.acquire(block=True) as producer, producer.batch(max_size=200):
            for number in range(TASKS):
                publisher.send_task("nothing", (f"main-{number}",), producer=producer, retry=False)


def _below(client: redis.Redis, waiting: int) -> tuple[int, float]:
    """Wait until no more than this many messages wait; return how many do, and when."""
    until = time.monotonic() + 60
    while (found := int(client.llen(f"{PREFIX}celery"))) > waiting:
        if time.monotonic() > until:
            raise TimeoutError(f"the bare worker left {found} messages")
        time.sleep(0.005)
    return found, time.monotonic()
