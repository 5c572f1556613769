"""Times and amounts as people read them."""

from decimal import Decimal

import pytest

from worker.cli import formatting


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (7199, "120 min"), (7200, "2 h"), (3 * 86_400, "3 days")],
)
def test_spans_in_one_unit(seconds: float, text: str) -> None:
    """The largest unit that still tells something."""
    assert formatting.span(seconds) == text


@pytest.mark.parametrize(("amount", "text"), [("1234567.80", "1 234 567.80"), ("-0.05", "-0.05"), ("999", "999.00")])
def test_money_is_grouped_by_spaces(amount: str, text: str) -> None:
    """A comma would be a decimal sign in Denmark."""
    assert formatting.money(Decimal(amount)) == text


def test_moments_are_utc() -> None:
    """1 800 000 000 s after the epoch; never is a dash, and null in JSON."""
    assert formatting.moment(1_800_000_000.0) == "2027-01-15 08:00:00 UTC"
    assert formatting.iso(1_800_000_000.0) == "2027-01-15T08:00:00Z"
    assert (formatting.moment(0), formatting.iso(0)) == ("-", None)
