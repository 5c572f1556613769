"""The VAT of a sales line: product, its group, the group's sales account for the recipient's zone, VAT code, rate."""

from dataclasses import dataclass
from decimal import Decimal

from worker.sandbox.state import Agreement, Json


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
