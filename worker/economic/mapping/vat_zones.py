"""VAT in e-conomic follows product group and VAT zone, never the line: predict it, and refuse what would differ.

Source: e-conomic REST docs, ``/product-groups/{n}/sales-accounts`` and drafts (a draft line has no VAT property).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from config.export_schema import Vat
from config.exports import ExportConfig
from worker.domain.invoice import Customer, Invoice, Line
from worker.domain.money import ZERO
from worker.domain.reasons import invalid
from worker.economic.mapping.master_data import MasterData, ProductGroup, VatAccount, ZoneAccount
from worker.economic.mapping.products import group_for
from worker.economic.mapping.reasons import SetUpReason
from worker.economic.mapping.territories import country_of, remark, territory_of
from worker.errors import InvalidInvoice

#: Member states of the European Union (2026); territories with VAT rules of their own are in ``territories``.
# fmt: off
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})

#: e-conomic keeps a customer's country as free text; these spellings stand for the neighbours' codes.
_NAMES = {
    "danmark": "DK", "denmark": "DK", "sverige": "SE", "sweden": "SE", "norge": "NO", "norway": "NO",
    "finland": "FI", "suomi": "FI", "tyskland": "DE", "germany": "DE", "deutschland": "DE",
    "holland": "NL", "nederland": "NL", "netherlands": "NL", "polen": "PL", "poland": "PL", "polska": "PL",
}
# fmt: on


def code_of(text: str) -> str:
    """Return the ISO code that a free-text country stands for; the text itself, upper case, when it is not known."""
    country = text.strip()
    return _NAMES.get(country.casefold(), country.upper())


class Zone(Enum):
    """The VAT zones that invoices may be put into: the key of the zone's number in the table ``vat``, and its name."""

    DOMESTIC = ("domestic", "domestic")
    EU = ("eu", "EU")
    ABROAD = ("abroad", "abroad")
    DOMESTIC_EXEMPT = ("domestic_exempt", "domestic exempt")

    def __init__(self, key: str, label: str) -> None:
        self.key = key
        self.label = label

    def number(self, vat: Vat) -> int:
        """Return the zone's number in the agreement, as the exports file names it."""
        number: int = getattr(vat, self.key)
        return number


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneRule:
    """Which invoices belong to a zone."""

    zone: Zone
    #: The rule in words, for the documents: "invoices to ...".
    meaning: str
    applies: Callable[[Customer, Sequence[Line], Vat], bool]


#: The first rule that applies decides. The set-up check and the documents read this table too.
ZONE_RULES: tuple[ZoneRule, ...] = (
    ZoneRule(
        zone=Zone.DOMESTIC_EXEMPT,
        meaning="customers in `home_country`, when every line carries one of `exempt_codes`",
        applies=lambda customer, lines, vat: (
            _place(customer, vat) == vat.home_country and all(line.vat_code in vat.exempt_codes for line in lines)
        ),
    ),
    ZoneRule(
        zone=Zone.DOMESTIC,
        meaning="customers in `home_country`",
        applies=lambda customer, _, vat: _place(customer, vat) == vat.home_country,
    ),
    ZoneRule(
        zone=Zone.ABROAD,
        meaning="customers outside the EU",
        applies=lambda customer, _, vat: _place(customer, vat) not in EU | {"eu"},
    ),
    ZoneRule(
        zone=Zone.EU,
        meaning=(
            "customers in the EU with a VAT number of another country (reverse charge), or all without one with "
            '`eu_without_vat_number = "eu"`'
        ),
        applies=lambda customer, _, vat: (
            not (customer.vat_number or "").upper().startswith(vat.home_country)
            and (bool(customer.vat_number) or vat.eu_without_vat_number == "eu")
        ),
    ),
    ZoneRule(
        zone=Zone.DOMESTIC,
        meaning="other customers in the EU: consumers, and companies registered for VAT in `home_country`",
        applies=lambda *_: True,
    ),
)


def _place(customer: Customer, vat: Vat) -> str:
    """Return the customer's country, or ``eu`` or ``abroad`` for a territory with VAT rules of its own."""
    territory = territory_of(customer)
    if territory is None:
        return country_of(customer)
    return vat.territories.get(territory.key, territory.counts_as)  # type: ignore[call-overload,no-any-return]


def zone_for(customer: Customer, lines: Sequence[Line], vat: Vat) -> int:
    """Return the VAT zone number of an invoice, by the first of ``ZONE_RULES`` that applies."""
    rule = next(rule for rule in ZONE_RULES if rule.applies(customer, lines, vat))
    return rule.zone.number(vat)


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneChoice:
    """The VAT zone to put on an invoice, and what to remark about it."""

    number: int
    remarks: tuple[str, ...] = ()


def choose_zone(
    invoice: Invoice, export: ExportConfig, master_data: MasterData, own_zone: int | None = None
) -> ZoneChoice:
    """Return the first zone in which e-conomic computes the lines' VAT; the rules' zone when there is none.

    Tried in this order: the zone by ``ZONE_RULES``; the customer's own in e-conomic (``own_zone``), which a bookkeeper
    chose; the domestic one, as home VAT on a foreign customer is legitimate (transport within the country for a
    consumer). No zone changes what the customer owes: only one that gives Opter's VAT is chosen.
    """
    by_rule = zone_for(invoice.customer, invoice.lines, export.vat)
    taxed = any(line.vat_rate for line in invoice.lines)
    candidates = [by_rule, *([own_zone] if own_zone else []), *([export.vat.domestic] if taxed else [])]
    fitting = (zone for zone in candidates if _gives_vat(zone, invoice, export, master_data))
    zone = next(fitting, by_rule)
    territory = remark(invoice.customer, export.vat.territories)
    if zone == by_rule:
        return ZoneChoice(number=zone, remarks=territory)
    whose = "the customer's own in e-conomic" if zone == own_zone else "as the lines carry the seller's VAT"
    text = f"vatZone: {_zone(zone, master_data)}, {whose}, not {_zone(by_rule, master_data)}"
    return ZoneChoice(number=zone, remarks=(*territory, text))


def _gives_vat(zone: int, invoice: Invoice, export: ExportConfig, master_data: MasterData) -> bool:
    """Whether every line gets Opter's VAT in this zone."""
    if zone not in master_data.vat_zones:
        return False
    try:
        for line in invoice.lines:
            group = group_for(line.sales_account, export.codes.sales_accounts, master_data.groups)
            predict(line, group, zone, master_data)
    except InvalidInvoice:
        return False
    return True


def check_zone(zone: int, master_data: MasterData) -> int:
    """Return the zone if the agreement has it. Raises ``InvalidInvoice``."""
    if zone not in master_data.vat_zones:
        known = ", ".join(f"{number} {name}" for number, name in sorted(master_data.vat_zones.items()))
        text = f"VAT zone {zone} does not exist in e-conomic, which has: {known or 'none'}."
        raise invalid(SetUpReason.VAT_ZONE_MISSING, text, field="vat", value=zone)
    return zone


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
            f"In e-conomic, product group {_named(group)} and VAT zone {_zone(zone, master_data)} lead to account "
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
    raise _unusable(f"Product group {_named(group)}, VAT zone {_zone(zone, master_data)}: {wrong}.", group)


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


def _zone(zone: int, master_data: MasterData) -> str:
    return f"{zone} {master_data.vat_zones.get(zone, '')}".rstrip()


def percent(rate: Decimal) -> str:
    """Return for example ``25 %``."""
    return f"{rate.normalize():f} %"
