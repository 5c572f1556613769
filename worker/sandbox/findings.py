"""Findings: what the real e-conomic would have ignored in a request, or refused as a mistake of the client."""

from collections.abc import Iterator
from functools import lru_cache
from http import HTTPMethod
from typing import Any

from worker.sandbox.failures import SCHEMA_FAILED
from worker.sandbox.messages import Request
from worker.sandbox.routes import Route
from worker.sandbox.state import Json

DRAFTS = "/invoices/drafts"
EMPTY_TEXTS = frozenset({"null", "none", "undefined", "nan"})
KNOWN_QUERY = frozenset({"skippages", "pagesize", "filter", "sort", "demo"})
KNOWN_SERVICE_QUERY = frozenset({"cursor", "filter"})
ESCAPED_BRACKETS = ("$[", "$]")
#: Refusals that no content of an agreement excuses: schema, decimals, missing and contradictory properties, paging,
#: filter, sort, key clashes, file uploads. Others (a closed year, a number that is gone) are honest answers.
CLIENT_MISTAKES = frozenset(
    {
        SCHEMA_FAILED,
        *("E00405", "E00406", "E00415", "E00510", "E00620"),
        *("E04042", "E04500", "E04730", "E04740", "E04810", "E07180"),
        *("PayloadChanged", "URLChanged"),
    }
)


def of_request(request: Request, route: Route, body: Any) -> Iterator[str]:
    """Say what is wrong with a request that reaches a resource, one sentence each."""
    if request.method != HTTPMethod.GET and not request.key:
        yield "A write without Idempotency-Key"
    if (request.method, route.path) == (HTTPMethod.DELETE, DRAFTS):
        yield "DELETE without a draft number deletes every draft of the agreement"
    yield from _query(request, route)
    if route.fields is not None:
        for path in ignored(body, route.fields):
            yield f"The property {path} is ignored by e-conomic"
    for path in _empty_texts(body, ""):
        if path == "sendBy":  # there ``none`` is one of the documented values
            continue
        yield f"The property {path} holds the text of an empty value"


def of_refusal(body: Json) -> Iterator[str]:
    """Say which of a refusal's codes are the client's own mistake; a refused filter has no code."""
    if "allowedFilteringFields" in body:
        yield f"Refused filter: {body.get('developerHint')}"
    for code in sorted(_codes(body) & CLIENT_MISTAKES):
        yield f"Refused with {code}: {body.get('message') or body.get('title')}"


def ignored(body: Any, fields: frozenset[str], at: str = "") -> Iterator[str]:
    """Return the dotted path of every property that is not among ``fields``."""
    leaves, parents = _known(fields)
    if isinstance(body, list):
        for item in body:
            yield from ignored(item, fields, at)
    elif isinstance(body, dict):
        for name, value in body.items():
            path = f"{at}.{name}" if at else name
            if path in parents:
                yield from ignored(value, fields, path)
            elif path not in leaves and name != "self":
                yield path


@lru_cache(maxsize=256)
def _known(fields: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    steps = [field.split(".") for field in fields]
    parents = frozenset(".".join(parts[:count]) for parts in steps for count in range(1, len(parts)))
    return fields, parents


def _query(request: Request, route: Route) -> Iterator[str]:
    known = KNOWN_SERVICE_QUERY if route.service else KNOWN_QUERY
    for name in request.query.keys() - known:
        yield f"The query parameter {name} is ignored by e-conomic"
    if any(bracket in request.query.get("filter", "") for bracket in ESCAPED_BRACKETS):
        yield "A filter with an escaped bracket matches nothing"


def _empty_texts(body: Any, at: str) -> Iterator[str]:
    if isinstance(body, str) and body.strip().lower() in EMPTY_TEXTS:
        yield at
    elif isinstance(body, list):
        for item in body:
            yield from _empty_texts(item, at)
    elif isinstance(body, dict):
        for name, value in body.items():
            yield from _empty_texts(value, f"{at}.{name}" if at else name)


def _codes(body: Any) -> frozenset[str]:
    if isinstance(body, list):
        return frozenset[str]().union(*(_codes(item) for item in body))
    if not isinstance(body, dict):
        return frozenset()
    own = frozenset({str(body["errorCode"])}) if body.get("errorCode") else frozenset[str]()
    return own.union(*(_codes(value) for value in body.values()))
