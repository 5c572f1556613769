"""What the store costs Redis, so that nobody adds a command per invoice unseen."""

from pathlib import Path

import redis
from support.store import steps

from worker.domain.record import Continue, Finish, Outcome
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

INVOICES = 200


def test_an_invoice_costs_four_trips_and_at_most_34_commands(tmp_path: Path) -> None:
    """From intake to its end, in a period of 200: claim and three saves, all else shared by the period."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        store = RedisStore(client, prefix="o:", policy=StorePolicy())
        _export(store, 1, 2)  # loads the scripts
        before = _commands(client)
        _export(store, 1000, INVOICES)
        after = _commands(client)
        trips = (after["evalsha"] - before["evalsha"]) / INVOICES
        commands = (sum(after.values()) - sum(before.values())) / INVOICES

        assert trips < 4.1
        assert commands <= 34


def _export(store: RedisStore, first: int, count: int) -> None:
    invoice_ids = steps.queue(store, *range(first, first + count), period_number=first)
    store.published(invoice_ids)
    for invoice_id in invoice_ids:
        record = steps.claim(store, invoice_id)
        record = store.save(record, Continue(event="draft-intended"))
        record = store.save(record.with_progress(draft_number=5), Continue(event="drafted"))
        store.save(record, Finish(outcome=Outcome.BOOKED))


def _commands(client: redis.Redis) -> dict[str, int]:
    """Return the calls of each command so far, those inside scripts included."""
    return {name.removeprefix("cmdstat_"): found["calls"] for name, found in client.info("commandstats").items()}
