"""Pages over a large period ask Redis as often as over a small one, and never for all of its records."""

import pytest
import redis
from bench.page import PAGES, ask, fill, show
from support.web_page import Page

from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

#: Both fill a page of a list; every tenth invoice of them has failed.
SMALL, LARGE = 1_200, 3_600
#: Commands by which a page over the large one may differ: conditions that change between two looks.
SLACK = 5
#: What a text chooses, and which of a frozen set have moved: each is looked at in Redis, a thousand in one trip.
BATCHES = {name: path for name, path in PAGES.items() if name.endswith("of_text") or name.startswith("approval_")}
BATCHES["approval"] = PAGES["approval"]
BOUNDED = {name: path for name, path in PAGES.items() if name not in BATCHES}


def _calls(client: redis.Redis) -> dict[str, int]:
    stats = client.info("commandstats")
    return {name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in stats.items()}


def _asked(page: Page, client: redis.Redis, path: str) -> dict[str, int]:
    """Return the commands that a page sends, those of its scripts included."""
    page.browser.get(path)  # what is looked up once is looked up
    before = _calls(client)
    assert page.browser.get(path).status_code in {200, 303}
    after = _calls(client)
    ours = {name: calls - before.get(name, 0) for name, calls in after.items() if name != "info"}
    return {name: calls for name, calls in ours.items() if calls}


def _measured(client: redis.Redis, prefix: str, invoices: int) -> dict[str, dict[str, int]]:
    store = RedisStore(client, prefix=prefix, policy=StorePolicy())
    fill(store, invoices)
    page = Page(client, prefix)
    show(page, store)
    ask(page, store)
    [cause] = store.causes()
    return {name: _asked(page, client, path.format(cause=cause.id)) for name, path in PAGES.items()}


@pytest.mark.timeout(600)
def test_a_page_asks_as_often_whatever_the_size(redis_client: redis.Redis, redis_prefix: str) -> None:
    """No scan of keys, no more commands over three times as many invoices; one trip for 1000 that a text chooses."""
    small = _measured(redis_client, f"{redis_prefix}small:", SMALL)
    large = _measured(redis_client, f"{redis_prefix}large:", LARGE)
    for name in PAGES:
        assert not {"keys", "scan", "hscan", "sscan", "zscan"} & large[name].keys(), name
    for name in BOUNDED:
        assert sum(large[name].values()) <= sum(small[name].values()) + SLACK, (name, small[name], large[name])
    for name in BATCHES:
        trips = sum(large[name].get(command, 0) for command in ("evalsha", "eval"))
        assert trips <= LARGE // 1000 + 1 + SLACK, (name, large[name])
        assert large[name].get("hgetall", 0) <= small[name].get("hgetall", 0), name
