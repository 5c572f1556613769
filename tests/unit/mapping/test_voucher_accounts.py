"""Opter's codes and accounts against e-conomic's."""

from dataclasses import replace
from decimal import Decimal

import pytest
from support.samples import line
from support.vouchers import export, reference

from config.export_schema import Codes
from worker.economic.mapping.master_data import Journal, VatAccount
from worker.economic.mapping.voucher_payload import open_journal
from worker.economic.mapping.voucher_postings import ledger_account, named_accounts, vat_code
from worker.errors import InvalidInvoice


@pytest.mark.parametrize(
    ("opter", "rate", "code"),
    [
        ("M25", "25.00", "U25"),
        ("M0", "0.00", "U0"),
        ("FREE", "0.00", None),  # paired with an empty text: no code in e-conomic
        ("", "0.00", None),  # no code, no VAT: nothing to pair
    ],
)
def test_a_vat_code_is_paired(opter: str, rate: str, code: str | None) -> None:
    """Opter's code stands for e-conomic's (Opter: integration-001, Codes > Tax rates)."""
    found = vat_code(line(rate=rate, vat_code=opter), export(), reference())
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("opter", "rate", "paired", "reason"),
    [
        ("M99", "25.00", {}, "vat-code-unpaired"),
        ("", "25.00", {}, "vat-code-unpaired"),  # VAT without a code
        ("M25", "25.00", {"M25": "U9"}, "vat-code-unusable"),  # does not exist
        ("M25", "25.00", {"M25": "UBAR"}, "vat-code-unusable"),  # barred
        ("M25", "25.00", {"M25": "I25"}, "vat-code-unusable"),  # for purchases
        ("M25", "24.00", {"M25": "U25"}, "vat-rate-differs"),
        ("M25", "25.00", {"M25": ""}, "vat-rate-differs"),
    ],
)
def test_a_vat_code_that_cannot_be_used(opter: str, rate: str, paired: dict[str, str], reason: str) -> None:
    """Unpaired, unknown, barred, for purchases, or of another rate: refused, never guessed."""
    codes = (
        VatAccount(code="U25", rate=Decimal(25)),
        VatAccount(code="UBAR", rate=Decimal(25), barred=True),
        VatAccount(code="I25", rate=Decimal(25), purchase=True),
    )
    chosen = export().model_copy(update={"codes": Codes(tax_rates=paired)})
    with pytest.raises(InvalidInvoice) as refused:
        vat_code(line(rate=rate, vat_code=opter), chosen, reference(vat_accounts=codes))
    assert refused.value.failure.reason == reason


@pytest.mark.parametrize(
    ("opter", "mapped", "account"),
    [("3010", {}, 3010), ("Fragt", {"Fragt": 3012}, 3012), ("3010", {"3010": 3020}, 3020)],
)
def test_a_sales_account_is_an_account_number_unless_mapped(opter: str, mapped: dict[str, int], account: int) -> None:
    """Opter's accounts are free text (docs.opter.com, accounts-001): a name has to be mapped."""
    chosen = export().model_copy(update={"codes": Codes(ledger_accounts=mapped)})
    assert ledger_account(opter, chosen, reference()) == account


@pytest.mark.parametrize(
    ("opter", "reason", "words"),
    [
        ("Fragt", "ledger-account-missing", "is a name"),
        ("3011", "ledger-account-missing", "does not exist"),
        ("٣٠١٠", "ledger-account-missing", "is a name"),  # digits, but not e-conomic's
        ("3000", "ledger-account-unusable", "heading"),
        ("3099", "ledger-account-unusable", "barred"),
        ("5600", "ledger-account-unusable", "blocked"),
    ],
)
def test_an_account_that_takes_no_entries(opter: str, reason: str, words: str) -> None:
    """It exists, is an account rather than a heading, is open, and takes direct entries; or it is refused by name."""
    with pytest.raises(InvalidInvoice) as refused:
        ledger_account(opter, export(), reference())
    assert refused.value.failure.reason == reason
    assert words in refused.value.failure.description


@pytest.mark.parametrize(
    ("layout", "restricted_to", "reason"),
    [
        ("one-post", "", None),
        ("one-post", "financeVoucher", "journal-restricted"),
        ("one-post", "manualCustomerInvoice", "journal-restricted"),
        ("per-account", "manualCustomerInvoice", None),  # it has no other entries
    ],
)
def test_a_journal_that_restricts_entries(layout: str, restricted_to: str, reason: str | None) -> None:
    """A journal takes our kinds of entry, or is refused at check time."""
    journals = (Journal(number=1, name="Daglig", restricted_to=restricted_to),)
    try:
        open_journal(export(layout=layout), reference(journals=journals))
        found = None
    except InvalidInvoice as refusal:
        found = refusal.failure.reason
    assert found == reason


def test_a_journal_that_does_not_exist_is_named_with_those_that_do() -> None:
    """A clear error at check time."""
    with pytest.raises(InvalidInvoice) as refused:
        open_journal(export().model_copy(update={"journal": 9}), reference())
    assert refused.value.failure.description == "Journal 9 does not exist in e-conomic, which has: 1 Daglig."


@pytest.mark.parametrize("field", ["clearing_account", "rounding_account"])
def test_the_accounts_in_between_are_proven_too(field: str) -> None:
    """An invoice that needs them comes sooner or later."""
    with pytest.raises(InvalidInvoice) as refused:
        named_accounts(export(**{field: 3099}), reference())
    assert refused.value.failure.field == f"voucher.{field}"


def test_accounts_that_are_not_named_are_not_missed() -> None:
    """Both are optional."""
    named_accounts(export(clearing_account=None, rounding_account=None), replace(reference(), accounts=()))
