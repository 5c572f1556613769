"""JSON bodies, every fraction a ``Decimal``: money never passes through a float."""

import json
from decimal import Decimal
from typing import Any, NoReturn

#: Digits of the longest number that is believed. ``1e999999999`` is valid JSON, and its digits would fill the memory.
_MOST_DIGITS = 60


def parse(body: bytes) -> Any:
    """Return the parsed body, None for an empty one. Raises ``ValueError`` when it is not usable JSON."""
    if not body.strip():
        return None
    try:
        parsed = json.loads(body, parse_float=_fraction, parse_int=_whole, parse_constant=_refuse)
        # Half of a surrogate pair can be escaped in JSON but written to no store.
        return _mended(parsed) if b"\\ud" in body.lower() else parsed
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _whole(literal: str) -> int:
    return int(literal) if len(literal) <= _MOST_DIGITS else _refuse(literal)


def _fraction(literal: str) -> Decimal:
    try:
        number = Decimal(literal)
    except ArithmeticError:
        return _refuse(literal)
    exponent = number.as_tuple().exponent
    believable = len(literal) <= _MOST_DIGITS and isinstance(exponent, int) and abs(exponent) <= _MOST_DIGITS
    return number if believable else _refuse(literal)


def _refuse(literal: str) -> NoReturn:
    raise ValueError(f"{literal[:20]} is not a number that can be used")


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(inner) for key, inner in value.items()}
    return [_mended(inner) for inner in value] if isinstance(value, list) else value
