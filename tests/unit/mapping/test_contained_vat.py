"""The VAT that gross amounts contain."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worker.domain.money import OERE, to_oere
from worker.economic.mapping.voucher_postings import contained_vat, nearest_gross

AMOUNTS = st.decimals(min_value=-(10**7), max_value=10**7, places=2)
RATES = st.decimals(min_value="0.5", max_value=100, places=2)


@pytest.mark.parametrize(
    ("gross", "rate", "vat"),
    [
        ("1250.00", "25", "250.00"),  # 1250 x 25 / 125
        ("-1250.00", "25", "-250.00"),
        ("99.99", "0", "0.00"),
        ("0.12", "25", "0.02"),  # 0.12 x 0.2 = 0.024
        ("0.13", "25", "0.03"),  # 0.026
        ("100.00", "22", "18.03"),  # 100 x 22 / 122 = 18.0327...
        ("0.05", "100", "0.03"),  # 0.025, half up
        ("-0.05", "100", "-0.03"),  # and away from zero
    ],
)
def test_lifted(gross: str, rate: str, vat: str) -> None:
    """Gross x rate / (100 + rate), halves away from zero."""
    assert contained_vat(Decimal(gross), Decimal(rate)) == Decimal(vat)


@given(net=AMOUNTS, rate=RATES)
def test_vat_rounded_from_a_net_amount_is_lifted_out_again(net: Decimal, rate: Decimal) -> None:
    """Why one entry for each line always agrees: an error of half an øre shrinks by 1 + rate on the way back."""
    vat = to_oere(net * rate / 100)
    assert contained_vat(net + vat, rate) == vat


@given(gross=AMOUNTS, off=st.integers(-300, 300), rate=RATES)
@example(gross=Decimal("0.00"), off=191, rate=Decimal("2.40"))  # 1.905 x 102.40 / 2.40 = 81.28 exactly
def test_the_nearest_amount_gives_exactly_the_vat_and_none_nearer_does(gross: Decimal, off: int, rate: Decimal) -> None:
    """For every VAT there is an amount; one øre nearer to the source's gross would give another VAT."""
    vat = contained_vat(gross, rate) + off * OERE
    found = nearest_gross(gross, vat, rate)
    assert found is not None
    assert contained_vat(found, rate) == vat
    nearer = found + OERE.copy_sign(gross - found)
    assert found == gross or contained_vat(nearer, rate) != vat


@pytest.mark.parametrize(("vat", "amount"), [("0.00", Decimal("12.34")), ("0.01", None)])
def test_without_a_rate_there_is_no_vat_to_lift(vat: str, amount: Decimal | None) -> None:
    """Zero per cent of anything is zero."""
    assert nearest_gross(Decimal("12.34"), Decimal(vat), Decimal(0)) == amount
