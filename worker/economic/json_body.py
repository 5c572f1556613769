"""JSON bodies, every fraction a ``Decimal``: money never passes through a float."""

import json
from decimal import Decimal
from typing import Any, NoReturn


def parse(body: bytes) -> Any:
    """Return the parsed body, None for an empty one. Raises ``ValueError`` when it is not JSON."""
    if not body.strip():
        return None
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
