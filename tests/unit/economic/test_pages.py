"""Overlapping pages and cursors, while people delete, add and move: what is there all the time is not missed."""

import random
from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.economic_bodies import API

from worker.economic.api_calls import ApiCalls
from worker.economic.pages import Pages
from worker.economic.port import Reply

#: Items on a page of these servers, where e-conomic's have 1000.
SIZE = 20
#: Numbers from here on were added while the listing was read.
ADDED = 1000
Change = Callable[[list[int]], Any]


class Server:
    """A listing as legacy REST gives it; after each page happens what is planned after so many calls."""

    def __init__(self, items: Sequence[int], plan: dict[int, Change] | None = None) -> None:
        self.items = list(items)
        self.plan = plan or {}
        self.asked: list[tuple[int, int]] = []

    def get(self, path: str) -> Reply:
        query = dict(parse_qsl(urlsplit(path).query))
        skip, size = int(query["skippages"]), min(int(query["pagesize"]), SIZE)
        page = self.items[skip * size : (skip + 1) * size]
        pagination: dict[str, Any] = {"pageSize": size, "results": len(self.items)}
        if len(self.items) > (skip + 1) * size:
            pagination["nextPage"] = f"{API}/things?skippages={skip + 1}&pagesize={size}"
        collection = [{"self": f"{API}/things/{number}", "n": number} for number in page]
        self.asked.append((skip, size))
        self.happens()
        return Reply(status=200, body={"collection": collection, "pagination": pagination})

    def happens(self) -> None:
        self.plan.get(len(self.asked), lambda _: None)(self.items)

    def read(self) -> list[int]:
        found = Pages(cast("ApiCalls", self), API).every("/things", "")
        return [item["n"] for item in found.values()]


@pytest.mark.parametrize(
    ("count", "asked"),
    [
        (0, [(0, 20)]),
        (20, [(0, 20)]),
        # 20, then 1 x 19 to 2 x 19 - 1
        (38, [(0, 20), (1, 19)]),
        # 36 items before the third page, which begins two items before the second one's end
        (54, [(0, 20), (1, 19), (2, 18)]),
    ],
)
def test_a_listing_that_stands_still_is_read_once(count: int, asked: list[tuple[int, int]]) -> None:
    """Each page begins with the last items of the one before it, and there is no second reading."""
    server = Server(range(count))

    assert server.read() == list(range(count))
    assert server.asked == asked


def test_pages_that_got_too_small_to_overlap_are_read_twice() -> None:
    """Page 10 would have 10 items, all of them seen: no proof, so two readings along e-conomic's own links."""
    server = Server(range(130))

    assert server.read() == list(range(130))
    assert server.asked[:10] == [(n, 20 - n) for n in range(10)]
    assert server.asked[10:] == [(n, 20) for n in (*range(1, 7), *range(7))]  # the first page has been read


def _delete_and_add(items: list[int]) -> None:
    """As many as before: a count tells nothing."""
    del items[0]
    items.append(ADDED)


def _swap_out(items: list[int]) -> None:
    del items[3], items[10]
    items.extend((ADDED, ADDED + 1))


@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_delete_and_add, id="one deleted, one added"),
        pytest.param(_swap_out, id="two deleted, two added"),
        pytest.param(lambda items: items.insert(0, items.pop(45)), id="one moved to the front"),
        pytest.param(lambda items: (items.insert(0, items.pop(45)), items.pop(7)), id="one moved, one deleted"),
        pytest.param(lambda items: (items.insert(0, items.pop(45)), items.append(ADDED)), id="one moved, one added"),
    ],
)
def test_what_an_unchanged_or_smaller_count_hides_is_found(after: int, change: Change) -> None:
    """The overlap shifts, or the count shrinks: the listing is read again, and everything is there."""
    server = Server(range(50), {after: change})
    found = server.read()

    assert {number for number in server.items if number < ADDED} <= set(found)
    assert len(found) == len(set(found))


def test_a_listing_that_grows_at_its_end_is_read_once() -> None:
    """Our own workers post on while a period is checked; that moves nothing that was there."""
    server = Server(range(50), {n: lambda items: items.append(ADDED + len(items)) for n in range(1, 9)})

    assert set(range(50)) <= set(server.read())
    assert len(server.asked) == 3


@st.composite
def _changes(draw: st.DrawFn) -> tuple[int, dict[int, Change]]:
    """A listing, and after each of its first pages any number of deletions and additions anywhere."""
    count = draw(st.integers(SIZE + 1, 90))
    step = st.tuples(st.booleans(), st.integers(0, 200))
    plan = draw(st.dictionaries(st.integers(1, 8), st.lists(step, min_size=1, max_size=6), max_size=5))
    numbers = iter(range(ADDED, ADDED + 100))

    def change(steps: list[tuple[bool, int]]) -> Change:
        def apply(items: list[int]) -> None:
            for adds, at in steps:
                if adds:
                    items.insert(at % (len(items) + 1), next(numbers))
                elif items:
                    items.pop(at % len(items))

        return apply

    return count, {after: change(steps) for after, steps in plan.items()}


