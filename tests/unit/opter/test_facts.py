"""What Opter says of its own export to e-conomic, fact by fact: this program does the same, or goes past it.

Each test quotes its fact from Opter's page "Exporting invoices to Visma e-conomic" (docs.opter.com, integration-001).
"""

import json
from datetime import date
from typing import Any

import pytest
from support.cli import Bench
from support.harness import EXPORT, PERIOD, VOUCHER_EXPORT, Harness
from support.opter_requirements import BOTH, ID, closed, having, notice, printed, writes
from support.samples import line

from config.export_schema import Codes
from config.exports import ExportConfig
from config.exports_file import read_start_text
from worker.domain.invoice import PaymentCondition
from worker.domain.record import State

# --- Two methods


def test_there_are_two_methods_and_invoices_are_the_default() -> None:
    """Opter's page: "invoice" (default) or "voucher"; both keep e-conomic's sales ledger in step with Opter."""
    by_invoice, by_voucher = (Harness(export) for export in (EXPORT, VOUCHER_EXPORT))
    for harness in (by_invoice, by_voucher):
        closed(harness, printed(harness))

    assert ExportConfig.model_fields["method"].default == "invoice"
    assert [(document.number, str(document.gross)) for document in by_invoice.documents()] == [(100353, "1250.00")]
    [voucher] = by_voucher.sandbox.agreement.vouchers.values()
    [post] = voucher["entries"]["manualCustomerInvoices"]
    assert (post["customerInvoice"], str(post["amount"]), post["customer"]["customerNumber"]) == (
        100353,
        "1250.00",
        1001,
    )


def test_the_customer_gets_the_invoice_from_opter_alone() -> None:
    """Opter's page: the customer still gets the invoice from Opter, as e-conomic's copy lacks transport details."""
    harness = Harness()
    sent = writes(harness)
    closed(harness, printed(harness))

    assert dict(sent)["/invoices/booked"]["sendBy"] == "none"


@BOTH
def test_economic_units_are_not_transferred(export: ExportConfig) -> None:
    """Opter's page: economic units (dimensions) are not transferred. Nobody is surprised: the report counts them."""
    harness = Harness(export)
    sent = writes(harness)
    closed(harness, printed(harness, line(economic_units={"1": "CPH-UNIT"})))
    bench = Bench(harness.clock)
    bench.memory = harness.store

    assert harness.record(ID).state is State.EXPORTED
    assert "CPH-UNIT" not in json.dumps(sent)
    assert any(remark.startswith("economicUnits:") for remark in harness.record(ID).progress.remarks)
    assert bench.json("status", PERIOD)["linesWithEconomicUnits"] == 1


# --- Product groups


@pytest.mark.parametrize(("account", "group"), [("3010", 61), ("61", 61), ("Diverse", 66)])
def test_a_product_group_is_named_or_numbered_like_the_sales_account(account: str, group: int) -> None:
    """Opter's page: product groups must exist in e-conomic, named or numbered like Opter's sales accounts."""
    harness = Harness()
    closed(harness, printed(harness, line(account=account)))

    [booked] = harness.sandbox.agreement.booked.values()
    product = booked["lines"][0]["product"]["productNumber"]
    assert harness.sandbox.agreement.products[product]["productGroup"]["productGroupNumber"] == group


def test_all_missing_groups_are_listed_with_the_sales_accounts_used() -> None:
    """Opter's page: the failure lists the missing groups and the sales accounts of the export. Here: in one go."""
    harness = Harness()
    missing = [printed(harness, line(account=account), invoice_number=n) for n, account in ((1, "4001"), (2, "4002"))]
    closed(harness, printed(harness), *missing)

    assert "4001, 4002 (2 invoices)" in notice(harness)
    assert "Sales accounts used in this export: 3010, 4001, 4002." in notice(harness)
    assert harness.record(ID).state is State.EXPORTED  # the others go on


# --- Payment conditions


@pytest.mark.parametrize(
    ("condition", "due", "names", "terms"),
    [
        (PaymentCondition(name="30 dage", days=30), date(2026, 12, 20), {}, 13),
        (PaymentCondition(name="14 dage", days=14), date(2026, 12, 4), {}, 12),
        # from the end of November
        (PaymentCondition(name="30 dage", days=30, from_end_of_month=True), date(2026, 12, 30), {}, 21),
        (PaymentCondition(name="30 dage", days=30), date(2026, 11, 28), {"30 dage": "Netto 8 dage"}, 11),
    ],
)
def test_payment_conditions_match_by_days_or_by_name(
    condition: PaymentCondition, due: date, names: dict[str, str], terms: int
) -> None:
    """Opter's page: matched by number of days; by name where Codes > Payment Condition pairs the names."""
    harness = Harness(having(EXPORT, codes=Codes(payment_conditions=names)))
    closed(harness, printed(harness, payment_condition=condition, due_date=due))

    [booked] = harness.sandbox.agreement.booked.values()
    assert booked["paymentTerms"]["paymentTermsNumber"] == terms


# --- The voucher method's Start text, PDF and tax rates


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("exportMethod=voucher\njournalNumber=3", {"method": "voucher", "journal": 3}),
        ("exportMethod=voucher", {"method": "voucher"}),
        ("exportMethod=invoice", {"method": "invoice"}),
    ],
)
def test_the_start_text_is_taken_as_opter_has_it(text: str, found: dict[str, Any]) -> None:
    """Opter's page: Start text holds exportMethod=voucher and journalNumber=1 on separate lines; the default is 1."""
    assert read_start_text(text) == (found, [])
    assert ExportConfig.model_fields["journal"].default == 1


def test_a_journal_is_for_vouchers_only() -> None:
    """Opter's page: journalNumber belongs to the voucher method. Alone it is a mistake, never ignored."""
    _, problems = read_start_text("journalNumber=1")

    assert problems == ["journalNumber is set without exportMethod=voucher."]


def test_the_journal_of_the_start_text_is_where_vouchers_go() -> None:
    """Opter's page: journalNumber says which journal gets the vouchers; by default 1, usually "Daily"."""
    harness = Harness(VOUCHER_EXPORT)
    closed(harness, printed(harness))

    assert [journal for journal, _, _ in harness.sandbox.agreement.vouchers] == [1]


def test_the_voucher_method_sends_opters_pdf() -> None:
    """Opter's page: the voucher method sends Opter's PDF along; it hangs on the voucher, byte for byte."""
    harness = Harness(VOUCHER_EXPORT)
    source = printed(harness)
    closed(harness, source)

    assert source.pdf is not None
    [files] = harness.sandbox.agreement.attachments.values()
    assert files == [harness.pdf_fixtures.fetch(source.pdf)]


def test_the_voucher_method_needs_tax_rates() -> None:
    """Opter's page: Codes > Tax rates pairs the VAT codes, mandatory here. All unpaired ones come in one message."""
    harness = Harness(having(VOUCHER_EXPORT, codes=Codes(tax_rates={"M25": "U25"})))
    unpaired = [printed(harness, line(vat_code=code), invoice_number=n) for n, code in ((1, "M9"), (2, "M8"))]
    closed(harness, printed(harness), *unpaired)

    assert [harness.record(f"main-{n}").state for n in (100353, 1, 2)] == [State.EXPORTED, State.DEAD, State.DEAD]
    assert "M8, M9 (2 invoices)" in notice(harness)
