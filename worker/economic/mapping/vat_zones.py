"""VAT in e-conomic follows product group and VAT zone, never the line: predict it, and refuse what would differ.

Source: e-conomic REST docs, ``/product-groups/{n}/sales-accounts`` and drafts (a draft line has no VAT property).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from config.exports import Vat
from worker.domain.invoice import Customer, Line
from worker.domain.money import ZERO
from worker.domain.reasons import failure
from worker.economic.mapping.master_data import MasterData, ProductGroup, VatAccount, ZoneAccount
from worker.economic.mapping.reasons import SetUpReason
from worker.errors import InvalidInvoice

#: Member states of the European Union (2026). Åland, Monaco, Greenland and the Faroes are not written as members.
# fmt: off
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on

#: e-conomic keeps a customer's country as free text; these spellings stand for the neighbours' codes.
_NAMES = {
    "danmark": "DK",
    "denmark": "DK",
    "sverige": "SE",
    "sweden": "SE",
    "norge": "NO",
    "norway": "NO",
    "finland": "FI",
    "suomi": "FI",
    "tyskland": "DE",
    "germany": "DE",
    "deutschland": "DE",
    "holland": "NL",
    "nederland": "NL",
    "netherlands": "NL",
    "polen": "PL",
    "poland": "PL",
    "polska": "PL",
}


def code_of(text: str) -> str:
    """Return the ISO code that a free-text country stands for; the text itself, upper case, when it is not known."""
    plain = text.strip()
    return _NAMES.get(plain.casefold(), plain.upper())


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """The VAT that e-conomic will put on a line."""

    account: int
    #: None: the account carries no VAT.
    code: str | None
    #: Percent.
    rate: Decimal


def zone_for(customer: Customer, lines: Sequence[Line], rules: Vat) -> int:
    """Return the VAT zone number: domestic, EU, abroad, or domestic exempt.

    EU needs a VAT number (reverse charge); without one a consumer is presumed, who pays the seller's VAT unless
    ``rules.eu_without_vat_number`` says otherwise. Exempt takes every line to carry one of ``rules.exempt_codes``.
    """
    if customer.country == rules.home_country:
        exempt = all(line.vat_code in rules.exempt_codes for line in lines)
        return rules.domestic_exempt if exempt else rules.domestic
    if customer.country not in EU:
        return rules.abroad
    if customer.vat_number or rules.eu_without_vat_number == "eu":
        return rules.eu
    return rules.domestic


def check_zone(zone: int, master_data: MasterData) -> int:
    """Return the zone if the agreement has it. Raises ``InvalidInvoice``."""
    if zone not in master_data.vat_zones:
        known = ", ".join(f"{number} {name}" for number, name in sorted(master_data.vat_zones.items()))
        text = f"VAT zone {zone} does not exist in e-conomic, which has: {known or 'none'}."
        raise InvalidInvoice(failure(SetUpReason.VAT_ZONE_MISSING, text, field="vat", value=str(zone)))
    return zone


def predict(line: Line, group: ProductGroup, zone: int, master_data: MasterData) -> Prediction:
    """Return the VAT that e-conomic will compute. Raises ``InvalidInvoice`` when it cannot, or differs from Opter's."""
    account = _account(group, zone, master_data)
    vat = _vat_account(account, group, master_data)
    rate = vat.rate if vat else ZERO
    if rate != line.vat_rate:
        text = (
            f"Line {line.line_number} has {_percent(line.vat_rate)} VAT in Opter (VAT code {line.vat_code or 'none'}). "
            f"In e-conomic, product group {_named(group)} and VAT zone {_zone(zone, master_data)} lead to account "
            f"{account.account} with {f'VAT code {vat.code}' if vat else 'no VAT code'}, {_percent(rate)}."
        )
        raise InvalidInvoice(
            failure(SetUpReason.VAT_MISMATCH, text, field="lines.vatRate", value=_combination(line, group))
        )
    return Prediction(account=account.account, code=account.vat_code, rate=rate)


def _account(group: ProductGroup, zone: int, master_data: MasterData) -> ZoneAccount:
    account = next((one for one in group.accounts if one.zone == zone), None)
    where = f"Product group {_named(group)}, VAT zone {_zone(zone, master_data)}"
    if account is None:
        raise _unusable(f"{where}: no sales account is chosen.", group)
    if account.barred:
        raise _unusable(f"{where}: sales account {account.account} is barred.", group)
    return account


def _vat_account(account: ZoneAccount, group: ProductGroup, master_data: MasterData) -> VatAccount | None:
    if not account.vat_code:
        return None
    vat = next((one for one in master_data.vat_accounts if one.code == account.vat_code), None)
    if vat is None or vat.barred:
        wrong = "is barred" if vat else "does not exist"
        raise _unusable(
            f"Account {account.account} has VAT code {account.vat_code}, which {wrong} in e-conomic.", group
        )
    return vat


def _unusable(text: str, group: ProductGroup) -> InvalidInvoice:
    return InvalidInvoice(
        failure(SetUpReason.VAT_ACCOUNT_MISSING, text, field="lines.salesAccount", value=_named(group))
    )


def _named(group: ProductGroup) -> str:
    return f"{group.number} {group.name}"


def _zone(zone: int, master_data: MasterData) -> str:
    return f"{zone} {master_data.vat_zones.get(zone, '')}".rstrip()


def _combination(line: Line, group: ProductGroup) -> str:
    return f"{_percent(line.vat_rate)} on {_named(group)}"


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f} %"
