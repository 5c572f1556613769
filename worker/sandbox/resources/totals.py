"""The server's arithmetic, and the VAT of a sales line. It shares no code with the core that it checks.

A line's VAT: product, its group, the group's sales account for the recipient's zone, VAT code, rate.

Evidence: 3 x 153.44 - 10 % = 414.29 and 2 x 23.00 = 46.00 gave net 460.29, VAT 115.07, gross 575.36 (recorded answer),
so a line's net is rounded to two decimals. Whether VAT is rounded per line or per total is undocumented.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from worker.sandbox.state import Agreement, Json

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


@dataclass(frozen=True, kw_only=True, slots=True)
class SalesVat:
    """Where a line is posted, and at which rate."""

    account: Json
    #: None: the account carries no VAT code.
    vat_account: Json | None
    #: Percent.
    rate: Decimal


def sales_vat(agreement: Agreement, product_number: str, zone: int) -> SalesVat | None:
    """Return account and VAT of a product in a zone; None when the group has no account for the zone."""
    group = agreement.products[product_number]["productGroup"]["productGroupNumber"]
    number = agreement.sales_accounts.get((group, zone))
    if number is None:
        return None
    account = agreement.accounts[number]
    code = account.get("vatAccount", {}).get("vatCode")
    vat = agreement.vat_accounts[code] if code else None
    return SalesVat(account=account, vat_account=vat, rate=Decimal(vat["ratePercentage"]) if vat else Decimal(0))


def line_vat(agreement: Agreement, line: Json, zone: int) -> SalesVat | None:
    """Return account and VAT of a line; None for a line of text alone, or without account for the zone."""
    return sales_vat(agreement, line["product"]["productNumber"], zone) if "product" in line else None


def line_rate(agreement: Agreement, line: Json, zone: int) -> Decimal:
    """Return a line's VAT rate in percent."""
    vat = line_vat(agreement, line, zone)
    return vat.rate if vat else Decimal(0)
