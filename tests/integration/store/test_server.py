"""The store and its server: what survives, and what is said when there is none."""

import socketserver
import threading
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import redis
from hatchling.builders.wheel import WheelBuilder
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.clock import ManualClock
from support.ports import free_port
from support.store import steps
from support.store.steps import FAILURE

from config.settings_sections import Redis
from worker.domain.record import MoveToDeadLetters, State
from worker.errors import StoreUnavailable
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy, connect
from worker.store.redis_store import RedisStore
from worker.store.server_check import check_server

NO_RETRY = Retry(NoBackoff(), 0)
ROOT = Path(__file__).parents[3]


def test_every_answered_write_survives_a_killed_server(tmp_path: Path) -> None:
    """Lease, dead letter and history are there after SIGKILL and restart; scripts load themselves again."""
    with EmbeddedServer(tmp_path, port=free_port()) as server, connect(Redis(url=SecretStr(server.url))) as client:
        store = RedisStore(client, prefix="o:", policy=StorePolicy())
        [first, second] = steps.queue(store, 1, 2)
        claimed = steps.claim(store, first)
        store.save(steps.claim(store, second), MoveToDeadLetters(failure=FAILURE))
        server.kill()
        server.start()

        assert claimed == steps.stored(store, first)
        assert ("dead", FAILURE.reason) == steps.events(store, second)[-1]
        assert store.save(claimed, steps.GOING_ON).state == State.EXPORTING


def test_without_a_server_the_store_is_down() -> None:
    """Commands, scripts and listings alike say so in words; nothing of the driver reaches the rooms above."""
    with redis.Redis(port=1, retry=NO_RETRY) as client:
        store = RedisStore(client, prefix="o:", policy=StorePolicy())

        for call in (
            lambda: store.claim("main-1"),
            lambda: store.event_known("e-1"),
            lambda: list(store.invoices("main-p1", None)),
            lambda: store.pause("main", FAILURE),
            lambda: check_server(client),
        ):
            with pytest.raises(StoreUnavailable, match="Redis does not answer") as refused:
                call()
            assert refused.value.failure.reason == "store-unavailable"


def test_a_server_that_refuses_is_down_too(redis_client: redis.Redis, redis_prefix: str) -> None:
    """A key of another kind where the store's stands, as after a mixed-up prefix, stops the work with its text."""
    redis_client.set(f"{redis_prefix}invoice:main-1", "someone else's")
    store = RedisStore(redis_client, prefix=redis_prefix, policy=StorePolicy())

    with pytest.raises(StoreUnavailable, match=r"Redis refused a command.*WRONGTYPE"):
        store.claim("main-1")


def test_the_servers_own_time_counts(redis_client: redis.Redis, redis_prefix: str) -> None:
    """Without a clock the script asks the server, so leases of several hosts compare."""
    store = RedisStore(redis_client, prefix=redis_prefix, policy=StorePolicy(lease_seconds=25.0))
    [invoice_id] = steps.queue(store, 1)
    before = time.time()
    record = steps.claim(store, invoice_id)

    assert before - 1.0 <= record.lease_until - 25.0 <= time.time() + 1.0
    assert record.lease_until == pytest.approx(record.updated_at + 25.0)


def test_a_client_that_decodes_serves_as_well(redis_url: str, redis_prefix: str) -> None:
    """Text or bytes from the driver: the same records."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        store = RedisStore(client, prefix=redis_prefix, policy=StorePolicy())
        [invoice_id] = steps.queue(store, 1)

        assert steps.claim(store, invoice_id) == steps.stored(store, invoice_id)


def test_two_prefixes_are_two_stores(tmp_path: Path) -> None:
    """Every key lies below the prefix, so installations and tests may share a server."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        first, other = (RedisStore(client, prefix=f"{name}:", policy=StorePolicy()) for name in ("one", "other"))
        steps.queue(first, 1)
        first.pause("main", FAILURE)
        first.open_shared("customer")
        first.requeue(steps.dead_letter(first, 2), by="kim")

        assert (other.invoice("main-1"), dict(other.paused()), list(other.periods())) == (None, {}, [])
        assert [key for key in client.scan_iter() if not key.startswith(b"one:")] == []


def test_the_embedded_server_is_fit_for_a_store(tmp_path: Path) -> None:
    """What we start ourselves passes our own check; the same server without its file does not."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        good = check_server(client)
        client.config_set("appendonly", "no")
        problems = check_server(client)

        assert (good, len(problems)) == ([], 1)


def test_a_lease_of_the_run_before_counts_no_crash(tmp_path: Path) -> None:
    """Nobody could renew it while the server was down, four times in a row; a crash after that counts as always."""
    clock, policy = ManualClock(1_795_248_000.0), StorePolicy()
    with EmbeddedServer(tmp_path, port=free_port()) as server, connect(Redis(url=SecretStr(server.url))) as client:
        store = RedisStore(client, prefix="one:", policy=policy, clock=clock)
        [invoice_id] = steps.queue(store, 1)
        store.sweep(idle_exports=frozenset())
        for _ in range(4):
            steps.claim(store, invoice_id)
            server.kill()
            server.start()
            clock.advance(policy.lease_seconds)
            store.sweep(idle_exports=frozenset())
        restarted = steps.stored(store, invoice_id)
        clock.advance(1)
        steps.claim(store, invoice_id)
        clock.advance(policy.lease_seconds)
        store.sweep(idle_exports=frozenset())

        assert (restarted.state, restarted.crashes) == (State.QUEUED, 0)
        assert steps.stored(store, invoice_id).crashes == 1


@pytest.mark.parametrize("word", ["READONLY You can't write against a read only replica.", "MASTERDOWN Link is down."])
def test_a_server_that_is_no_primary_any_more_is_left(word: str) -> None:
    """The connection to it is dropped and the name looked up again: the next one answers."""
    connections = 0

    class Failover(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            nonlocal connections
            connections += 1
            demoted = connections == 1
            while head := self.rfile.readline():
                command, *_ = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(head[1:]))]
                answer = f"-{word}" if demoted and command == b"SET" else "+PONG" if command == b"PING" else "+OK"
                self.wfile.write(f"{answer}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Failover) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host, port = server.server_address[:2]
        with closing(connect(Redis(url=SecretStr(f"redis://{host}:{port}/0?protocol=2")))) as client:
            assert client.set("key", "value")
        server.shutdown()

    assert connections == 2


def test_the_wheel_brings_every_script(tmp_path: Path) -> None:
    """An installed product has its Lua files."""
    built = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())

    scripts = {str(file.relative_to(ROOT)) for file in (ROOT / "worker/store/lua").glob("*.lua")}
    assert scripts
    assert scripts <= names
