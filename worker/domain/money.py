"""Money is ``Decimal`` with two decimals, never a float; a currency's rounding is half up, away from zero."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

OERE = Decimal("0.01")
ZERO = Decimal("0.00")
#: Digits before the decimal point. No invoice comes near; with more, sums to the øre would leave decimal's 28 digits.
_DIGITS = 15


_NO_AMOUNT = 'it is not an amount of money; write a point before the decimals and nothing else, such as "1234.50"'
#: What JSON calls the types that are no text.
_KINDS = {
    float: "a number",
    int: "a number",
    bool: "true or false",
    type(None): "null",
    list: "a list",
    dict: "an object",
}


def to_oere(amount: Decimal) -> Decimal:
    """Round to two decimals, halves away from zero, as bookkeeping does."""
    return amount.quantize(OERE, rounding=ROUND_HALF_UP)


def _exact(value: object) -> Decimal:
    if not isinstance(value, Decimal | str):
        raise ValueError(f'money is a decimal string such as "100.00", not {_KINDS.get(type(value), "this")}')  # noqa: TRY004  # pydantic reports ValueError only
    try:
        amount = Decimal(value)
    except ArithmeticError as error:
        raise ValueError(_NO_AMOUNT) from error
    if not amount.is_finite():
        raise ValueError(_NO_AMOUNT)
    if amount and amount.adjusted() >= _DIGITS:
        raise ValueError("it is too large for an amount of money")
    if amount != to_oere(amount):
        raise ValueError('it has more than two decimals; write it with two at most, such as "100.00"')
    return to_oere(amount)


#: A decimal string with at most two decimals, in the invoice's currency.
Money = Annotated[Decimal, BeforeValidator(_exact), PlainSerializer(str, return_type=str)]
