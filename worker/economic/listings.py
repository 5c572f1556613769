"""What e-conomic holds, read as values: single resources, and whole listings."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from worker.economic.api_calls import ApiCalls
from worker.economic.pages import Pages, understood
from worker.economic.urls import local

T = TypeVar("T")
#: Turns one resource's JSON into a value.
Parser = Callable[[Any], T]
#: Items of a sample.
_SAMPLE = 50


class Listings:
    """Reads of one agreement. Errors as for every read, and ``Unavailable`` for an answer that makes no sense."""

    def __init__(self, calls: ApiCalls, api_url: str) -> None:
        self._calls = calls
        self._api_url = api_url.rstrip("/")
        self._pages = Pages(calls, api_url)

    def get(self, path: str, parse: Parser[T]) -> T:
        """Return a resource that must be there."""
        return understood(parse, self._calls.get(path).body, path)

    def find(self, path: str, parse: Parser[T]) -> T | None:
        """Return a resource, or None when there is none."""
        reply = self._calls.find(path)
        return None if reply is None else understood(parse, reply.body, path)

    def every(self, path: str, parse: Parser[T], query: str = "") -> tuple[T, ...]:
        """Return a whole listing; ``query`` is a percent-encoded filter. See ``Pages`` for what changes meanwhile."""
        return self._parsed(path, parse, self._pages.every(path, query))

    def at_most(self, most: int, path: str, parse: Parser[T], query: str) -> tuple[T, ...] | None:
        """Return a whole listing; None when it has more than ``most`` items, of which one page was read then."""
        items = self._pages.at_most(most, path, query)
        return None if items is None else self._parsed(path, parse, items)

    def newest(self, path: str, parse: Parser[T], query: str, *, sort: str) -> tuple[T, ...]:
        """Return the first 200 of a listing in this order; ``query`` as of ``every``."""
        page = self._calls.get(f"{path}?skippages=0&pagesize=200&filter={query}&sort={sort}").body
        return tuple(understood(parse, item, path) for item in understood(lambda body: body["collection"], page, path))

    def sample(self, path: str, query: str = "", *, sort: str = "") -> list[dict[str, Any]] | None:
        """Return some items as they come, from the first page alone; None when the agreement may not read them."""
        newer = bool(query)
        words = [f"filter={query}"] if newer else ["skippages=0", f"pagesize={_SAMPLE}"]
        reply = self._calls.offered(f"{path}?{'&'.join([*words, *([f'sort={sort}'] if sort else [])])}")
        if reply is None:
            return None
        body = reply.body
        return understood(
            lambda body: [dict(each) for each in body["items" if newer else "collection"][:_SAMPLE]], body, path
        )

    def offered(self, path: str, parse: Parser[T], query: str = "") -> tuple[T, ...] | None:
        """Return a whole listing of a newer service (by cursor); None when the agreement may not read it."""
        reply = self._calls.offered(f"{path}?filter={query}" if query else path)
        if reply is None:
            return None
        return self._parsed(path, parse, self._pages.by_cursor(path, query, reply.body, grows_only=False))

    def growing(self, path: str, parse: Parser[T], query: str) -> tuple[T, ...]:
        """Return a whole listing of a newer service, of what stays once it is there; ``query`` as of ``every``."""
        first = self._calls.get(f"{path}?filter={query}").body
        return self._parsed(path, parse, self._pages.by_cursor(path, query, first, grows_only=True))

    def _parsed(self, path: str, parse: Parser[T], items: Mapping[str, Any]) -> tuple[T, ...]:
        return tuple(understood(parse, item, path) for item in items.values())

    def local(self, link: str) -> str:
        """Return the path of a link that e-conomic gave."""
        return local(link, self._api_url)
