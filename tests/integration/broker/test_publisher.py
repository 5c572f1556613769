"""The publisher of messages on a broker that goes away and comes back."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
import redis
from celery import Celery
from kombu import Queue
from support.ports import free_port

from config.names import preflight_queue
from worker.domain.store_port import Due, SweepPort
from worker.errors import StoreUnavailable
from worker.local.embedded import EmbeddedServer
from worker.runtime.broker import RedisBroker
from worker.runtime.publisher import Publisher

#: Connections that the pool may hold; fewer than the messages that are published after an outage.
LIMIT = 2


class Published:
    """What was noted as published."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def published(self, invoice_ids: Sequence[str]) -> None:
        self.ids += invoice_ids


def _publisher(url: str, store: Published) -> Publisher:
    app = Celery("publisher", broker=url)
    app.conf.broker_pool_limit = LIMIT
    app.conf.broker_transport_options = {"socket_timeout": 30, "socket_connect_timeout": 30}
    app.conf.task_queues = [Queue(name) for name in ("preflight.main", "export.main")]  # type: ignore[no-untyped-call]  # kombu is typed in part only
    return Publisher(app, cast("SweepPort", store), RedisBroker(redis.Redis.from_url(url), prefix="", apart=False))


def test_it_publishes_again_once_the_broker_is_back(tmp_path: Path) -> None:
    """Each time, at the first try, from any thread: nobody waits for a connection that never comes back."""
    store = Published()
    with EmbeddedServer(tmp_path, port=free_port()) as server, ThreadPoolExecutor(4) as threads:
        publisher = _publisher(server.url, store)
        for outage in range(3):
            publisher.preflight("main-p1", "main")
            server.kill()
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    publisher.preflight("main-p1", "main")
            server.start()
            due = [Due(invoice_id=f"main-{outage}{number}", export="main") for number in range(4)]
            for done in [threads.submit(publisher.export, [each]) for each in due]:
                done.result(timeout=60)
            publisher.preflight("main-p1", "main")
        with redis.Redis.from_url(server.url) as client:
            assert client.llen(preflight_queue("main")) == 6

    assert len(store.ids) == 12
