"""The server's arithmetic. It shares no code with the core that it is there to check.

Evidence: 3 x 153.44 - 10 % = 414.29 and 2 x 23.00 = 46.00 gave net 460.29, VAT 115.07, gross 575.36 (recorded answer),
so a line's net is rounded to two decimals. Whether VAT is rounded per line or per total is undocumented.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

HUNDRED = Decimal(100)


def rounded(amount: Decimal) -> Decimal:
    """Return two decimals, halves away from zero, and no negative zero."""
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) + 0


def line_net(quantity: Decimal, price: Decimal, discount: Decimal = Decimal(0)) -> Decimal:
    """Return a line's net amount; ``discount`` in percent."""
    return rounded(quantity * price * (HUNDRED - discount) / HUNDRED)


def vat_on(lines: Sequence[tuple[Decimal, Decimal]], *, per: str) -> Decimal:
    """Return the VAT of (net, rate in percent) pairs, rounded per ``line`` or per ``total``."""
    exact = [net * rate / HUNDRED for net, rate in lines]
    return sum(map(rounded, exact), Decimal("0.00")) if per == "line" else rounded(sum(exact, Decimal(0)))


def lifted_out(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the VAT inside a gross amount, as voucher entries with a VAT code are read."""
    return rounded(gross * rate / (HUNDRED + rate))


def in_base(amount: Decimal, exchange_rate: Decimal) -> Decimal:
    """Convert with a rate per 100 units of the foreign currency."""
    return rounded(amount * exchange_rate / HUNDRED)
