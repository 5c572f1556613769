import pytest
from pydantic import TypeAdapter, ValidationError

from worker.domain.money import Money

MONEY = TypeAdapter(Money)


@pytest.mark.parametrize(
    "text",
    [
        *("1E+30", "1000000000000000.00", "-1000000000000000.00", "1e999999", "-1e999999999"),
        *("NaN", "Infinity", "0.001", "1e-999999999", ""),
    ],
)
def test_what_is_no_amount_is_a_validation_error(text: str) -> None:
    """Nothing that an event may hold breaks out of validation as another error."""
    with pytest.raises(ValidationError):
        MONEY.validate_python(text)


@pytest.mark.parametrize(
    ("text", "kept"), [("1", "1.00"), ("-0.5", "-0.50"), ("999999999999999.99", "999999999999999.99")]
)
def test_money_has_two_decimals(text: str, kept: str) -> None:
    """Amounts are kept with exactly two decimals."""
    assert str(MONEY.validate_python(text)) == kept
