"""Bare Celery workers to compare with: a task that does nothing, and a task that sends an invoice's two requests."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import redis
from celery import Celery
from support.installation import Installation

from worker import errors

PREFIX = "bare:"
TASKS = 4000
#: Names the file with the body of a draft and of a booking, as our own worker sent them.
BODIES = "BENCH_BODIES"
#: Where the workers find this package and the product.
PYTHONPATH = os.pathsep.join(str(Path(file).parents[1]) for file in (__file__, errors.__file__))

app = Celery("bare", broker=os.environ.get("REDIS_URL"))
app.conf.broker_transport_options = {"global_keyprefix": PREFIX}
app.conf.task_ignore_result = True


@app.task(name="nothing", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def nothing(_: str) -> None:
    """Do nothing."""


class _Requests:
    """The two requests of an invoice, sent the plain way: one ``httpx.Client``, one JSON body each."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        bodies = json.loads(Path(environment[BODIES]).read_text())
        self._draft, self._booking, url = bodies["draft"], bodies["booking"], bodies["url"]
        headers = {
            "X-AppSecretToken": environment["APP_SECRET"],
            "X-AgreementGrantToken": environment["GRANT_MAIN"],
        }
        self._build = partial(httpx.Client, base_url=url, headers=headers, trust_env=False)
        self._local = threading.local()

    def send(self, number: int) -> None:
        references = {"other": f"bare-{number}"}
        draft = self._post("/invoices/drafts", self._draft | {"references": references})
        draft_invoice = {"draftInvoiceNumber": draft["draftInvoiceNumber"]}
        self._post("/invoices/booked", self._booking | {"draftInvoice": draft_invoice, "bookWithNumber": number})

    def _client(self) -> httpx.Client:
        """Return this thread's own client: one that is shared by the threads takes more CPU (measured)."""
        if not hasattr(self._local, "client"):
            self._local.client = self._build()
        client: httpx.Client = self._local.client
        return client

    def _post(self, path: str, body: Any) -> Any:
        answer = self._client().post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
        answer.raise_for_status()
        return answer.json()


_requests = _Requests(os.environ) if BODIES in os.environ else None


@app.task(name="two_requests", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def two_requests(number: int) -> None:
    """Draft and book one invoice, and keep no record of it."""
    assert _requests, f"{BODIES} is not set"
    _requests.send(number)


def tasks_per_second(installation: Installation, slots: int) -> float:
    """Return what a bare worker does with messages that lie waiting, its start and end left out."""
    with installation.client() as client:
        publish(installation, "nothing", [f"main-{number}" for number in range(TASKS)])
        with celery(installation, "bench.bare", "--pool", "threads", "--concurrency", str(slots)):
            first, began = _below(client, int(TASKS * 0.95))
            last, ended = _below(client, int(TASKS * 0.05))
    return (first - last) / (ended - began)


@contextmanager
def celery(installation: Installation, application: str, *options: str, **variables: str) -> Iterator[int]:
    """Run a Celery worker until the block ends, and give its process id; ``variables`` are of its environment."""
    command = [sys.executable, "-P", "-m", "celery", "--quiet", "-A", application, "worker", "--loglevel", "warning"]
    command += ["--without-gossip", "--without-mingle", *options]
    with process(installation, command, **variables) as pid:
        yield pid


@contextmanager
def process(installation: Installation, command: Sequence[str], **variables: str) -> Iterator[int]:
    """Run a program in the installation's environment until the block ends, and give its process id."""
    with (installation.folder / "bench.log").open("ab") as log:
        running = subprocess.Popen(
            command,
            env=installation.environment | {"PYTHONPATH": PYTHONPATH} | variables,
            cwd=installation.folder,
            stdout=log,
            stderr=log,
        )
    try:
        yield running.pid
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def publish(installation: Installation, task: str, arguments: Sequence[Any]) -> None:
    """Publish one message for each argument, many a round trip."""
    with Celery(broker=installation.redis.url) as publisher:
        publisher.conf.broker_transport_options = {"global_keyprefix": PREFIX}
        with publisher.producer_pool.acquire(block=True) as producer, producer.batch(max_size=200):
            for argument in arguments:
                publisher.send_task(task, (argument,), producer=producer, retry=False)


def _below(client: redis.Redis, most: int) -> tuple[int, float]:
    """Wait until no more than this many messages wait; return how many do, and when."""
    until = time.monotonic() + 180
    while (waiting := int(client.llen(f"{PREFIX}celery"))) > most:
        if time.monotonic() > until:
            raise TimeoutError(f"the bare worker left {waiting} messages")
        time.sleep(0.005)
    return waiting, time.monotonic()
