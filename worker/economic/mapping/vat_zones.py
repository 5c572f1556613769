"""VAT zones: the places whose VAT is their own, the rules by which an invoice gets its zone, and the one that fits.

Sources of the territories: Council Directive 2006/112/EC, article 6 (territories of member states outside the VAT area)
and article 7 (Monaco counts as France, the Isle of Man as the United Kingdom); article 8 of the Protocol on
Ireland/Northern Ireland with Directive (EU) 2020/1756 (prefix XI, for goods only; transport is a service, so XI counts
as abroad unless the exports file says otherwise); European Commission, "Territorial status of EU countries and certain
territories"; ISO 3166-1 for codes (EL is the prefix of Greek VAT numbers, not an ISO code). Postcodes are those of the
countries' posts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from string import ascii_uppercase
from typing import Any, Literal

from config.export_schema import Vat
from config.exports import ExportConfig
from worker.domain.invoice import Customer, Invoice, Line
from worker.domain.reasons import invalid
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.products import group_for, predict, zone_label
from worker.economic.mapping.reasons import SetUpReason
from worker.errors import InvalidInvoice

Treatment = Literal["eu", "abroad"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Territory:
    """A territory, how it is recognised, and what it counts as."""

    #: Its name in the exports file (``vat.territories``).
    key: str
    #: Country codes that stand for it alone.
    codes: frozenset[str] = frozenset()
    #: Country -> beginnings of the postcodes that it has there.
    postcodes: Mapping[str, tuple[str, ...]]
    counts_as: Treatment

    def holds(self, country: str, postcode: str) -> bool:
        """Whether an address in this country with this postcode lies in it."""
        if country in self.codes:
            return True
        written = "".join(filter(str.isalnum, postcode)).upper()
        bare = written.lstrip(ascii_uppercase)  # a country's letters may stand before: D-78266
        starts = self.postcodes.get(country, ())
        return written.startswith(starts) or bare.startswith(starts)


def _territory(
    key: str, counts_as: Treatment, *codes: str, postcodes: Mapping[str, tuple[str, ...]] | None = None
) -> Territory:
    return Territory(key=key, codes=frozenset(codes), postcodes=postcodes or {}, counts_as=counts_as)


#: Codes that are another country's under a second name.
ALIASES = {"EL": "GR", "UK": "GB"}
TERRITORIES: tuple[Territory, ...] = (
    _territory("monaco", "eu", "MC", postcodes={"FR": ("98",)}),
    _territory("northern-ireland", "abroad", "XI"),
    _territory("isle-of-man", "abroad", "IM"),
    _territory("channel-islands", "abroad", "JE", "GG"),
    _territory("greenland", "abroad", "GL", postcodes={"DK": ("39",)}),
    _territory("faroe-islands", "abroad", "FO", postcodes={"DK": ("FO",)}),
    _territory("aland", "abroad", "AX", postcodes={"FI": ("22", "AX22")}),
    _territory("canary-islands", "abroad", "IC", postcodes={"ES": ("35", "38")}),
    _territory("ceuta-and-melilla", "abroad", "EA", postcodes={"ES": ("51", "52")}),
    _territory("busingen", "abroad", postcodes={"DE": ("78266",)}),
    _territory("heligoland", "abroad", postcodes={"DE": ("27498",)}),
    _territory("livigno", "abroad", postcodes={"IT": ("23041",)}),
    _territory("campione", "abroad", postcodes={"IT": ("22061",)}),
    _territory("mount-athos", "abroad", postcodes={"GR": ("63086",), "EL": ("63086",)}),
    _territory(
        "french-overseas",
        "abroad",
        *("GP", "MQ", "GF", "RE", "YT", "MF", "BL", "PM", "NC", "PF", "WF"),
        postcodes={"FR": ("971", "972", "973", "974", "975", "976", "977", "978", "986", "987", "988")},
    ),
)


def territory_of(customer: Customer) -> Territory | None:
    """Return the special territory that a customer's address lies in."""
    return _holding(customer.country, customer.zip or "")


@lru_cache(maxsize=4096)  # asked several times for each invoice
def _holding(country: str, postcode: str) -> Territory | None:
    return next((territory for territory in reversed(TERRITORIES) if territory.holds(country, postcode)), None)


def country_of(customer: Customer) -> str:
    """Return the customer's country under its ISO code."""
    return ALIASES.get(customer.country, customer.country)


def remark(customer: Customer, chosen: Mapping[Any, Treatment]) -> tuple[str, ...]:
    """Return a remark on what a special territory was taken for; none for other addresses."""
    territory = territory_of(customer)
    if territory is None:
        return ()
    stated = chosen.get(territory.key)
    by = "the exports file says" if stated else "its VAT rules say"
    return (f"customer.country: {territory.key} counts as {stated or territory.counts_as}, as {by}",)


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
    text = f"vatZone: {zone_label(zone, master_data)}, {whose}, not {zone_label(by_rule, master_data)}"
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
