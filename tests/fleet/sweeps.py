"""What a sweep and ``status`` ask of Redis in a store of few and of many exported invoices: the same."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
from fleet.rows import Row
from support.installation import Installation
from support.store import steps

from config.settings_sections import Redis
from worker.domain.record import Finish, Outcome
from worker.domain.store_port import Unclaimed
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

#: Exported invoices in one period, and ten times as many in twice as many.
_FEW, _MANY = 500, 20_000
_CHUNK = 500


def play(short: bool) -> Sequence[Row]:  # noqa: FBT001  # one of the parts
    """Count commands with few records, and with many."""
    few, many = (50, 500) if short else (_FEW, _MANY)
    with TemporaryDirectory(prefix="fleet-") as folder, Installation(Path(folder)) as on, on.client() as client:
        store = RedisStore(client, prefix=Redis().prefix, policy=StorePolicy())
        asked = {"sweep": lambda: store.sweep(idle_exports=frozenset({"main"})), "status": lambda: on.command("status")}
        _export(store, 0, few)
        before = {what: _commands(client, ask) for what, ask in asked.items()}
        _export(store, few, many)
        after = {what: _commands(client, ask) for what, ask in asked.items()}
    return [
        Row(
            what=f"Redis commands of a {what}, {many:,} exported invoices in the store; with {few:,}",
            bar="the same",
            measured=f"{after[what]}; {before[what]}",
            held=after[what] <= before[what],
        )
        for what in asked
    ]


def _commands(client: redis.Redis, act: Callable[[], object]) -> int:
    """Return the commands that Redis ran, those of scripts included; what it takes the first time does not count."""
    act()
    before = _ran(client)
    act()
    return (_ran(client) - before).total() - 1  # our own question


def _ran(client: redis.Redis) -> Counter[str]:
    statistics: dict[str, dict[str, int]] = client.info("commandstats")
    return Counter({name: figures["calls"] for name, figures in statistics.items()})


def _export(store: RedisStore, first: int, last: int) -> None:
    """Take invoices in and export them, one period for all of them."""
    for start in range(first, last, _CHUNK):
        numbers = range(start + 1, min(start + _CHUNK, last) + 1)
        steps.take_in(store, *numbers, event=f"/opter/acme/1#{start}")
        for invoice_id in steps.check(store, "main-p881"):
            record = store.claim(invoice_id)
            assert not isinstance(record, Unclaimed)
            store.save(record, Finish(outcome=Outcome.BOOKED))
