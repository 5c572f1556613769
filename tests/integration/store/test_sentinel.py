"""Clients by the address of Sentinels, and a primary that is lost: every one of them finds the new one by itself."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from support.watched_redis import WatchedRedis

from config.settings_sections import Redis
from worker.errors import StoreUnavailable
from worker.store.connection import StorePolicy, connect
from worker.store.event_queue import RedisEventQueue, event_client
from worker.store.failover import server_behind_name
from worker.store.redis_store import RedisStore


def _until(condition: object, seconds: float = 120.0) -> None:
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "did not happen"
        time.sleep(0.1)


def test_who_keeps_a_connection_goes_on_with_the_new_primary(tmp_path: Path) -> None:
    """Threads of the store, which keep theirs, and the intake's, which repeats nothing; one Sentinel is never there."""
    with WatchedRedis(tmp_path) as servers:
        _until(servers.ready)
        settings = Redis(url=SecretStr(servers.address))
        with closing(connect(settings)) as client, closing(event_client(settings)) as events:
            store = RedisStore(client, prefix="t:", policy=StorePolicy())
            queue = RedisEventQueue(events, queue="t:q", clock=time.time, consumer="here")
            went_on, stop = threading.Event(), threading.Event()

            def keep_sweeping() -> None:
                while not stop.is_set():
                    try:
                        store.sweep(idle_exports=frozenset())
                    except StoreUnavailable:
                        continue
                    if servers.lost:
                        went_on.set()

            store.sweep(idle_exports=frozenset())
            queue.beat()
            before, old = server_behind_name(client), servers.primary()
            thread = threading.Thread(target=keep_sweeping)
            thread.start()
            servers.lose_primary()
            _until(lambda: servers.primary() != old)
            try:
                assert went_on.wait(120)
            finally:
                stop.set()
                thread.join()

            def beats() -> bool:
                try:
                    queue.beat()
                except StoreUnavailable:
                    return False
                return True

            _until(beats)
            assert server_behind_name(client) not in ("", before)


def test_a_primary_that_no_sentinel_knows_is_said(tmp_path: Path) -> None:
    """By what is missing, with the form of the address."""
    with WatchedRedis(tmp_path) as servers:
        address = servers.address.replace("/opter/0", "/another/0")
        with (
            closing(connect(Redis(url=SecretStr(address)))) as client,
            pytest.raises(StoreUnavailable) as caught,
        ):
            RedisStore(client, prefix="t:", policy=StorePolicy()).sweep(idle_exports=frozenset())

    assert "no Sentinel answers" in caught.value.failure.description
    assert "redis+sentinel://" in caught.value.failure.next_step
