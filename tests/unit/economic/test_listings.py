"""Listings whose pages shift while they are read: what is there all the time is not missed."""

import random
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from support.economic_bodies import API

from worker.economic.api_calls import ApiCalls
from worker.economic.listings import Listings
from worker.economic.port import Reply
from worker.errors import Unavailable

SIZE = 3


class Server:
    """A listing in pages of three, whose sizes it does not tell; something happens to it after each page."""

    def __init__(self, items: list[int], happens: Callable[[list[int], int], None]) -> None:
        self.items = items
        self.happens = happens
        self.calls = 0

    def get(self, path: str) -> Reply:
        skip = int(dict(parse_qsl(urlsplit(path).query))["skippages"])
        page = self.items[skip * SIZE : (skip + 1) * SIZE]
        following = {"nextPage": f"{API}/things?skippages={skip + 1}"} if len(self.items) > (skip + 1) * SIZE else {}
        body = {"collection": [{"self": f"{API}/things/{n}", "n": n} for n in page], "pagination": following}
        self.calls += 1
        self.happens(self.items, self.calls)
        return Reply(status=200, body=body)

    def read(self) -> list[int]:
        every = Listings(cast("ApiCalls", self), API).every("/things", lambda body: cast("int", body["n"]))
        return list(every)


def _nothing(items: list[int], call: int) -> None:
    del items, call


def _once(call: int, change: Callable[[list[int]], Any]) -> Callable[[list[int], int], None]:
    def happens(items: list[int], calls: int) -> None:
        if calls == call:
            change(items)

    return happens


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (3, 1), (4, 4), (9, 6)])
def test_one_page_is_read_once_several_twice(count: int, calls: int) -> None:
    """Nearly every listing that a lookup needs is one page, and costs what it did."""
    server = Server(list(range(count)), _nothing)

    assert server.read() == list(range(count))
    assert server.calls == calls


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda items: items.pop(0), id="deleted"),
        pytest.param(lambda items: items.insert(0, items.pop(3)), id="moved forward"),
        pytest.param(lambda items: items.append(items.pop(0)), id="moved back"),
        pytest.param(lambda items: items.insert(0, 99), id="inserted"),
    ],
)
@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_what_shifts_between_two_pages_is_not_missed(call: int, change: Callable[[list[int]], Any]) -> None:
    """Whichever page it happens after, of the first reading or of the second; and nothing comes out twice."""
    server = Server(list(range(7)), _once(call, change))
    found = server.read()

    assert set(server.items) <= {*found, 99}
    assert len(found) == len(set(found))


@pytest.mark.parametrize("seed", range(300))
def test_whatever_a_bookkeeper_deletes_and_creates_meanwhile(seed: int) -> None:
    """Deletions and new entries at any moment, and one entry that moves: everything else is seen."""
    chance = random.Random(seed)
    moves = [chance.randint(1, 8)]

    def happens(items: list[int], calls: int) -> None:
        if calls in moves:
            items.insert(chance.randrange(len(items)), items.pop(chance.randrange(len(items))))
        elif calls <= 9 and chance.random() < 0.5:
            items.pop(chance.randrange(len(items)))
        elif calls <= 9 and chance.random() < 0.3:
            items.insert(chance.randint(0, len(items)), 1000 + calls)

    server = Server(list(range(chance.randint(12, 25))), happens)
    found = server.read()

    assert {number for number in server.items if number < 1000} <= set(found)


def test_a_listing_that_never_stands_still_is_no_answer() -> None:
    """Unavailable, so that it is tried again later: never taken for a listing without what was missed."""
    server = Server(list(range(400)), lambda items, _: items.pop(0))

    with pytest.raises(Unavailable, match="changes faster than it can be read"):
        server.read()


def test_an_order_that_never_comes_twice_is_read_all_the_same() -> None:
    """A server without an order of its own proves nothing, and is no reason to read nothing for ever."""
    server = Server(list(range(7)), lambda items, calls: items.reverse() if calls % 3 == 0 else None)

    assert sorted(server.read()) == list(range(7))


def test_an_address_that_stands_on_two_items_hides_neither() -> None:
    """Whatever a server writes there: no item of a page is lost to another."""
    rows = [{"self": f"{API}/things/1", "n": n} for n in (1, 2)] + [{"self": "", "n": 3}, {"self": None, "n": 4}]

    class Careless(Server):
        def get(self, path: str) -> Reply:
            del path
            return Reply(status=200, body={"collection": rows, "pagination": {}})

    assert Careless([], _nothing).read() == [1, 2, 3, 4]
