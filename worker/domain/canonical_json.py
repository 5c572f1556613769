"""Canonical JSON for what is sent: the same payload gives the same bytes, and money never passes through a float."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


def encode(payload: Mapping[str, Any]) -> str:
    """Return JSON with sorted keys and no spaces; a Decimal becomes a number with just the digits that it has.

    Raises TypeError for null (e-conomic refuses it: leave the property out), floats and anything else that JSON or
    money does not know; ValueError for infinities.
    """
    return _value(payload)


def _value(value: Any) -> str:
    if isinstance(value, str | bool | int):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_value(str(key))}:{_value(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "[" + ",".join(map(_value, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no place in a request")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that can be sent")
    return format(value or abs(value), "f")  # a zero has no sign in a ledger
