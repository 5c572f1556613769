"""A filter's tree as a predicate over the items of a listing."""

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from worker.sandbox.filters import Comparison, Condition, FilterError, Value
from worker.sandbox.routes import ALL_OPERATORS
from worker.sandbox.state import Json

#: Under ``$like``: an escape, a SQL character class (``[[]`` is a literal bracket; measured, August 2026), a character.
LIKE = re.compile(r"\$.|\[\^?[^\]]*\]|.", re.DOTALL)
CLASS_SPECIAL = re.compile(r"[\\\[\]^]")

Predicate = Callable[[Json], bool]
Test = Callable[[Any], bool]

ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def predicate(condition: Condition, filterable: Mapping[str, frozenset[str]]) -> Predicate:
    """Return the predicate for this listing.

    Raises:
        FilterError: a property or operator that the listing does not allow. The predicate itself raises it when a
            number is compared with a word.

    """
    if isinstance(condition, Comparison):
        return _comparison(condition, filterable)
    parts = [predicate(part, filterable) for part in condition.parts]
    joined = all if condition.join == "and" else any
    return lambda item: joined(part(item) for part in parts)


def lookup(item: Json, path: str) -> Any:
    """Return the value under a dotted path; None when any part is absent."""
    value: Any = item
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _comparison(wanted: Comparison, filterable: Mapping[str, frozenset[str]]) -> Predicate:
    allowed = filterable.get(wanted.property)
    if allowed is None:
        raise FilterError(f"The property {wanted.property} cannot be filtered on.")
    if wanted.operator not in ALL_OPERATORS & allowed:
        raise FilterError(f"The operator {wanted.operator} cannot be used on {wanted.property}.")
    test = _test(wanted)
    return lambda item: test(lookup(item, wanted.property))


def _test(wanted: Comparison) -> Test:
    if not wanted.values:
        return _null(wanted.operator)
    match wanted.operator:
        case "$eq" | "$in":
            return _one_of(wanted.values)
        case "$ne" | "$nin":
            equal = _one_of(wanted.values)
            return lambda actual: not equal(actual)
        case "$like":
            return _like(wanted.values[0])
    return _ordered(ORDERINGS[wanted.operator], wanted.values[0].text)


def _null(operation: str) -> Test:
    if operation not in {"$eq", "$ne"}:
        raise FilterError(f"$null: goes with $eq and $ne, not with {operation}.")
    return lambda actual: (actual is None) == (operation == "$eq")


def _one_of(values: tuple[Value, ...]) -> Test:
    """Spaces at the end do not count, as in SQL (inferred: e-conomic's ``$like`` takes SQL's character classes)."""
    texts = {value.text.casefold().rstrip(" ") for value in values if not value.matches_nothing}

    @cache
    def numbers() -> frozenset[Decimal]:
        return frozenset(_number(text) for text in texts)

    def test(actual: Any) -> bool:
        if _is_number(actual):
            return _number(actual) in numbers()
        return actual is not None and _text(actual).rstrip(" ") in texts

    return test


def _ordered(compare: Callable[[Any, Any], bool], wanted: str) -> Test:
    def test(actual: Any) -> bool:
        if _is_number(actual):
            return compare(_number(actual), _number(wanted))
        return actual is not None and compare(_text(actual), wanted.casefold())

    return test


def _like(value: Value) -> Test:
    if value.matches_nothing:
        return lambda _: False
    parts = LIKE.findall("".join(value.tokens))
    text = "".join(_as_regex(part) for part in parts)
    pattern = re.compile(text if "*" in parts else f".*{text}.*", re.IGNORECASE | re.DOTALL)
    return lambda actual: actual is not None and pattern.fullmatch(_text(actual)) is not None


def _as_regex(part: str) -> str:
    if part == "*":
        return ".*"
    if part.startswith("[") and part.endswith("]"):
        negated, inside = part.startswith("[^"), part[1:-1].removeprefix("^")
        return f"[{'^' if negated else ''}{CLASS_SPECIAL.sub(_escaped, inside)}]" if inside else "(?!)"
    return re.escape(part[-1])


def _escaped(match: re.Match[str]) -> str:
    return "\\" + match[0]


def _is_number(actual: Any) -> bool:
    return isinstance(actual, int | float | Decimal) and not isinstance(actual, bool)


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise FilterError(f"{value!r} is not a number.") from error


def _text(actual: Any) -> str:
    return str(actual).casefold()