@given(_changes())
def test_whatever_is_deleted_and_added_between_pages(changes: tuple[int, dict[int, Change]]) -> None:
    """As many deletions as additions between the same two pages too: what is there all the time is found, once."""
    count, plan = changes
    server = Server(range(count), plan)
    found = server.read()

    assert {number for number in server.items if number < ADDED} <= set(found)
    assert len(found) == len(set(found))


@given(_changes(), st.integers(1, 8), st.integers(0, 89), st.integers(0, 89))
def test_whatever_moves_while_others_are_deleted_and_added(
    changes: tuple[int, dict[int, Change]], after: int, taken: int, put: int
) -> None:
    """One that moves, between two pages of its own, and others that come and go between others."""
    count, plan = changes

    def move(items: list[int]) -> None:
        if items:
            items.insert(put % len(items), items.pop(taken % len(items)))

    server = Server(range(count), plan | {after: move})
    found = server.read()

    assert {number for number in server.items if number < ADDED} <= set(found)


@pytest.mark.parametrize("without", ["pageSize", "results"])
def test_a_server_that_does_not_tell_is_read_twice(without: str) -> None:
    """Sizes and counts are believed only where they are told."""

    class Silent(Server):
        def get(self, path: str) -> Reply:
            reply = super().get(path)
            del reply.body["pagination"][without]
            return reply

    server = Silent(range(30))

    assert server.read() == list(range(30))
    assert server.asked == [(0, 20), (1, 20)] * 2


def test_a_server_that_keeps_to_its_own_page_size_hides_nothing() -> None:
    """It answers 20 items where 19 are asked for, so its second page does not overlap the first."""

    class Stubborn(Server):
        def get(self, path: str) -> Reply:
            return super().get(path.replace("pagesize=19", "pagesize=20"))

    server = Stubborn(range(30), {1: lambda items: items.pop(0)})

    assert set(range(1, 30)) <= set(server.read())


class Service:
    """A newer service's listing, whose cursor is a place in it: the harshest reading of what is not documented."""

    def __init__(self, items: Sequence[int], plan: dict[int, Change]) -> None:
        self.items = list(items)
        self.plan = plan
        self.calls = 0

    def get(self, path: str) -> Reply:
        start = int(dict(parse_qsl(urlsplit(path).query)).get("cursor", 0))
        body: dict[str, Any] = {"items": [{"number": number} for number in self.items[start : start + SIZE]]}
        if len(self.items) > start + SIZE:
            body["cursor"] = str(start + SIZE)
        self.calls += 1
        self.plan.get(self.calls, lambda _: None)(self.items)
        return Reply(status=200, body=body)

    def read(self, *, grows_only: bool = False) -> list[int]:
        first = self.get("/service?filter=x").body
        found = Pages(cast("ApiCalls", self), API).by_cursor("/service", "x", first, grows_only=grows_only)
        return [item["number"] for item in found.values()]


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (20, 1), (21, 4), (50, 6)])
def test_a_cursor_of_one_page_is_followed_once_of_several_twice(count: int, calls: int) -> None:
    """A deletion pulls what follows past a cursor that is a place."""
    service = Service(range(count), {})

    assert service.read() == list(range(count))
    assert service.calls == calls


@pytest.mark.parametrize("seed", range(100))
def test_whatever_is_deleted_and_added_under_a_cursor(seed: int) -> None:
    """As of pages: documents are attached and deleted while they are listed."""
    chance = random.Random(seed)

    def happens(items: list[int]) -> None:
        if chance.random() < 0.6:
            items.pop(chance.randrange(len(items)))
        else:
            items.insert(chance.randint(0, len(items)), ADDED + len(items))

    service = Service(range(chance.randint(21, 70)), dict.fromkeys(range(1, 8), happens))
    found = service.read()

    assert {number for number in service.items if number < ADDED} <= set(found)


@given(st.dictionaries(st.integers(1, 6), st.lists(st.integers(0, 200), min_size=1, max_size=5), max_size=4))
def test_what_only_grows_is_followed_once(plan: dict[int, list[int]]) -> None:
    """Booked entries are never deleted: one that comes between pushes others on, to pages to come, and none twice."""
    numbers = iter(range(ADDED, ADDED + 100))

    def grow(places: list[int]) -> Change:
        def apply(items: list[int]) -> None:
            for place in places:
                items.insert(place % (len(items) + 1), next(numbers))

        return apply

    service = Service(range(55), {after: grow(places) for after, places in plan.items()})
    found = service.read(grows_only=True)

    assert set(range(55)) <= set(found)
    assert len(found) == len(set(found))
