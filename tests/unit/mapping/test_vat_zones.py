from datetime import date
from decimal import Decimal

import pytest
from support.samples import customer, export, group, line, reference

from config.export_schema import Vat
from worker.economic.mapping.master_data import ProductGroup, VatAccount, ZoneAccount
from worker.economic.mapping.products import Prediction, predict
from worker.economic.mapping.setup_check import check_setup
from worker.economic.mapping.vat_zones import ZONE_RULES, Zone, check_zone, zone_for
from worker.errors import InvalidInvoice

GERMAN = {"country": "DE", "corporate_id": None}
TAXED, FREE = line(), line(rate="0.00", vat_code="EXEMPT")


@pytest.mark.parametrize(
    ("who", "lines", "rules", "zone"),
    [
        ({}, [TAXED], Vat(), 1),
        ({}, [FREE], Vat(), 1),
        ({}, [FREE], Vat(exempt_codes=("EXEMPT",)), 4),
        ({}, [FREE, FREE], Vat(exempt_codes=("EXEMPT", "M0")), 4),
        ({}, [FREE, TAXED], Vat(exempt_codes=("EXEMPT",)), 1),  # one taxed line makes it domestic
        ({**GERMAN, "vat_number": "DE811569869"}, [FREE], Vat(), 2),
        (GERMAN, [TAXED], Vat(), 1),  # a consumer pays the seller's VAT
        (GERMAN, [FREE], Vat(eu_without_vat_number="eu"), 2),
        ({"country": "NO"}, [FREE], Vat(), 3),
        ({"country": "NO", "vat_number": "NO1"}, [FREE], Vat(), 3),
        ({"country": "GL"}, [FREE], Vat(), 3),  # Greenland is outside the EU's VAT area
        ({"country": "SE"}, [TAXED], Vat(home_country="SE"), 1),
        ({"country": "DK", "vat_number": "DK1"}, [FREE], Vat(home_country="SE"), 2),
        ({"country": "NO"}, [FREE], Vat(abroad=30), 30),  # the numbers are the agreement's
    ],
)
def test_zone_for(who: dict, lines: list, rules: Vat, zone: int) -> None:
    """The zone follows country, VAT number and the lines' VAT codes."""
    assert zone_for(customer(**who), lines, rules) == zone


def test_every_zone_of_the_exports_file_has_a_rule() -> None:
    """A zone's number in the exports file, the zone, and a rule that leads to it come and go together."""
    numbers = {name for name, field in Vat.model_fields.items() if isinstance(field.default, int)}

    assert numbers == {zone.key for zone in Zone}
    assert set(Zone) == {rule.zone for rule in ZONE_RULES}


@pytest.mark.parametrize("country", ["DK", "SE", "NO", "GL", "US"])
@pytest.mark.parametrize("vat_number", [None, "SE556677889901"])
@pytest.mark.parametrize("lines", [[TAXED], [FREE]])
def test_every_invoice_gets_a_zone_that_the_set_up_check_looks_for(
    country: str, vat_number: str | None, lines: list
) -> None:
    """The set-up check goes through ``Zone``: a rule cannot lead to a zone that it forgets."""
    rules = Vat(domestic=11, eu=12, abroad=13, domestic_exempt=14, exempt_codes=("EXEMPT",))
    checks = check_setup(export(vat=rules), reference(vat_zones={}), [], today=date(2026, 11, 20))
    checked = {check.found.split()[2] for check in checks if check.item.startswith("VAT zone")}

    assert str(zone_for(customer(country=country, vat_number=vat_number), lines, rules)) in checked
    assert checked == {"11", "12", "13", "14"}


def test_a_zone_must_exist() -> None:
    """A zone number that the agreement does not have is named with those it has."""
    assert check_zone(4, reference()) == 4
    with pytest.raises(
        InvalidInvoice, match=r"VAT zone 9 does not exist .* 1 Domestic, 2 EU, 3 Abroad, 4 Dom"
    ) as caught:
        check_zone(9, reference())
    assert caught.value.failure.reason == "vat-zone-missing"


@pytest.mark.parametrize(
    ("zone", "rate", "expected"),
    [
        (1, "25.00", Prediction(account=1001, code="U25", rate=Decimal(25))),
        (2, "0.00", Prediction(account=1002, code=None, rate=Decimal(0))),
    ],
)
def test_predict(zone: int, rate: str, expected: Prediction) -> None:
    """VAT is that of the account which the group has for the zone."""
    assert predict(line(rate=rate), group(1, "3010"), zone, reference()) == expected


@pytest.mark.parametrize(
    ("zone", "rate", "text"),
    [
        (
            1,
            "0.00",
            (
                "Line 1 has 0 % VAT in Opter (VAT code M0). In e-conomic, product group 1 3010 and VAT zone 1 Domestic "
                "lead to account 1001 with VAT code U25, 25 %."
            ),
        ),
        (
            2,
            "25.00",
            (
                "Line 1 has 25 % VAT in Opter (VAT code M25). In e-conomic, product group 1 3010 and VAT zone 2 EU "
                "lead to account 1002 with no VAT code, 0 %."
            ),
        ),
    ],
)
def test_other_vat_is_refused_before_posting(zone: int, rate: str, text: str) -> None:
    """A mismatch names group, zone, account and both rates."""
    with pytest.raises(InvalidInvoice) as caught:
        predict(line(rate=rate), group(1, "3010"), zone, reference())

    assert (caught.value.failure.reason, caught.value.failure.description) == ("vat-mismatch", text)


def only(**account: object) -> ProductGroup:
    return ProductGroup(number=1, name="3010", accounts=(ZoneAccount(**({"zone": 1, "account": 1010} | account)),))


@pytest.mark.parametrize(
    ("used", "text"),
    [
        (only(zone=2), "Product group 1 3010, VAT zone 1 Domestic: no sales account is chosen."),
        (only(barred=True), "Product group 1 3010, VAT zone 1 Domestic: sales account 1010 is barred."),
        (only(vat_code="U99"), "Account 1010 has VAT code U99, which does not exist in e-conomic."),
        (only(vat_code="OLD"), "Account 1010 has VAT code OLD, which is barred in e-conomic."),
    ],
)
def test_vat_that_cannot_be_predicted(used: ProductGroup, text: str) -> None:
    """What is not known to come out right is not posted."""
    vat_accounts = (VatAccount(code="OLD", rate=Decimal(25), barred=True),)
    with pytest.raises(InvalidInvoice) as caught:
        predict(line(), used, 1, reference(vat_accounts=vat_accounts))

    assert (caught.value.failure.reason, caught.value.failure.description) == ("vat-account-missing", text)
