"""Territories whose VAT is not that of the country whose code or postcodes they use.

Sources: Council Directive 2006/112/EC, article 6 (territories of member states outside the VAT area) and article 7
(Monaco counts as France, the Isle of Man as the United Kingdom); article 8 of the Protocol on Ireland/Northern Ireland
with Directive (EU) 2020/1756 (prefix XI, for goods only; transport is a service, so XI counts as abroad unless the
exports file says otherwise); European Commission, "Territorial status of EU countries and certain territories"; ISO
3166-1 for codes (EL is the prefix of Greek VAT numbers, not an ISO code). Postcodes are those of the countries' posts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_uppercase
from typing import Any, Literal

from worker.domain.invoice import Customer

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
