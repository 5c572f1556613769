"""A Redis that may have lost what it had answered: restarted, restored from an older copy, or another one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from support.clock import ManualClock
from support.ports import free_port
from support.store import steps

from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

WITHIN = 300.0


class Restarted:
    """A store on a real server, and the age that a claim of it finds after something happened to the server."""

    def __init__(self, folder: Path, *, within: float = WITHIN) -> None:
        self.clock = ManualClock(1_800_000_000.0)
        self.server = EmbeddedServer(folder / "redis", port=free_port())
        self.policy = StorePolicy(restart_within=within)

    def whole_since(self, happens: Callable[[EmbeddedServer], None], *, seconds: float = 1.0) -> float:
        """Return since when the store counts as whole (0: always), as what happens is done and time has passed."""
        with self.server:
            with redis.Redis.from_url(self.server.url) as client:
                store = self._store(client)
                store.declare_first_use("main")
                [first, second] = steps.queue(store, 1, 2)
                assert steps.claim(store, first).whole_since == 0.0
            happens(self.server)
            self.clock.advance(seconds)
            with redis.Redis.from_url(self.server.url) as client:
                return steps.claim(self._store(client), second).whole_since

    def _store(self, client: redis.Redis) -> RedisStore:
        return RedisStore(client, prefix="o:", policy=self.policy, clock=self.clock)


def _restart(server: EmbeddedServer) -> None:
    server.kill()
    server.start()


@pytest.mark.parametrize("seconds", [30.0, 290.0])  # more than a busy machine takes to start a server
def test_a_restart_that_follows_soon_loses_nothing(tmp_path: Path, seconds: float) -> None:
    """Every write is on disk before it is answered: no invoice waits for it."""
    assert Restarted(tmp_path).whole_since(_restart, seconds=seconds) == 0.0


@pytest.mark.parametrize("seconds", [1.0, 30.0])
def test_no_restart_is_believed_where_writes_may_be_lost(tmp_path: Path, seconds: float) -> None:
    """The default, as most servers write to disk once a second."""
    restarted = Restarted(tmp_path, within=0.0)
    assert restarted.whole_since(_restart, seconds=seconds) == restarted.clock()


def test_a_server_that_lives_on_has_lost_nothing(tmp_path: Path) -> None:
    """However long nobody asked it for anything."""
    assert Restarted(tmp_path, within=0.0).whole_since(lambda _: None, seconds=86_400.0) == 0.0


def test_a_copy_that_is_older_than_a_restart_takes_is_doubted(tmp_path: Path) -> None:
    """Stopped, and its data replaced by a copy from before: the last sign of life in it is that of the copy."""
    restarted = Restarted(tmp_path)

    def restore(server: EmbeddedServer) -> None:
        copy = tmp_path / "copy"
        shutil.copytree(server.data_dir, copy)
        server.stop()
        shutil.rmtree(server.data_dir)
        shutil.copytree(copy, server.data_dir)
        server.start()

    assert restarted.whole_since(restore, seconds=900.0) == restarted.clock()


def test_another_server_that_lived_already_is_doubted(tmp_path: Path) -> None:
    """A replica that became the primary was started before the last sign of life: it may lack the last writes."""
    restarted = Restarted(tmp_path)

    def fail_over(server: EmbeddedServer) -> None:
        with redis.Redis.from_url(server.url) as client:
            client.hset("o:export-status", mapping={"served_by": "a" * 40, "alive_at": restarted.clock() + 60.0})

    assert restarted.whole_since(fail_over, seconds=30.0) == restarted.clock()
