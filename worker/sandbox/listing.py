"""A resource's collection cut to what the query asks for, in e-conomic's envelopes."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from worker.sandbox.failures import problem, refused
from worker.sandbox.filters import FilterError, parse
from worker.sandbox.matching import lookup, predicate
from worker.sandbox.routes import Collection
from worker.sandbox.state import ApiError, Json

DEFAULT_PAGE = 20
MAX_PAGE = 1000
ESCAPES = {"allowedEscapeCharacters": "$$ $( $) $* $, $[ $]", "wildcard": "*", "nullValue": "$null:"}


def page(collection: Collection, query: Mapping[str, str], url: str) -> Json:
    """Return one page of a legacy listing (e-conomic REST docs, "Pagination"). Past the end it is empty.

    Args:
        collection: what the resource holds.
        query: the query's parameters, decoded.
        url: absolute address of the listing without its query, for the links.

    Raises:
        ApiError: 400 for a page size outside 1-1000 (``E04810``), a bad filter or a bad sort.

    """
    skip, size = _whole(query, "skippages", 0), _whole(query, "pagesize", DEFAULT_PAGE)
    if skip < 0 or not 1 <= size <= MAX_PAGE:
        raise refused(400, "Paging parameters are out of range.", "E04810", f"pagesize is 1-{MAX_PAGE}.")
    items = chosen(collection, query)
    return {
        "collection": items[skip * size : (skip + 1) * size],
        "pagination": _pagination(len(items), len(collection.items), skip, size, _linker(url, query, size)),
        "metaData": {},
        "self": f"{url}?{urlencode(query)}" if query else url,
    }


def cursor_page(collection: Collection, query: Mapping[str, str]) -> Json:
    """Return up to 1000 items of an OpenAPI service's listing; without ``cursor`` it was the last. Sort is ignored.

    Raises:
        ApiError: 400 for a bad cursor or filter.

    """
    start = _whole(query, "cursor", 0)
    try:
        items = chosen(collection, {name: text for name, text in query.items() if name != "sort"})
    except ApiError as refusal:  # the services' own words (recorded); their code is unknown
        why = " ".join(refusal.body.get("errors", ()))
        raise problem(400, f"Not filterable. {why}".strip(), "NotFilterable") from refusal
    following = {"cursor": str(start + MAX_PAGE)} if start + MAX_PAGE < len(items) else {}
    return {"items": items[start : start + MAX_PAGE]} | following


def chosen(collection: Collection, query: Mapping[str, str]) -> Sequence[Json]:
    """Return the items that pass the filter, sorted.

    Raises:
        ApiError: 400 for a bad filter or sort.

    """
    items: Sequence[Json] = collection.items
    if wanted := query.get("filter"):
        try:
            passes = predicate(parse(wanted), collection.filterable)
            items = [item for item in items if passes(item)]
        except FilterError as error:
            raise _bad_filter(str(error), collection) from error
    return _sorted(items, query["sort"], collection) if query.get("sort") else items


def _sorted(items: Sequence[Json], wanted: str, collection: Collection) -> Sequence[Json]:
    for term in reversed(wanted.split(",")):
        name = term.lstrip("-~")
        if name not in collection.sortable:
            raise refused(400, "Could not parse query string sort parameter.", "E00620", f"{name!r} is not sortable.")
        items = sorted(items, key=_key(name, alphabetical="~" in term), reverse=term.startswith("-"))
    return items


def _key(name: str, *, alphabetical: bool) -> Callable[[Json], Any]:
    def key(item: Json) -> Any:
        value = lookup(item, name)
        if value is None:
            return (0, "")
        if isinstance(value, int | float | Decimal) and not alphabetical:
            return (1, value)
        return (2, str(value).casefold())

    return key


def _pagination(results: int, unfiltered: int, skip: int, size: int, link: Callable[[int], str]) -> Json:
    last = max(0, (results - 1) // size)
    pagination = {
        "maxPageSizeAllowed": MAX_PAGE,
        "skipPages": skip,
        "pageSize": size,
        "results": results,
        "resultsWithoutFilter": unfiltered,
        "firstPage": link(0),
        "lastPage": link(last),
    }
    if skip < last:
        pagination["nextPage"] = link(skip + 1)
    if skip > 0:
        pagination["previousPage"] = link(skip - 1)
    return pagination


def _linker(url: str, query: Mapping[str, str], size: int) -> Callable[[int], str]:
    kept = {name: value for name, value in query.items() if name not in {"skippages", "pagesize"}}
    return lambda skip: f"{url}?{urlencode({**kept, 'skippages': skip, 'pagesize': size})}"


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError as error:
        raise refused(400, f"{name} must be a whole number.", "E04810") from error


def _bad_filter(why: str, collection: Collection) -> ApiError:
    """Return a refusal without ``errorCode``: sentences, and what is allowed (measured in August 2026)."""
    failure = refused(400, "Could not parse query string filter parameter.", "", why)
    del failure.body["errorCode"]
    operators = sorted(frozenset[str]().union(*collection.filterable.values()))
    allowed = {"allowedFilteringFields": sorted(collection.filterable), "allowedFilteringOperators": operators}
    failure.body |= {"errors": [why]} | allowed | ESCAPES
    return failure
