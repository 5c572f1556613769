"""A failover of Redis: a replica becomes the primary, and the name leads to it; the old one's connections stay open."""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from support.chaos.cluster import PREFIX, SHORT, Cluster, cluster
from support.chaos.invariants import check_invariants
from support.chaos.outcome import Outcome
from support.installation import event
from support.samples import mixed_invoices

from worker.domain.record import State
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

FIRST, LATER = "main-p881", "main-p882"


class OldPrimary(StrEnum):
    """What becomes of the server that was the primary."""

    DEMOTED = "demoted to a replica"
    LEFT = "still a primary, only without its name"
    SILENT = "silent: its machine is gone"


class Pair:
    """The embedded primary of a cluster and its replica, which one name leads to: the proxy's port."""

    def __init__(self, running: Cluster, replica: EmbeddedServer, stack: ExitStack) -> None:
        self._running, self._replica = running, replica
        self._old = stack.enter_context(redis.Redis.from_url(running.redis.url))
        # Both have one password, so that one address serves for both.
        self._password = urlsplit(running.redis.url).password or ""
        with redis.Redis.from_url(replica.url) as client:
            client.config_set("masterauth", self._password)
            client.config_set("requirepass", self._password)
        self.new = stack.enter_context(redis.Redis(port=replica.port, password=self._password))
        self._old.config_set("masterauth", self._password)
        self.new.replicaof("127.0.0.1", running.redis.port)
        running.wait_for(lambda: self.new.info("replication")["master_link_status"] == "up", "the replica follows")

    def push(self, message: Mapping[str, Any]) -> None:
        """Put an event on the queue of the new primary."""
        self.new.lpush("opter:period-closed", json.dumps(message))

    def fail_over(self, old: OldPrimary) -> None:
        """Promote the replica, give it the name, and do to the old one what is asked; no connection is cut."""
        self.new.replicaof("NO", "ONE")
        self._running.to_redis.lead_to(self._replica.port)
        # What the test reads comes from the new one.
        self._running.store = RedisStore(self.new, prefix=PREFIX, policy=StorePolicy())
        if old is OldPrimary.DEMOTED:
            self._old.replicaof("127.0.0.1", self._replica.port)
        elif old is OldPrimary.SILENT:
            os.kill(self._running.redis.pid or 0, signal.SIGSTOP)


@contextmanager
def pair(running: Cluster, folder: Path) -> Iterator[Pair]:
    """Give a cluster's Redis a replica."""
    with EmbeddedServer(folder / "replica") as replica, ExitStack() as stack:
        try:
            yield Pair(running, replica, stack)
        finally:
            os.kill(running.redis.pid or 0, signal.SIGCONT)


def seconds_to_go_on(folder: Path, old: OldPrimary, *, count: int = 60) -> tuple[float, list[str]]:
    """Return the seconds from a failover in mid-period until intake, sweeps and workers go on, and what is wrong.

    They go on when an event from the new primary was taken in, its period checked by a worker, and its invoices are
    queued. In the end every invoice is booked once. Settings as in the fault runs.
    """
    every = mixed_invoices(count)
    half = count // 2
    with cluster(folder, None, **SHORT) as running, pair(running, folder) as servers:
        running.sandbox("PATCH", "switches", {"latency_ms": 100})
        running.push(event(*every[:half]))
        running.until(lambda: running.exported([FIRST]) >= half // 4, "the first are exported", seconds=60)
        began = time.monotonic()
        servers.fail_over(old)
        servers.push(event(*every[half:], event_id="e2", period=882, name="2026-47B"))
        running.until(lambda: _checked(running, count - half), "the second period is checked", seconds=120)
        seconds = time.monotonic() - began
        running.until(lambda: running.exported([FIRST, LATER]) == count, "all are exported", seconds=400)
        outcome = Outcome(seed=0, invoices=count)
        check_invariants(running, every, outcome, wiped=False)
    return seconds, outcome.wrong


def _checked(running: Cluster, count: int) -> bool:
    record = running.store.period(LATER)
    return record is not None and sum(record.counts.values()) - record.counts.get(State.RECEIVED, 0) == count
