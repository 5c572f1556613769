"""Territories with VAT rules of their own: how they are recognised, and what they count as."""

from typing import Any, get_args

import pytest
from support.samples import customer, line

from config.export_schema import Territory, Vat
from worker.economic.mapping.vat_zones import TERRITORIES, remark, territory_of, zone_for

EU, ABROAD, HOME = 2, 3, 1


@pytest.mark.parametrize(
    ("country", "postcode", "territory", "zone"),
    [
        ("EL", "10431", None, EU),
        ("GR", "10431", None, EU),
        ("GR", "63086", "mount-athos", ABROAD),
        ("XI", "BT1 5GS", "northern-ireland", ABROAD),
        ("MC", "98000", "monaco", EU),
        ("FR", "98000", "monaco", EU),
        ("FR", "75001", None, EU),
        ("FR", "97400", "french-overseas", ABROAD),
        ("FR", "98800", "french-overseas", ABROAD),
        ("RE", "97400", "french-overseas", ABROAD),
        ("IM", "IM1 1AA", "isle-of-man", ABROAD),
        ("JE", "JE2 3AB", "channel-islands", ABROAD),
        ("ES", "35001", "canary-islands", ABROAD),
        ("ES", "38 001", "canary-islands", ABROAD),
        ("ES", "51001", "ceuta-and-melilla", ABROAD),
        ("ES", "28035", None, EU),
        ("FI", "22100", "aland", ABROAD),
        ("FI", "AX-22100", "aland", ABROAD),
        ("FI", "00220", None, EU),
        ("AX", "22100", "aland", ABROAD),
        ("IT", "23041", "livigno", ABROAD),
        ("IT", "22061", "campione", ABROAD),
        ("IT", "20121", None, EU),
        ("DE", "78266", "busingen", ABROAD),
        ("DE", "D-78266", "busingen", ABROAD),
        ("DE", "27498", "heligoland", ABROAD),
        ("DE", "24937", None, EU),
        ("DK", "3900", "greenland", ABROAD),
        ("GL", "3900", "greenland", ABROAD),
        ("DK", "FO-100", "faroe-islands", ABROAD),
        ("FO", "100", "faroe-islands", ABROAD),
        ("DK", "8000", None, HOME),
        ("DK", "DK-3400", None, HOME),
        ("UK", "BT1 5GS", None, ABROAD),
    ],
)
def test_an_address_in_a_special_territory(country: str, postcode: str, territory: str | None, zone: int) -> None:
    """By its own code or by postcodes of its country; a company with a VAT number, so the zone shows what it is."""
    vat_number = None if zone == HOME else f"{country}094014201"
    who = customer(country=country, zip=postcode, vat_number=vat_number)
    found = territory_of(who)

    assert (found and found.key) == territory
    assert zone_for(who, [line(rate="0.00")], Vat()) == zone
    assert bool(remark(who, {})) == (territory is not None)


@pytest.mark.parametrize(("country", "zone"), [("XI", EU), ("AX", EU), ("MC", ABROAD)])
def test_the_exports_file_may_state_another_choice(country: str, zone: int) -> None:
    """Whoever moves goods to Northern Ireland says so once; the remark says whose choice it was."""
    chosen: Any = {"northern-ireland": "eu", "aland": "eu", "monaco": "abroad"}
    who = customer(country=country, vat_number="XI123456789")

    assert zone_for(who, [line(rate="0.00")], Vat(territories=chosen)) == zone
    assert "as the exports file says" in remark(who, chosen)[0]


def test_the_exports_file_knows_every_territory() -> None:
    """Its keys and the table come and go together."""
    assert [territory.key for territory in TERRITORIES] == list(get_args(Territory))
