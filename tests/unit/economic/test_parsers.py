"""JSON with exact numbers."""

from decimal import Decimal

import pytest

from worker.economic.parsers import parse_json


def test_fractions_are_exact() -> None:
    """Money never passes through a float; e-conomic writes rates with eight decimals."""
    assert parse_json(b'{"net": 0.1, "rate": 25.00000000, "n": 7}') == {
        "net": Decimal("0.1"),
        "rate": Decimal("25.00000000"),
        "n": 7,
    }


@pytest.mark.parametrize("number", ["1e999999999", "-1e-999999999", "1e99999999999999999999", "0e999999999", "9" * 61])
def test_a_number_that_would_unfold_is_refused(number: str) -> None:
    """Its digits would hold a worker for hours and fill its memory: ten bytes in an answer are enough."""
    with pytest.raises(ValueError, match="not a number that can be used"):
        parse_json(b'{"customerNumber": %s}' % number.encode())


@pytest.mark.parametrize("body", [b"<html>", b"[" * 50_000, b'{"a": NaN}', b"\xff", b'"\xed\xa0\x80"'])
def test_what_is_not_json_is_one_kind_of_error(body: bytes) -> None:
    """The caller asks once."""
    with pytest.raises(ValueError):
        parse_json(body)


def test_half_a_character_is_replaced() -> None:
    """An escaped half of a surrogate pair cannot be written to Redis or a log; whole pairs are left alone."""
    assert parse_json(b'{"\\ud800a": ["\\uDFFF", "\\ud83d\\ude80"]}') == {"?a": ["?", "\U0001f680"]}
