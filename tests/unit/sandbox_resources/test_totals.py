"""The server's arithmetic, with the arithmetic visible."""

from decimal import Decimal

import pytest

from worker.sandbox.resources.totals import in_base, lifted_out, line_net, rounded, vat_on

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "net"),
    [
        ("3", "153.44", "10", "414.29"),  # 460.32 - 46.032 = 414.288
        ("2", "23.00", "0", "46.00"),
        ("1", "-1000.00", "0", "-1000.00"),
        ("0.5", "0.01", "0", "0.01"),  # 0.005, half away from zero
        ("-0.5", "0.01", "0", "-0.01"),
        ("1", "0.00", "0", "0.00"),
        ("12.25", "7.99", "2.5", "95.43"),  # 97.8775 x 0.975 = 95.43056
    ],
)
def test_line_net(quantity: str, price: str, discount: str, net: str) -> None:
    """A line's net is quantity x price less discount, rounded to two decimals."""
    assert D(net) == line_net(D(quantity), D(price), D(discount))


@pytest.mark.parametrize(
    ("lines", "per_line", "per_total"),
    [
        ([("414.29", "25"), ("46.00", "25")], "115.07", "115.07"),  # 103.5725 + 11.50 = 115.0725
        ([("0.10", "25"), ("0.10", "25")], "0.06", "0.05"),  # 0.025 + 0.025 = 0.05, but 0.03 + 0.03 = 0.06
        ([("1000.00", "25"), ("500.00", "0")], "250.00", "250.00"),
        ([("-0.10", "25"), ("0.10", "25")], "0.00", "0.00"),
        ([], "0.00", "0.00"),
    ],
)
def test_vat(lines: list[tuple[str, str]], per_line: str, per_total: str) -> None:
    """VAT is rounded per line or once per total: the switch decides, since the real rounding is undocumented."""
    pairs = [(D(net), D(rate)) for net, rate in lines]

    assert (D(per_line), D(per_total)) == (vat_on(pairs, per="line"), vat_on(pairs, per="total"))


@pytest.mark.parametrize(
    ("gross", "rate", "vat"),
    [("1250.00", "25", "250.00"), ("-1250.00", "25", "-250.00"), ("100.00", "25", "20.00"), ("99.99", "0", "0.00")],
)
def test_vat_lifted_out_of_gross(gross: str, rate: str, vat: str) -> None:
    """1250 with 25 % holds 250 of VAT: 1250 x 25 / 125."""
    assert D(vat) == lifted_out(D(gross), D(rate))


def test_exchange_rate_is_per_hundred() -> None:
    """1000 EUR at 743.914941 per 100 are 7439.15 DKK, as in a recorded answer."""
    assert D("7439.15") == in_base(D(1000), D("743.914941"))


def test_no_negative_zero() -> None:
    """Rounding never answers -0.00."""
    assert str(rounded(D("-0.001"))) == "0.00"
