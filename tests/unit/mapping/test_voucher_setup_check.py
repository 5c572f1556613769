"""What ``export check`` checks for the voucher method."""

from datetime import date
from typing import Any

import pytest
from support.samples import invoice, line
from support.vouchers import export, reference

from config.export_schema import Codes
from worker.domain.invoice import Pdf
from worker.economic.mapping.master_data import Journal
from worker.economic.mapping.setup_check import check_setup

TODAY = date(2026, 11, 20)
PDF = Pdf(url="file:///prints/100353.pdf", sha256="0" * 64, bytes=1000)


def wrong(chosen: Any, agreed: dict[str, Any], *invoices: Any) -> list[str]:
    return [check.item for check in check_setup(chosen, reference(**agreed), invoices, today=TODAY) if not check.ok]


def test_a_complete_set_up_names_what_it_found() -> None:
    """Journal, the accounts in between and those of the sales accounts; product groups are not missed."""
    checks = check_setup(export(), reference(groups=()), [invoice(pdf=PDF)], today=TODAY)
    found = {check.item: check.found for check in checks}
    assert [check for check in checks if not check.ok] == []
    assert {
        item: found[item] for item in ("Journal", "Clearing account", "Rounding account", "Sales account 3010")
    } == {
        "Journal": "1 Daglig",
        "Clearing account": "account 5990 Mellemregning",
        "Rounding account": "account 4990 Øreafrunding",
        "Sales account 3010": "account 3010 Salg 3010",
    }


@pytest.mark.parametrize(
    ("chosen", "agreed", "items"),
    [
        (export(), {"journals": (Journal(number=1, name="Kun finans", restricted_to="financeVoucher"),)}, ["Journal"]),
        (export().model_copy(update={"journal": 8}), {}, ["Journal"]),
        (export(clearing_account=3099), {}, ["Clearing account"]),
        (export(rounding_account=1), {}, ["Rounding account"]),
        (export().model_copy(update={"codes": Codes(ledger_accounts={"Fragt": 3000})}), {}, ["Sales account Fragt"]),
        (export().model_copy(update={"codes": Codes(tax_rates={"M25": "U9"})}), {}, ["Tax rate 'M25'"]),
    ],
)
def test_each_thing_that_is_missing_is_told(chosen: Any, agreed: dict[str, Any], items: list[str]) -> None:
    """Before the first invoice asks for it."""
    assert wrong(chosen, agreed) == items


def test_an_invoices_sales_accounts_are_looked_at() -> None:
    """Those that the store or a sample knows, and what their invoices would fail of."""
    assert wrong(export(), {}, invoice(line(account="3011"), pdf=PDF)) == ["Sales account 3011", "Sample invoices"]


def test_what_goes_without_a_clearing_account_is_said() -> None:
    """It may be left out, and then only the simplest invoices can be posted: no fault, but worth a line."""
    checks = check_setup(export(clearing_account=None), reference(), (), today=TODAY)
    (clearing,) = [check for check in checks if check.item == "Clearing account"]
    assert clearing.ok
    assert "only invoices with one sales account and VAT code" in clearing.found
