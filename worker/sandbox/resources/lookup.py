"""Lookup of what a path or a reference points at."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import Any, TypeVar

from worker.sandbox.failures import Invalid, not_found, refused, schema_failed
from worker.sandbox.resources.schema import Violation
from worker.sandbox.routes import ALL_OPERATORS, Collection
from worker.sandbox.state import Agreement, Answer, Call, Json

K = TypeVar("K")
Table = Callable[[Agreement], Mapping[Any, Any]]

#: Operators per kind of property. Per-property lists of legacy REST are documented only for a few.
TEXT = ALL_OPERATORS
NUMBER = ALL_OPERATORS - {"$like"}
FLAG = frozenset({"$eq", "$ne"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A reference that must point at something."""

    #: Property names down to the identifier.
    path: tuple[str, ...]
    table: Table
    code: str = "E06000"


def dangling(links: Sequence[Link], agreement: Agreement, body: Json, line: int | None = None) -> list[Violation]:
    """Return a violation for each reference whose target does not exist."""
    return [_dangling(link, body, line) for link in links if _is_dangling(link, agreement, body)]


def _is_dangling(link: Link, agreement: Agreement, body: Json) -> bool:
    target = at(body, link.path)
    return target is not None and target not in link.table(agreement)


def _dangling(link: Link, body: Json, line: int | None) -> Violation:
    target = at(body, link.path)
    return violation(".".join(link.path), f"{link.path[-1]} '{target}' does not exist.", link.code, target, line)


def violation(name: str, message: str, code: str, value: Any = None, line: int | None = None) -> Violation:
    """Return one thing wrong with one property, of a line or of the header."""
    return Violation(invalid=Invalid(property=name, message=message, code=code, value=value), line=line)


def at(body: Any, path: Sequence[str]) -> Any:
    """Return a nested value, None when any step is absent."""
    return reduce(lambda value, name: value.get(name) if isinstance(value, Mapping) else None, path, body)


def number_in(call: Call, name: str) -> int:
    """Return a path parameter as a number.

    Raises:
        ApiError: 404 when it is none, or 400 when it is zero.
    """
    raw = call.params[name]
    if not raw.isdecimal():
        raise not_found()
    if int(raw) == 0:
        raise schema_failed([f"Integer 0 is less than minimum value of 1. Path '{name}'."])
    return int(raw)


def existing(table: Mapping[K, Json], key: K) -> Json:
    """Return one resource.

    Raises:
        ApiError: 404.
    """
    if key not in table:
        raise not_found()
    return table[key]


def refuse_missing(table: Mapping[K, Json], key: K) -> None:
    """Refuse to delete what is not there: 404 with E06000, as measured for a repeated DELETE."""
    if key not in table:
        raise refused(404, f"'{key}' does not exist.", "E06000")


def listing(items: Sequence[Json], filterable: Mapping[str, frozenset[str]]) -> Answer:
    """Answer a listing; what can be filtered can be sorted."""
    return Answer(status=200, body=Collection(items=items, filterable=filterable, sortable=frozenset(filterable)))


def lowest_free(taken: Mapping[int, Json], first: int = 1) -> int:
    """Return the lowest free number: freed numbers are used again, as measured for customers."""
    return next(number for number in range(first, first + len(taken) + 1) if number not in taken)


def listed(agreement: Agreement, table: Mapping[Any, Json], call: Call) -> list[Json]:
    """Return the resources that a listing shows already, see the switch ``listing_lag``."""
    shown = call.now - timedelta(seconds=agreement.switches.listing_lag)
    return [row for row in table.values() if agreement.born.get(row.get("self", ""), shown) <= shown]


def stored(table: MutableMapping[K, Json], key: K, resource: Json) -> Answer:
    """Keep a resource and answer with the whole of it: 201 and ``Location`` when it is new, else 200."""
    headers = {} if key in table else {"Location": resource["self"]}
    table[key] = resource
    return Answer(status=201 if headers else 200, body=resource, headers=headers)
