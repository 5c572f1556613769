"""The rule tables' vocabulary: what a property of a request may hold.

A schema is a mapping of property names to fields. Unknown properties are ignored in silence, as measured on a live
agreement, August 2026; whatever a handler stores has passed through ``schema.accept``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from worker.sandbox.paths import decode_parameter

Kind = Literal["string", "integer", "number", "boolean", "date", "object", "array", "reference"]
Schema = Mapping[str, "Field"]
LARGEST_NUMBER = 999_999_999


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """What one property may hold."""

    kind: Kind
    required: bool = False
    #: Length of a string, both ends included.
    shortest: int = 0
    longest: int | None = None
    #: Value of an integer or number, both ends included.
    minimum: int | None = None
    maximum: int | None = None
    #: Most decimals of a number; more is E04740.
    decimals: int | None = None
    #: The only strings allowed, case and all.
    choices: tuple[str, ...] = ()
    #: Properties of an object, of an array's items, or of a reference beside ``self``.
    fields: Schema = field(default_factory=dict)
    #: The identifying property of a reference.
    key: str = ""


def text(longest: int, *, shortest: int = 0, required: bool = False) -> Field:
    """Return a string of at most ``longest`` characters."""
    return Field(kind="string", longest=longest, shortest=shortest, required=required)


def choice(*choices: str, required: bool = False) -> Field:
    """Return a strict enum."""
    return Field(kind="string", choices=choices, required=required)


def integer(minimum: int = 1, maximum: int = LARGEST_NUMBER, *, required: bool = False) -> Field:
    """Return an identifier or count."""
    return Field(kind="integer", minimum=minimum, maximum=maximum, required=required)


def number(decimals: int | None = 2, *, minimum: int | None = None, required: bool = False) -> Field:
    """Return an amount."""
    return Field(kind="number", decimals=decimals, minimum=minimum, required=required)


def boolean() -> Field:
    """Return true or false."""
    return Field(kind="boolean")


def day(*, required: bool = False) -> Field:
    """Return a date, ``YYYY-MM-DD``."""
    return Field(kind="date", required=required)


def nested(fields: Schema, *, required: bool = False) -> Field:
    """Return an object."""
    return Field(kind="object", fields=fields, required=required)


def many(fields: Schema, *, required: bool = False) -> Field:
    """Return an array of objects."""
    return Field(kind="array", fields=fields, required=required)


def reference(
    key: str, identifier: Field | None = None, *, extra: Schema | None = None, required: bool = False
) -> Field:
    """Return a reference by ``key`` (an integer unless ``identifier`` says otherwise) or by ``self``."""
    fields: Schema = {key: identifier or integer()} | dict(extra or {})
    return Field(kind="reference", key=key, fields=fields, required=required)


def dotted(schema: Schema) -> frozenset[str]:
    """Return every leaf of a schema as ``lines.product.productNumber``: what a request may hold."""
    return frozenset(_leaves(schema))


def _leaves(schema: Schema) -> list[str]:
    return [leaf for name, rule in schema.items() for leaf in _leaves_of(name, rule)]


def _leaves_of(name: str, rule: Field) -> list[str]:
    return [f"{name}.{leaf}" for leaf in _leaves(rule.fields)] if rule.fields else [name]


def identifier(rule: Field, value: Mapping[str, object]) -> str | int | None:
    """Return what a reference points at, by its number or by the end of its ``self``; None when it has neither."""
    if rule.key in value:
        return cast("str | int", value[rule.key])
    if "self" not in value:
        return None
    end = str(value["self"]).rstrip("/").rsplit("/", 1)[-1]
    return int(end) if rule.fields[rule.key].kind == "integer" and end.isdecimal() else decode_parameter(end)
