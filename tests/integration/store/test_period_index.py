"""Periods that an older version took in, or that one still moves: what their index lacks is made up for."""

from pathlib import Path

import redis
from support.clock import ManualClock
from support.samples import customer, invoice, line
from support.store import steps
from support.store.index_rules import PERIOD, finish, take_in

from worker.domain.invoice_search import InvoiceFilter
from worker.domain.record import MoveToDeadLetters, State
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore


def _store(client: redis.Redis, prefix: str) -> RedisStore:
    store = RedisStore(client, prefix=prefix, policy=StorePolicy(), clock=ManualClock())
    take_in(
        store,
        *(invoice(line("100.00"), invoice_number=n, customer=customer(name=f"Kunde {n}")) for n in (1, 2, 30)),
    )
    finish(store, 1, remarks=("cut", "late"))
    store.save(steps.claim(store, "main-30"), MoveToDeadLetters(failure=steps.FAILURE))
    return store


def _read(store: RedisStore, client: redis.Redis) -> int:
    """Return the commands that the sums, a page and a search of a period take."""
    before = _commands(client)
    store.period_sums(PERIOD)
    store.find(PERIOD, InvoiceFilter(), start=20, count=20)
    store.find(PERIOD, InvoiceFilter(state=State.QUEUED), start=0, count=20)
    store.find(PERIOD, InvoiceFilter(text="kunde 1"), start=0, count=5)
    return _commands(client) - before


def _commands(client: redis.Redis) -> int:
    return sum(found["calls"] for found in client.info("commandstats").values())


def test_a_large_period_takes_no_more_commands_than_a_small_one(tmp_path: Path) -> None:
    """Ten times as many invoices, the same number of commands: none is read that is not shown."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        store = RedisStore(client, prefix="o:", policy=StorePolicy())
        new = [invoice(invoice_number=n, customer=customer(name=f"Kunde {n}")) for n in range(1, 601)]
        take_in(store, *new[:60])
        _read(store, client)  # loads the scripts
        small = _read(store, client)
        take_in(store, *new, event="e-2")

        assert _read(store, client) == small


def _forget(client: redis.Redis, prefix: str) -> None:
    """Leave what the version without an index has left: members by number, and counts by state."""
    client.zadd(f"{prefix}members:{PERIOD}", {f"main-{number}": number for number in (1, 2, 30)})
    for name in client.hkeys(f"{prefix}counts:{PERIOD}"):
        if name.decode() not in list(State):
            client.hdel(f"{prefix}counts:{PERIOD}", name)
    client.delete(f"{prefix}search:{PERIOD}", f"{prefix}remarks:{PERIOD}")


def test_an_older_versions_period_is_indexed_at_its_first_reading(redis_url: str, redis_prefix: str) -> None:
    """Sums, order, reasons and search are as if it had been indexed all along; the second reading reads the index."""
    with redis.Redis.from_url(redis_url) as client:
        store = _store(client, redis_prefix)
        sums = store.period_sums(PERIOD)
        _forget(client, redis_prefix)

        again = store.period_sums(PERIOD)
        dead = store.find(PERIOD, InvoiceFilter(reason=steps.FAILURE.reason), start=0, count=9)
        named = store.find(PERIOD, InvoiceFilter(text="kunde 2"), start=0, count=9)
        every = store.find(PERIOD, InvoiceFilter(), start=0, count=9)

        assert again == sums == store.period_sums(PERIOD)
        assert [record.id for record in dead.records] == ["main-30"]
        assert [record.id for record in named.records] == ["main-2"]
        assert [record.id for record in every.records] == ["main-30", "main-2", "main-1"]


def test_what_moves_while_records_are_added_up_is_not_kept_stale(redis_url: str, redis_prefix: str) -> None:
    """The sums of the reading that saw the older records are not written over what has come of them since."""
    with redis.Redis.from_url(redis_url) as client:
        store = _store(client, redis_prefix)
        _forget(client, redis_prefix)
        client.hset(f"{redis_prefix}counts:{PERIOD}", "last", "1")
        late = RedisStore(client, prefix=redis_prefix, policy=StorePolicy())
        reading = iter(late.records(late.member_ids(PERIOD)))
        next(reading)
        finish(store, 2)

        assert store.run("keep_index", PERIOD, "1", "", 0, "registered", 3) == [b"refused"]
        assert store.period_sums(PERIOD).states == {State.EXPORTED: 2, State.DEAD: 1}


def test_sums_that_are_too_large_for_a_script_are_added_up(redis_url: str, redis_prefix: str) -> None:
    """Two of 60 billion: 120 000 000 000 000.00 to the øre, where a script's arithmetic would end."""
    with redis.Redis.from_url(redis_url) as client:
        store = RedisStore(client, prefix=redis_prefix, policy=StorePolicy())
        large = line("60000000000000.01", rate="0.00")
        take_in(store, *(invoice(large, invoice_number=number) for number in (1, 2)))

        assert str(store.period_sums(PERIOD).currencies["DKK"].gross) == "120000000000000.02"
