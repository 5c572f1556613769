"""What a line leads to: the product group of Opter's sales account, its product, and the VAT in a zone.

VAT in e-conomic follows product group and VAT zone, never the line: it is predicted here, and what would differ from
Opter's is refused. Source: e-conomic REST docs, ``/product-groups/{n}/sales-accounts`` and drafts (a draft line has no
VAT property).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from worker.domain.identity import fingerprint
from worker.domain.invoice import Line
from worker.domain.money import ZERO
from worker.domain.reasons import invalid
from worker.economic.mapping.master_data import MasterData, Product, ProductGroup, VatAccount, ZoneAccount
from worker.economic.mapping.reasons import SetUpReason
from worker.economic.mapping.text_limits import Source, fit
from worker.errors import InvalidInvoice


def fitting_groups(
    sales_account: str, mapping: Mapping[str, str], groups: Sequence[ProductGroup]
) -> tuple[ProductGroup, ...]:
    """Return the groups that stand for a sales account: as mapped, else those named or numbered like it.

    A mapped value is a group number or, when no group has it, a group's exact name.
    """
    mapped = mapping.get(sales_account)
    if mapped is not None:
        by_number = tuple(group for group in groups if str(group.number) == mapped.strip())
        return by_number or tuple(group for group in groups if group.name.strip() == mapped.strip())
    wanted = sales_account.casefold()
    return tuple(group for group in groups if wanted in (group.name.strip().casefold(), str(group.number)))


def group_for(sales_account: str, mapping: Mapping[str, str], groups: Sequence[ProductGroup]) -> ProductGroup:
    """Return the one group that stands for a sales account. Raises ``InvalidInvoice`` for none and for several."""
    fitting = fitting_groups(sales_account, mapping, groups)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        named = ", ".join(f"{group.number} {group.name!r}" for group in fitting)
        reason = SetUpReason.PRODUCT_GROUP_AMBIGUOUS
        text = f"Sales account {sales_account} fits several groups: {named}."
    else:
        like = mapping.get(sales_account, sales_account)
        reason = SetUpReason.PRODUCT_GROUP_MISSING
        text = f"No product group in e-conomic is named or numbered {like} for sales account {sales_account}."
    raise invalid(reason, text, field="lines.salesAccount", value=sales_account)


def choose(sales_account: str, group: ProductGroup, products: Sequence[Product]) -> str | None:
    """Return the number of the product to put on a line; None: one has to be created.

    First the product that carries the account's number, else the only one of the group that is not barred. Raises
    ``InvalidInvoice`` when ours is barred and nothing else fits.
    """
    in_group = [product for product in products if product.group == group.number]
    ours = own_numbers(sales_account)
    own = [product for product in in_group if product.number in ours]
    open_own = sorted((product.number for product in own if not product.barred), key=ours.index)
    open_numbers = [product.number for product in in_group if not product.barred]
    if open_own or len(open_numbers) == 1:
        return (open_own or open_numbers)[0]
    if own:
        text = f"Product {own[0].number} of product group {group.number} {group.name} is barred in e-conomic."
        raise invalid(SetUpReason.PRODUCT_BARRED, text, field="lines.salesAccount", value=sales_account)
    return None


def stands_in(group: ProductGroup, product: Product | None) -> bool:
    """Whether a product may be put on a line for this group."""
    return product is not None and product.group == group.number and not product.barred


def own_numbers(sales_account: str) -> tuple[str, str]:
    """Return the numbers a product of ours may have, preferred first: at most 25 characters, safe in an address."""
    if re.fullmatch(r"[A-Za-z0-9-]{1,21}", sales_account):
        return sales_account, f"OPT-{sales_account}"
    short = fingerprint("OPT", sales_account)[:20]
    return short, f"{short}-2"


def number_to_create(sales_account: str, taken: Mapping[str, Product | None]) -> str:
    """Return the first of ``own_numbers`` that e-conomic does not have. Raises ``InvalidInvoice`` when it has both.

    ``taken`` has for each of them the product of another group that has it in e-conomic, or None.
    """
    for number in own_numbers(sales_account):
        if taken[number] is None:
            return number
    numbers = " and ".join(own_numbers(sales_account))
    text = f"Products {numbers} exist in e-conomic, but in other groups than sales account {sales_account} needs."
    raise invalid(SetUpReason.PRODUCT_NUMBER_TAKEN, text, field="lines.salesAccount", value=sales_account)


def new_product(number: str, sales_account: str, group: ProductGroup) -> dict[str, Any]:
    """Return the body of POST /products (e-conomic REST schema: number is a string, name at most 300)."""
    name = Source(name="name", field="lines.salesAccount", text=sales_account, limit=300, required=True)
    return {"productNumber": number, **fit([name]).texts, "productGroup": {"productGroupNumber": group.number}}


def product_key(sales_account: str, group: ProductGroup) -> str:
    """Return a key for the product that may be created once for a sales account in a group."""
    return fingerprint("product", sales_account, group.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """The VAT that e-conomic will put on a line."""

    account: int
    #: None: the account carries no VAT.
    code: str | None
    #: Percent.
    rate: Decimal


def predict(line: Line, group: ProductGroup, zone: int, master_data: MasterData) -> Prediction:
    """Return the VAT that e-conomic will compute. Raises ``InvalidInvoice`` when it cannot, or differs from Opter's."""
    account = _sales_account(group, zone, master_data)
    vat = _vat_account(account, group, master_data)
    rate = vat.rate if vat else ZERO
    if rate != line.vat_rate:
        text = (
            f"Line {line.line_number} has {percent(line.vat_rate)} VAT in Opter (VAT code {line.vat_code or 'none'}). "
            f"In e-conomic, product group {_named(group)} and VAT zone {zone_label(zone, master_data)} lead to account "
            f"{account.account} with {f'VAT code {vat.code}' if vat else 'no VAT code'}, {percent(rate)}."
        )
        value = f"{percent(line.vat_rate)} on {_named(group)}"
        raise invalid(SetUpReason.VAT_MISMATCH, text, field="lines.vatRate", value=value)
    return Prediction(account=account.account, code=account.vat_code, rate=rate)


def _sales_account(group: ProductGroup, zone: int, master_data: MasterData) -> ZoneAccount:
    account = next((account for account in group.accounts if account.zone == zone), None)
    if account is not None and not account.barred:
        return account
    wrong = f"sales account {account.account} is barred" if account else "no sales account is chosen"
    raise _unusable(f"Product group {_named(group)}, VAT zone {zone_label(zone, master_data)}: {wrong}.", group)


def _vat_account(account: ZoneAccount, group: ProductGroup, master_data: MasterData) -> VatAccount | None:
    if not account.vat_code:
        return None
    vat = next((vat for vat in master_data.vat_accounts if vat.code == account.vat_code), None)
    if vat is None or vat.barred:
        wrong = "is barred" if vat else "does not exist"
        text = f"Account {account.account} has VAT code {account.vat_code}, which {wrong} in e-conomic."
        raise _unusable(text, group)
    return vat


def _unusable(text: str, group: ProductGroup) -> InvalidInvoice:
    return invalid(SetUpReason.VAT_ACCOUNT_MISSING, text, field="lines.salesAccount", value=_named(group))


def _named(group: ProductGroup) -> str:
    return f"{group.number} {group.name}"


def zone_label(zone: int, master_data: MasterData) -> str:
    """Return a VAT zone as messages name it, for example ``1 Domestic``."""
    return f"{zone} {master_data.vat_zones.get(zone, '')}".rstrip()


def percent(rate: Decimal) -> str:
    """Return for example ``25 %``."""
    return f"{rate.normalize():f} %"
