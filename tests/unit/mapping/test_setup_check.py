"""An export's set-up against its agreement."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from support.samples import export, group, invoice, line, reference, year

from config.export_schema import Codes, Customers, Vat
from config.exports import ExportConfig
from worker.economic.mapping.master_data import MasterData, VatAccount
from worker.economic.mapping.setup_check import check_setup

TODAY = date(2026, 11, 20)
MAPPED = Codes(sales_accounts={"3010": "3010"})
BARRED = VatAccount(code="U25", rate=Decimal(25), barred=True)


def wrong(ours: ExportConfig, theirs: MasterData, *invoices: Any, today: date = TODAY) -> list[str]:
    return [check.item for check in check_setup(ours, theirs, invoices, today=today) if not check.ok]


def test_a_complete_set_up() -> None:
    """Nothing to put right, and the agreement is named for pinning."""
    checks = check_setup(export(), reference(), [invoice()], today=TODAY)

    assert all(check.ok for check in checks)
    assert "agreement = 123456" in checks[0].found


@pytest.mark.parametrize(
    ("ours", "theirs", "items"),
    [
        ({"customers": Customers(group=2, layout=19)}, {}, ["New customers"]),
        ({"customers": Customers(group=1, layout=20)}, {}, ["Layout"]),
        ({"customers": Customers(group=1, layout=19, currency="USD")}, {}, ["Currency of new customers"]),
        ({"customers": Customers(group=1, layout=19, payment_terms="Netto 9 dage")}, {}, ["New customers"]),
        ({"vat": Vat(abroad=9)}, {}, ["VAT zone, abroad"]),
        ({"codes": Codes(payment_conditions={"30 dage": "Netto 31"})}, {}, ["Payment condition '30 dage'"]),
        ({"codes": Codes(tax_rates={"M25": "U26"})}, {}, ["Tax rate 'M25'"]),
        ({"codes": Codes(sales_accounts={"3010": "77"})}, {}, ["Sales account 3010"]),
        ({"method": "voucher", "journal": 8}, {}, ["Journal"]),
        ({"method": "voucher", "types": {"manual": {"journal": 8}}}, {}, ["Journal (types.manual.journal)"]),
        ({"layout": 20}, {}, ["Layout (layout)"]),
        ({"types": {"manual": {"layout": 20}, "interest": {}}}, {}, ["Layout (types.manual.layout)"]),
        ({"codes": MAPPED}, {"groups": (group(1, "3010"), group(2, "3010"))}, ["Sales account 3010"]),
        ({"codes": MAPPED}, {"vat_accounts": (BARRED,)}, ["Sales account 3010"]),
    ],
)  # fmt: skip
def test_each_missing_thing_is_reported(ours: dict[str, Any], theirs: dict[str, Any], items: list[str]) -> None:
    """Numbers and names of the exports file that the agreement does not have, or not in a usable way."""
    assert wrong(export(**ours), reference(**theirs)) == items


def test_today_must_lie_in_an_open_year() -> None:
    """The agreement's only year is 2026."""
    assert wrong(export(), reference(), today=date(2027, 1, 2)) == ["Accounting year"]


def test_everything_is_reported_at_once() -> None:
    """Three mistakes, three lines: nobody runs the check three times."""
    ours = export(customers=Customers(group=2, layout=20), vat=Vat(eu=8))

    assert wrong(ours, reference()) == ["New customers", "Layout", "VAT zone, EU"]


def test_sample_invoices_are_checked_as_a_period_would_be() -> None:
    """25 % on group 3012, whose account carries no VAT: reported once for both invoices."""
    samples = [invoice(line(account="3012"), invoice_number=n) for n in (1, 2)]

    assert wrong(export(), reference(), *samples) == ["Sample invoices"]


@pytest.mark.parametrize(
    ("unknown", "found"),
    [
        (True, "cannot be read with these tokens; invoices in one are refused by e-conomic, one by one"),
        (False, "2026-01, 2026-03"),
    ],
)
def test_barred_periods_are_remarked(*, unknown: bool, found: str) -> None:
    """Where they are to be read; not being allowed to is no fault of the set-up."""
    open_year = year()
    periods = tuple(replace(month, barred=month.first.month in (1, 3)) for month in open_year.periods)
    theirs = reference(bars_unknown=unknown, years=(replace(open_year, periods=periods),))
    checks = check_setup(export(read_barred_periods=True), theirs, [], today=TODAY)

    assert [(check.ok, check.found) for check in checks if check.item == "Barred periods"] == [(True, found)]


def test_barred_periods_are_not_mentioned_unless_asked_for() -> None:
    """The export did not ask."""
    checks = check_setup(export(), reference(), [], today=TODAY)

    assert [check.item for check in checks if check.item == "Barred periods"] == []
