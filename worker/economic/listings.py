"""What e-conomic holds, read as values: single resources, and listings with all their pages."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from worker.domain.reasons import failure
from worker.economic.api_calls import ApiCalls
from worker.economic.parsers import MALFORMED
from worker.economic.reasons import EconomicReason
from worker.economic.urls import local, route
from worker.errors import Unavailable

T = TypeVar("T")
#: Turns one resource's JSON into a value.
Parser = Callable[[Any], T]
#: The largest page that e-conomic gives; 1001 is refused with E04810.
PAGE = 1000
#: Items of a sample.
_SAMPLE = 50
#: More pages than any agreement has: a server that always names a next one must not hold a worker for ever.
_MOST_PAGES = 1000
#: Readings of one listing in a row whose pages shift; more than that is no bookkeeper's work.
_MOST_READINGS = 6


class Listings:
    """Reads of one agreement. Errors as for every read, and ``Unavailable`` for an answer that makes no sense."""

    def __init__(self, calls: ApiCalls, api_url: str) -> None:
        self._calls = calls
        self._api_url = api_url.rstrip("/")

    def get(self, path: str, parse: Parser[T]) -> T:
        """Return a resource that must be there."""
        return _understood(parse, self._calls.get(path).body, path)

    def find(self, path: str, parse: Parser[T]) -> T | None:
        """Return a resource, or None when there is none."""
        reply = self._calls.find(path)
        return None if reply is None else _understood(parse, reply.body, path)

    def every(self, path: str, parse: Parser[T], query: str = "") -> tuple[T, ...]:
        """Return a whole listing; ``query`` is a percent-encoded filter.

        Nothing is missed that is there all the time, although pages shift when something is deleted or moved between
        two of them: several pages are read again, until a reading has everything that the one before it had. What has
        not moved by then was on none of the pages that shifted, so one of the two has seen it. Not every listing can
        be sorted and filtered by a key (vouchers of a journal cannot), so they are not read by ranges of it.
        """
        chosen = f"&filter={query}" if query else ""
        seen = self._settled(f"{path}?skippages=0&pagesize={PAGE}{chosen}")
        return tuple(_understood(parse, item, path) for item in seen.values())

    def _settled(self, first: str) -> Mapping[str, Any]:
        """Return the items of a listing by their identity, read again while its pages shift; the latest of each."""
        before, pages = self._reading(first)
        if pages == 1:
            return before
        seen = before
        for _ in range(_MOST_READINGS):
            now, _ = self._reading(first)
            seen = {**seen, **now}
            if before.keys() <= now.keys():
                return seen
            before = now
        text = f"GET {route(first)}: the listing changes faster than it can be read. It is read again later."
        raise Unavailable(failure(EconomicReason.ECONOMIC_UNAVAILABLE, text))

    def _reading(self, first: str) -> tuple[dict[str, Any], int]:
        items: dict[str, Any] = {}
        pages = 0
        for page in self._pages(first):
            pages += 1
            items |= _by_identity(_understood(lambda body: list(body["collection"]), page, first))
        return items, pages

    def at_most(self, most: int, path: str, parse: Parser[T], query: str) -> tuple[T, ...] | None:
        """Return a whole listing; None when it has more than ``most`` items, of which one page was read then."""
        items: list[T] = []
        for page in self._pages(f"{path}?skippages=0&pagesize={PAGE}&filter={query}"):
            if _understood(lambda body: int(body["pagination"]["results"]), page, path) > most:
                return None
            items += _understood(lambda body: [parse(item) for item in body["collection"]], page, path)
        return tuple(items)

    def newest(self, path: str, parse: Parser[T], query: str, *, sort: str) -> tuple[T, ...]:
        """Return the first 200 of a listing in this order; ``query`` as of ``every``."""
        page = self._calls.get(f"{path}?skippages=0&pagesize=200&filter={query}&sort={sort}").body
        return tuple(
            _understood(parse, item, path) for item in _understood(lambda body: body["collection"], page, path)
        )

    def sample(self, path: str, query: str = "", *, sort: str = "") -> list[dict[str, Any]] | None:
        """Return some items as they come, from the first page alone; None when the agreement may not read them."""
        newer = bool(query)
        words = [f"filter={query}"] if newer else ["skippages=0", f"pagesize={_SAMPLE}"]
        reply = self._calls.offered(f"{path}?{'&'.join([*words, *([f'sort={sort}'] if sort else [])])}")
        if reply is None:
            return None
        body = reply.body
        return _understood(
            lambda body: [dict(each) for each in body["items" if newer else "collection"][:_SAMPLE]], body, path
        )

    def offered(self, path: str, parse: Parser[T], query: str = "") -> tuple[T, ...] | None:
        """Return a whole listing of a newer service (by cursor); None when the agreement may not read it."""
        reply = self._calls.offered(f"{path}?filter={query}" if query else path)
        return None if reply is None else self._by_cursor(path, parse, query, reply.body)

    def cursored(self, path: str, parse: Parser[T], query: str) -> tuple[T, ...]:
        """Return a whole listing of a newer service that must be there; ``query`` is a percent-encoded filter."""
        return self._by_cursor(path, parse, query, self._calls.get(f"{path}?filter={query}").body)

    def _by_cursor(self, path: str, parse: Parser[T], query: str, page: Any) -> tuple[T, ...]:
        chosen = f"&filter={query}" if query else ""
        items: list[T] = []
        for _ in range(_MOST_PAGES):
            items += _understood(lambda body: [parse(item) for item in body["items"]], page, path)
            if not page.get("cursor"):
                return tuple(items)
            page = self._calls.get(f"{path}?cursor={quote(str(page['cursor']), safe='')}{chosen}").body
        raise _nonsense(path)

    def local(self, link: str) -> str:
        """Return the path of a link that e-conomic gave."""
        return local(link, self._api_url)

    def _pages(self, first: str) -> Iterator[Any]:
        following: str | None = first
        for _ in range(_MOST_PAGES):
            if following is None:
                return
            page = self._calls.get(following).body
            yield page
            link = _understood(lambda body: (body.get("pagination") or {}).get("nextPage"), page, first)
            following = _understood(self.local, link, first) if link else None
        raise _nonsense(first)


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


def _understood(parse: Parser[T], body: Any, path: str) -> T:
    try:
        return parse(body)
    except MALFORMED as error:
        raise _nonsense(path) from error


def _nonsense(path: str) -> Unavailable:
    text = f"GET {route(path)}: e-conomic's answer could not be understood."
    return Unavailable(failure(EconomicReason.ECONOMIC_UNAVAILABLE, text))
