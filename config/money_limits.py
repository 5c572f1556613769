"""Amounts above which a second person has to say yes, as settings and exports file write them."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation


def written_as_limits(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values, each written as ``DKK 250000``. Raises ``ValueError``."""
    for value in values:
        currency, _, amount = value.partition(" ")
        try:
            right = re.fullmatch("[A-Z]{3}", currency) and Decimal(amount).is_finite() and Decimal(amount) >= 0
        except InvalidOperation:
            right = False
        if not right:
            raise ValueError(f"{value!r} is not written as a currency and an amount, such as DKK 250000")
    return values


def limits_of(values: Iterable[str]) -> Mapping[str, Decimal]:
    """Return currency -> amount, of values that are written as limits."""
    pairs = (value.partition(" ") for value in values)
    return {currency: Decimal(amount) for currency, _, amount in pairs}
