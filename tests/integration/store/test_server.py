"""The ledger and its server: what survives, and what is said when there is none."""

import time
import zipfile
from pathlib import Path

import pytest
import redis
from hatchling.builders.wheel import WheelBuilder
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.store import steps
from support.store.steps import FAILURE

from worker.domain.record import Bury, State
from worker.errors import LedgerDown
from worker.local.embedded import EmbeddedServer
from worker.store import LedgerPolicy, RedisLedger, check_server

NO_RETRY = Retry(NoBackoff(), 0)
ROOT = Path(__file__).parents[3]


def test_every_answered_write_survives_a_killed_server(tmp_path: Path) -> None:
    """Lease, dead letter and history are there after SIGKILL and restart; scripts load themselves again."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        ledger = RedisLedger(client, prefix="o:", policy=LedgerPolicy())
        [first, second] = steps.queue(ledger, 1, 2)
        held = steps.claim(ledger, first)
        ledger.save(steps.claim(ledger, second), Bury(failure=FAILURE))
        server.kill()
        server.start()

        assert held == steps.stored(ledger, first)
        assert ("dead", FAILURE.reason) == steps.events(ledger, second)[-1]
        assert ledger.save(held, steps.GOING_ON).state == State.EXPORTING


def test_without_a_server_the_ledger_is_down() -> None:
    """Commands, scripts and listings alike say so in words; nothing of the driver reaches the rooms above."""
    with redis.Redis(port=1, retry=NO_RETRY) as client:
        ledger = RedisLedger(client, prefix="o:", policy=LedgerPolicy())

        for call in (
            lambda: ledger.claim("main-1"),
            lambda: ledger.event_known("e-1"),
            lambda: list(ledger.invoices("main-p1", None)),
            lambda: ledger.pause("main", FAILURE),
            lambda: check_server(client),
        ):
            with pytest.raises(LedgerDown, match="Redis does not answer") as refused:
                call()
            assert refused.value.failure.reason == "store-unavailable"


def test_a_server_that_refuses_is_down_too(redis_client: redis.Redis, redis_prefix: str) -> None:
    """A key of another kind where the ledger's stands, as after a mixed-up prefix, stops the work with its text."""
    redis_client.set(f"{redis_prefix}invoice:main-1", "someone else's")
    ledger = RedisLedger(redis_client, prefix=redis_prefix, policy=LedgerPolicy())

    with pytest.raises(LedgerDown, match=r"Redis refused a command.*WRONGTYPE"):
        ledger.claim("main-1")


def test_the_servers_own_time_counts(redis_client: redis.Redis, redis_prefix: str) -> None:
    """Without a clock the script asks the server, so leases of several hosts compare."""
    ledger = RedisLedger(redis_client, prefix=redis_prefix, policy=LedgerPolicy(lease_seconds=25.0))
    [invoice_id] = steps.queue(ledger, 1)
    record = steps.claim(ledger, invoice_id)

    assert record.lease_until == pytest.approx(time.time() + 25.0, abs=5.0)
    assert record.lease_until == pytest.approx(record.updated_at + 25.0)


def test_a_client_that_decodes_serves_as_well(redis_url: str, redis_prefix: str) -> None:
    """Text or bytes from the driver: the same records."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        ledger = RedisLedger(client, prefix=redis_prefix, policy=LedgerPolicy())
        [invoice_id] = steps.queue(ledger, 1)

        assert steps.claim(ledger, invoice_id) == steps.stored(ledger, invoice_id)


def test_two_prefixes_are_two_ledgers(tmp_path: Path) -> None:
    """Every key lies below the prefix, so installations and tests may share a server."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        one, other = (RedisLedger(client, prefix=f"{name}:", policy=LedgerPolicy()) for name in ("one", "other"))
        steps.queue(one, 1)
        one.pause("main", FAILURE)
        one.open_shared("customer")
        one.requeue(steps.bury(one, 2), by="kim")

        assert (other.invoice("main-1"), dict(other.paused()), list(other.periods())) == (None, {}, [])
        assert [key for key in client.scan_iter() if not key.startswith(b"one:")] == []


def test_the_embedded_server_is_fit_for_a_ledger(tmp_path: Path) -> None:
    """What we start ourselves passes our own check; the same server without its file does not."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        good = check_server(client)
        client.config_set("appendonly", "no")
        problems = check_server(client)

        assert (good, len(problems)) == ([], 1)


def test_the_wheel_brings_every_script(tmp_path: Path) -> None:
    """An installed product has its Lua files."""
    built = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())

    assert {str(file.relative_to(ROOT)) for file in (ROOT / "worker/ledger/lua").glob("*.lua")} <= names
