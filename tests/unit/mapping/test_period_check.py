from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from support.samples import customer, export, group, invoice, line, reference, year

from config.export_schema import Booking, Codes, Customers, Vat
from worker.domain.invoice import Invoice
from worker.economic.mapping.master_data import Product
from worker.economic.mapping.period_check import PeriodCheck, check_against_agreement, check_period, sales_accounts
from worker.economic.mapping.reasons import SetUpReason, set_up_related


def reasons(source: Invoice, *, exported: dict[str, Any] | None = None, **agreement: Any) -> list[str]:
    return [
        failure.reason
        for failure in check_against_agreement(source, export(**(exported or {})), reference(**agreement))
    ]


@pytest.mark.parametrize(
    ("source", "exported", "agreement", "expected"),
    [
        (invoice(), {}, {}, []),
        (invoice(line("-1.00"), line(account="3012", rate="0.00")), {}, {}, []),
        (invoice(line(account="3099")), {}, {}, ["product-group-missing"]),
        (invoice(line(account="3099")), {"codes": Codes(sales_accounts={"3099": "3010"})}, {}, []),
        (invoice(line(account="3099"), line(account="3099")), {}, {}, ["product-group-missing"]),  # listed once
        (invoice(), {}, {"products": (Product(number="3010", name="", group=1, barred=True),)}, ["product-barred"]),
        (invoice(), {}, {"payment_terms": ()}, ["payment-terms-missing"]),
        (invoice(currency="USD"), {}, {}, ["currency-unknown"]),
        (invoice(), {}, {"layouts": {}}, ["layout-missing"]),
        (invoice(), {"layout": 20}, {}, ["layout-missing"]),
        (invoice(), {"types": {"invoice": {"layout": 20}}}, {}, ["layout-missing"]),
        (invoice(invoice_type="manual"), {"types": {"invoice": {"layout": 20}}}, {}, []),
        (invoice(), {}, {"customer_groups": {}}, ["customer-group-missing"]),
        (invoice(), {"customers": Customers(group=1, layout=19, payment_terms="Gone")}, {}, ["payment-terms-missing"]),
        (invoice(), {}, {"years": ()}, ["accounting-year-missing"]),
        (invoice(), {}, {"years": (replace(year(), closed=True),)}, ["accounting-year-closed"]),
        (invoice(), {}, {"vat_zones": {2: "EU"}}, ["vat-zone-missing"]),
        (invoice(), {"vat": Vat(domestic=9)}, {}, ["vat-zone-missing"]),  # and not each group's account for it
        (invoice(line(rate="0.00")), {}, {}, ["vat-mismatch"]),
        (invoice(), {}, {"groups": (group(1, "3010", vat_code="U9"),)}, ["vat-account-missing"]),
        (invoice(rounding="0.25"), {}, {}, ["rounding-unsupported"]),
        (
            invoice(due_date=date(2026, 12, 24)),
            {"booking": Booking(due_date_mismatch="refuse")},
            {},
            ["due-date-mismatch"],
        ),
        (
            invoice(customer=customer(ledger_number=10**9, corporate_id=None, city=None)),
            {},
            {},
            ["customer-number-unfit"],
        ),
        # everything at once, what the set-up decides first
        (
            invoice(line(account="3099"), currency="USD", rounding="0.25", exchange_rate="-1"),
            {},
            {"layouts": {}},
            [
                "currency-unknown",
                "layout-missing",
                "product-group-missing",
                "exchange-rate-invalid",
                "rounding-unsupported",
            ],
        ),
    ],
)
def test_check_invoice(source: Invoice, exported: dict, agreement: dict, expected: list[str]) -> None:
    """Everything that keeps an invoice from being exported is found before anything of it is written."""
    assert reasons(source, exported=exported, **agreement) == expected


def test_a_re_read_is_worth_it_when_the_first_failure_says_so() -> None:
    """One failure speaks for all: if any could be stale, the first is such a one."""
    source = invoice(line(account="3099"), rounding="0.25")

    assert [set_up_related(failure) for failure in check_against_agreement(source, export(), reference())] == [
        True,
        False,
    ]


def test_sales_accounts() -> None:
    """All that the period uses, each once."""
    period = [invoice(line(), line(account="3012", rate="0.00")), invoice(line())]

    assert sales_accounts(period) == {"3010", "3012"}


def test_a_sound_period_needs_no_word() -> None:
    """Nothing wrong, no notice."""
    assert check_period({"main-1": invoice()}, export(), reference()) == PeriodCheck(failures={}, notice="")


def test_the_period_is_told_in_one_message() -> None:
    """All missing groups and all sales accounts used stand together, as do all other things missing; others go on."""
    period = {
        "main-1": invoice(line()),
        "main-2": invoice(line(account="3099"), line(account="3012", rate="0.00")),
        "main-3": invoice(line(account="3100"), line(account="3099"), currency="USD"),
        "main-4": invoice(line(rate="0.00")),
    }
    verdict = check_period(period, export(), reference())

    assert list(verdict.failures) == ["main-2", "main-3", "main-4"]
    assert verdict.notice == "\n".join(
        [
            "3 of 4 invoices cannot be exported yet; the others go on.",
            "Product groups missing in e-conomic: 3099, 3100 (2 invoices). "
            + SetUpReason.PRODUCT_GROUP_MISSING.next_step,
            "VAT would differ from Opter's: 0 % on 1 3010 (1 invoice). " + SetUpReason.VAT_MISMATCH.next_step,
            "Currency missing in e-conomic: USD (1 invoice). " + SetUpReason.CURRENCY_UNKNOWN.next_step,
            "Sales accounts used in this export: 3010, 3012, 3099, 3100.",
        ]
    )


def test_an_invoice_with_several_failures_tells_them_all() -> None:
    """Its dead letter names everything, so that one round of corrections is enough."""
    source = invoice(line(account="3100"), line(account="3099"), currency="USD")
    merged = check_period({"main-3": source}, export(), reference()).failures["main-3"]

    assert merged.reason == "currency-unknown"
    assert [
        part in merged.description for part in ("(1) Currency USD", "(2) No product", "3100", "(3) No", "3099")
    ] == [True] * 5


def test_a_long_list_is_cut_for_the_reader() -> None:
    """Fifty values are read, the rest is a number."""
    period = {str(n): invoice(line(account=str(4000 + n))) for n in range(52)}
    notice = check_period(period, export(), reference()).notice

    assert "4048, 4049 and 2 more (52 invoices)" in notice
