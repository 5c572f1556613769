"""A failover of Redis: who stands behind the name counts, not who happens to be connected."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.chaos.proxy import Proxy

from config.settings_sections import Redis
from worker.domain.signs_of_life import Part
from worker.errors import StoreUnavailable
from worker.local.embedded import EmbeddedServer
from worker.runtime.primary_watch import PrimaryWatch
from worker.runtime.signs_of_life import ShownLife
from worker.store.connection import StorePolicy, connect
from worker.store.event_queue import RedisEventQueue, event_client
from worker.store.redis_store import RedisStore

pytestmark = pytest.mark.xdist_group("failover")  # one pair of servers for all of them


class Servers:
    """Two servers with one password, and a name that leads to one of them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._first, self._second = (stack.enter_context(EmbeddedServer(folder / name)) for name in ("a", "b"))
        self.first, self.second = (
            stack.enter_context(redis.Redis.from_url(server.url)) for server in (self._first, self._second)
        )
        password = urlsplit(self._first.url).password or ""
        with redis.Redis.from_url(self._second.url) as client:
            client.config_set("requirepass", password)
        self.second = stack.enter_context(redis.Redis(port=self._second.port, password=password))
        for client in (self.first, self.second):
            client.config_set("masterauth", password)
        self._name = stack.enter_context(Proxy(lambda: self._first.port))
        self.url = f"redis://:{password}@127.0.0.1:{self._name.port}/0"

    def begin(self) -> None:
        """Have both be primaries, empty, and the name lead to the first."""
        for client in (self.first, self.second):
            client.replicaof("NO", "ONE")
            client.flushall()
        self._name.lead_to(self._first.port)

    def rename(self) -> None:
        """Have the name lead to the second; no connection is cut."""
        self._name.lead_to(self._second.port)

    def demote(self) -> None:
        """Make a replica of the first."""
        self.first.replicaof("127.0.0.1", self._second.port)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(tmp_path_factory.mktemp("failover"), stack)


@pytest.fixture
def servers(both: Servers) -> Servers:
    both.begin()
    return both


def _settings(servers: Servers) -> Redis:
    return Redis(url=SecretStr(servers.url))


def test_a_demoted_primary_is_left_by_a_store(servers: Servers) -> None:
    """It stays connected and answers READONLY; the very next call goes to the new one."""
    with connect(_settings(servers)) as client:
        store = RedisStore(client, prefix="o:", policy=StorePolicy())
        store.event_known("before")
        servers.rename()
        servers.demote()

        store.show_life(Part.SWEEPS, "here")

    assert servers.second.exists("o:alive") == 1


def test_a_demoted_primary_is_left_by_who_waits_for_events(servers: Servers) -> None:
    """What waits at the queue is sent away by the demotion (UNBLOCKED): the next wait is at the new one."""
    client = event_client(Redis(url=SecretStr(servers.url), socket_timeout=15, connect_timeout=5))
    with closing(client):
        queue = RedisEventQueue(client, queue="events", clock=lambda: 0.0, consumer="here")
        refused: list[StoreUnavailable] = []

        def wait() -> None:
            try:
                queue.take(10)
            except StoreUnavailable as error:
                refused.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not servers.first.info("clients")["blocked_clients"]:
            assert waiting.is_alive()
        servers.rename()
        servers.demote()
        waiting.join(20)
        servers.second.lpush("events", b"{}")

        assert ["replica" in error.failure.description for error in refused] == [True]
        assert queue.take(5) == b"{}"


def test_a_server_that_lost_its_name_is_left(servers: Servers) -> None:
    """It is a primary still and answers everything: nothing but a look at the name tells. Every thread leaves it."""
    with connect(_settings(servers)) as client:
        store = RedisStore(client, prefix="o:", policy=StorePolicy())
        left: list[str] = []
        life = ShownLife(
            store=store,
            part=Part.SWEEPS,
            name="here",
            monotonic=iter((0.0, 20.0)).__next__,
            look=PrimaryWatch(client, leave=lambda: left.append("broker")),
        )
        looked, done = threading.Event(), threading.Event()

        def another_thread() -> None:
            store.event_known("before")
            done.set()
            assert looked.wait(30)
            store.open_shared("customer")

        other = threading.Thread(target=another_thread)
        other.start()
        assert done.wait(30)
        life()
        servers.rename()
        life()
        looked.set()
        other.join(30)

    assert left == ["broker"]
    assert {servers.second.exists("o:alive"), len(servers.second.keys("o:*")) > 1} == {1}
    assert [key for key in servers.first.keys("o:*") if b"customer" in key] == []


def test_a_name_that_leads_nowhere_is_no_other_server() -> None:
    """Away is not replaced: what stands is kept, and nothing fails."""
    with redis.Redis(port=1, retry=Retry(NoBackoff(), 0)) as client:
        watch = PrimaryWatch(client, leave=lambda: pytest.fail("left"))
        watch()
        watch()
