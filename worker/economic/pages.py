"""Whole listings, page after page, so that nothing is missed that is there all the time.

Pages shift while they are read: what is deleted on one page pulls everything behind it forward, past the reader. So
they are read overlapping: each begins with the items that the one before it ended with. As long as it does, what was
deleted and added in front of them cancels itself out, and no item behind them can have come before them, as items keep
their order. One that changes its place (a voucher that gets another number) pushes the overlap on, which shows; unless
another item leaves between the same two pages: then the count shrinks, unless a third one comes.

Where pages do not overlap as they should, the listing is read again, until a reading has everything that the one before
it had, in the same order. What is pulled past the reader is pulled by an item that was read and is gone, or stands
elsewhere, so the next reading differs; only what changes its own place in each of two readings is missed.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, TypeVar
from urllib.parse import quote

from worker.domain.reasons import failure
from worker.economic.api_calls import ApiCalls
from worker.economic.parsers import MALFORMED
from worker.economic.reasons import EconomicReason
from worker.economic.urls import local, route
from worker.errors import Unavailable

T = TypeVar("T")
#: The largest page that e-conomic gives; 1001 is refused with E04810.
PAGE = 1000
#: More pages than any agreement has: a server that always names a next one must not hold a worker for ever.
_MOST_PAGES = 1000
#: Readings of one listing in a row whose pages shift; more than that is no bookkeeper's work.
_MOST_READINGS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """One page of a listing of legacy REST."""

    items: Mapping[str, Any]
    #: Path of the next one, as e-conomic names it; None: this is the last.
    following: str | None
    #: Items on a page, and items in all; None: the answer does not tell.
    size: int | None
    results: int | None


class Pages:
    """Readings of listings of one agreement: their items by their identity. Raises as every read does."""

    def __init__(self, calls: ApiCalls, api_url: str) -> None:
        self._calls = calls
        self._api_url = api_url.rstrip("/")

    def every(self, path: str, query: str) -> Mapping[str, Any]:
        """Return every item of a listing of legacy REST; ``query`` is a percent-encoded filter."""
        return self._whole(path, query, self._page(_address(path, 0, PAGE, query)))

    def at_most(self, most: int, path: str, query: str) -> Mapping[str, Any] | None:
        """Return every item; None when there are more than ``most``, of which one page was read then."""
        first = self._page(_address(path, 0, PAGE, query))
        told = len(first.items) if first.results is None else first.results
        return None if told > most else self._whole(path, query, first)

    def by_cursor(self, path: str, query: str, page: Any, *, grows_only: bool) -> Mapping[str, Any]:
        """Return every item of a newer service's listing that begins with this page.

        What a cursor stands for is not documented; it may be a place in the list, and places shift. So several pages
        are read again as above, but for a listing that only grows: there items move away from what was read.
        """
        items, pages = self._along(path, query, page)
        if grows_only or pages == 1:
            return items
        first = f"{path}?filter={query}" if query else path
        return self._settled(path, lambda: self._along(path, query, self._calls.get(first).body)[0], items)

    def _whole(self, path: str, query: str, first: _Page) -> Mapping[str, Any]:
        if first.following is None:
            return first.items
        overlapping = self._overlapping(path, query, first)
        if overlapping is not None:
            return overlapping
        again = partial(self._page, _address(path, 0, PAGE, query))
        return self._settled(path, lambda: self._by_links(path, again()), self._by_links(path, first))

    def _overlapping(self, path: str, query: str, first: _Page) -> Mapping[str, Any] | None:
        """Return what overlapping pages have; None when they do not overlap as they should, or something left.

        Page ``n`` is smaller by ``n`` items than the first, so that it begins ``n`` items before the end of the one
        before it: a page begins at a multiple of its size. On small pages that soon leads no further.
        """
        size, results, items = first.size, first.results, dict(first.items)
        if size is None or results is None or len(items) != size:
            return None
        for skip in count(1):
            if size - skip <= skip:
                return None
            page = self._page(_address(path, skip, size - skip, query))
            shrunk = page.results is None or page.results < results
            if shrunk or list(page.items)[:skip] != list(items)[-skip:]:
                return None
            results = page.results or 0
            items |= page.items
            if page.following is None:
                return items if len(items) == results else None
        raise _nonsense(path)

    def _settled(
        self, path: str, reading: Callable[[], Mapping[str, Any]], before: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return what readings have, repeated while pages shift; of each item the latest.

        An order that never comes twice proves nothing, and is no reason to read nothing for ever.
        """
        seen, lacking = before, True
        for _ in range(_MOST_READINGS):
            now = reading()
            seen = {**seen, **now}
            if list(before) == [item for item in now if item in before]:
                return seen
            lacking = not before.keys() <= now.keys()
            before = now
        if not lacking:
            return seen
        text = f"GET {route(path)}: the listing changes faster than it can be read. It is read again later."
        raise Unavailable(failure(EconomicReason.ECONOMIC_UNAVAILABLE, text))

    def _by_links(self, path: str, page: _Page) -> dict[str, Any]:
        """Read a listing once, from this page along the links that e-conomic gives."""
        items = dict(page.items)
        for _ in range(_MOST_PAGES):
            if page.following is None:
                return items
            page = self._page(page.following)
            items |= page.items
        raise _nonsense(path)

    def _page(self, address: str) -> _Page:
        return understood(self._read, self._calls.get(address).body, address)

    def _read(self, body: Any) -> _Page:
        pagination = body.get("pagination") or {}
        following = pagination.get("nextPage")
        return _Page(
            items=_by_identity(list(body["collection"])),
            following=local(following, self._api_url) if following else None,
            size=_count(pagination.get("pageSize")),
            results=_count(pagination.get("results")),
        )

    def _along(self, path: str, query: str, page: Any) -> tuple[dict[str, Any], int]:
        """Read a listing once, along its cursors; return how many pages it had as well."""
        chosen = f"&filter={query}" if query else ""
        items: dict[str, Any] = {}
        for pages in range(1, _MOST_PAGES + 1):
            items |= understood(lambda body: _by_identity(list(body["items"])), page, path)
            if not page.get("cursor"):
                return items, pages
            page = self._calls.get(f"{path}?cursor={quote(str(page['cursor']), safe='')}{chosen}").body
        raise _nonsense(path)


def _address(path: str, skip: int, size: int, query: str) -> str:
    return f"{path}?skippages={skip}&pagesize={size}{f'&filter={query}' if query else ''}"


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _by_identity(page: Sequence[Any]) -> dict[str, Any]:
    """Return the items of a page by what each is known by, whatever else of it changes: its address, else all of it.

    An address that stands on a page twice tells nothing apart, and no item may be lost to another.
    """
    addresses = [item.get("self") if isinstance(item, dict) else None for item in page]
    known = Counter(address for address in addresses if isinstance(address, str) and address)
    return {
        address if isinstance(address, str) and known[address] == 1 else repr(item): item
        for address, item in zip(addresses, page, strict=True)
    }


def understood(parse: Callable[[Any], T], body: Any, path: str) -> T:
    """Return what an answer says; ``Unavailable`` when it makes no sense."""
    try:
        return parse(body)
    except MALFORMED as error:
        raise _nonsense(path) from error


def _nonsense(path: str) -> Unavailable:
    text = f"GET {route(path)}: e-conomic's answer could not be understood."
    return Unavailable(failure(EconomicReason.ECONOMIC_UNAVAILABLE, text))
