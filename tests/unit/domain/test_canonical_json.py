import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.identity import canonical_json

NAMES = st.text(st.characters(codec="utf-8"))
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15)
LEAVES = NAMES | st.integers() | st.booleans() | AMOUNTS
PAYLOADS = st.dictionaries(
    NAMES, st.recursive(LEAVES, lambda v: st.lists(v) | st.dictionaries(NAMES, v), max_leaves=20)
)


@given(payload=PAYLOADS)
def test_canonical_json_round_trip(payload: dict[str, Any]) -> None:
    """What is encoded reads back the same, money to the digit, and encodes to the same bytes again."""
    text = canonical_json(payload)
    read = json.loads(text, parse_float=Decimal)

    assert read == payload
    assert canonical_json(read) == text


@given(amount=AMOUNTS)
def test_money_keeps_its_two_decimals(amount: Decimal) -> None:
    """1000.10 is sent as 1000.10, never as 1000.1 or 1000.0999999999999."""
    assert canonical_json({"net": amount}) == f'{{"net":{amount + 0:.2f}}}'


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"b": 1, "a": "Ø"}, '{"a":"Ø","b":1}'),
        ({"rate": Decimal("743.914941")}, '{"rate":743.914941}'),
        ({"net": Decimal("-0.00")}, '{"net":0.00}'),  # a zero has no sign
        ({"net": Decimal("1E+3")}, '{"net":1000}'),  # no exponents
        ({"lines": (Decimal("1.00"), True)}, '{"lines":[1.00,true]}'),
    ],
)
def test_spelling(payload: dict[str, Any], text: str) -> None:
    """Keys are sorted, there are no spaces, letters stay letters."""
    assert canonical_json(payload) == text


@pytest.mark.parametrize("value", [None, 0.1, b"x", {1, 2}])
def test_what_has_no_place_in_a_request(value: object) -> None:
    """e-conomic refuses null, and a float is no money: both are mistakes of ours, found before sending."""
    with pytest.raises(TypeError):
        canonical_json({"lines": [{"net": value}]})


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_no_number(value: str) -> None:
    """JSON has no infinities."""
    with pytest.raises(ValueError, match="not a number"):
        canonical_json({"net": Decimal(value)})
