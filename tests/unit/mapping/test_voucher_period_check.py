"""The preflight of the voucher method, and what both methods share: open books and the first date."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from support import samples
from support.samples import PaymentCondition, customer, invoice, line, year
from support.vouchers import export, reference

from config.export_schema import Customers
from config.exports import ExportConfig
from worker.domain.invoice import Invoice, Pdf
from worker.economic.mapping.period_check import check_against_agreement, check_period, grouped_accounts
from worker.economic.mapping.reasons import set_up_related

PDF = Pdf(url="file:///prints/100353.pdf", sha256="0" * 64, bytes=1000)


def reasons(source: Invoice, chosen: ExportConfig | None = None, **agreed: Any) -> list[str]:
    return [failure.reason for failure in check_against_agreement(source, chosen or export(), reference(**agreed))]


@pytest.mark.parametrize(
    ("source", "chosen", "agreed", "expected"),
    [
        (invoice(pdf=PDF), {}, {}, []),
        (invoice(pdf=PDF), {}, {"groups": (), "products": ()}, []),  # vouchers have no products
        (invoice(), {}, {}, ["pdf-missing"]),
        (invoice(), {"missing_pdf": "post"}, {}, []),
        (invoice(line(vat_code="M99"), pdf=PDF), {}, {}, ["vat-code-unpaired"]),
        (invoice(line(account="3011"), pdf=PDF), {}, {}, ["ledger-account-missing"]),
        (invoice(pdf=PDF), {}, {"journals": ()}, ["journal-missing"]),
        (invoice(pdf=PDF), {"clearing_account": 3099}, {}, ["ledger-account-unusable"]),  # before it is ever needed
        (invoice(line(), line(account="3012"), pdf=PDF), {"clearing_account": None}, {}, ["clearing-account-missing"]),
        (invoice(pdf=PDF, rounding="0.12"), {"rounding_account": None}, {}, ["voucher-rounding"]),
        (invoice(pdf=PDF), {}, {"years": ()}, ["accounting-year-missing"]),
        (invoice(pdf=PDF, currency="USD"), {}, {}, ["currency-unknown"]),
        (invoice(pdf=PDF, payment_condition=PaymentCondition(days=17)), {}, {}, ["payment-terms-missing"]),
        (invoice(pdf=PDF, due_date=date(2026, 12, 31)), {}, {}, []),  # it is sent, whatever the terms give
        # everything at once, what reading again could remove first
        (
            invoice(
                line(account="3011", vat_code="M99"),
                customer=customer(ledger_number=10**9, corporate_id=None, zip=None),
            ),
            {},
            {"journals": ()},
            ["journal-missing", "ledger-account-missing", "customer-number-unfit", "vat-code-unpaired", "pdf-missing"],
        ),
    ],
)
def test_check_invoice(source: Invoice, chosen: dict[str, Any], agreed: dict[str, Any], expected: list[str]) -> None:
    """Everything that keeps an invoice from being posted is found before anything of it is written."""
    assert reasons(source, export(**chosen), **agreed) == expected


def test_terms_for_new_customers_may_be_named_once_for_all() -> None:
    """The condition matters to new customers only, and not to them when the exports file names their terms."""
    chosen = export().model_copy(update={"customers": Customers(group=1, layout=19, payment_terms="Netto 8 dage")})
    assert reasons(invoice(pdf=PDF, payment_condition=PaymentCondition(days=17)), chosen) == []


def test_all_unpaired_codes_of_a_period_are_in_one_message() -> None:
    """Listed once each, with what to do; whoever pairs them does it in one go."""
    sources = [invoice(line(vat_code=code), pdf=PDF) for code in ("M91", "M92", "M91", "M25")]
    check = check_period({str(n): source for n, source in enumerate(sources)}, export(), reference())
    assert check.notice.splitlines()[:2] == [
        "3 of 4 invoices cannot be exported yet; the others go on.",
        (
            "VAT codes without a counterpart: M91, M92 (3 invoices). Pair the codes in the exports file under "
            "codes.tax_rates (Opter's code = e-conomic's code; an empty text for lines that carry no VAT code in "
            "e-conomic), then re-queue."
        ),
    ]
    assert sorted(check.failures) == ["0", "1", "2"]


def test_a_re_read_is_worth_it_when_the_first_failure_says_so() -> None:
    """One failure speaks for all: if any could be stale, the first is such a one."""
    found = check_against_agreement(invoice(line(vat_code="M99"), line(account="3011"), pdf=PDF), export(), reference())
    assert [set_up_related(failure) for failure in found] == [True, False]


@pytest.mark.parametrize(("method", "accounts"), [("invoice", {"3010"}), ("voucher", set())])
def test_product_groups_are_read_for_the_invoice_method_alone(method: str, accounts: set[str]) -> None:
    """A voucher has no products."""
    chosen = export().model_copy(update={"method": method})
    assert grouped_accounts([invoice()], chosen) == accounts


CLOSED = (replace(year(), closed=True),)


@pytest.mark.parametrize("method", ["invoice", "voucher"])
@pytest.mark.parametrize(("policy", "dead"), [("refuse", {"closed"}), ("hold", set())])
def test_a_closed_year_is_refused_or_waited_for(method: str, policy: str, dead: set[str]) -> None:
    """The exports file decides; what waits is listed with its date, and nothing is moved."""
    chosen = export().model_copy(update={"method": method, "closed_period": policy})
    agreed = reference(years=(*CLOSED, year(date(2027, 1, 1))))
    sources = {
        "closed": invoice(pdf=PDF),
        "open": invoice(pdf=PDF, invoice_date=date(2027, 1, 20), due_date=date(2027, 2, 19)),
    }
    check = check_period(sources, chosen, agreed)
    assert set(check.failures) == dead
    assert "2026-11-20" in check.notice
    assert ("waits for e-conomic's books" in check.notice) == (policy == "hold")


def test_what_lacks_more_than_open_books_does_not_wait() -> None:
    """Opening the year would not help it."""
    chosen = export().model_copy(update={"closed_period": "hold"})
    check = check_period({"key": invoice(line(vat_code="M99"), pdf=PDF)}, chosen, reference(years=CLOSED))
    assert set(check.failures) == {"key"}


@pytest.mark.parametrize("method", ["invoice", "voucher"])
@pytest.mark.parametrize(
    ("first", "expected"), [(None, []), (date(2026, 11, 20), []), (date(2026, 11, 21), ["before-first-date"])]
)
def test_invoices_before_the_first_date_are_never_exported(
    method: str, first: date | None, expected: list[str]
) -> None:
    """They were booked before this program came (a cut-off that the closest peer has too)."""
    chosen = samples.export().model_copy(update={"first_date": first})
    if method == "voucher":
        chosen = export().model_copy(update={"first_date": first})
    assert reasons(invoice(pdf=PDF), chosen) == expected
