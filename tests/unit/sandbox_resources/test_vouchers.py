"""Vouchers: posted to a journal."""

from decimal import Decimal

import pytest
from support.recorded_refusals import VOUCHER_IN_A_BARRED_PERIOD
from support.sandbox_calls import codes, listed, refusal, send
from support.voucher_bodies import VOUCHERS, Body, account, customer_invoice, finance, posted, voucher

from worker.sandbox.resources.postings import postings
from worker.sandbox.seed import standard_agreement

D = Decimal


def test_answer_is_an_array() -> None:
    """201 with an array; the key is ``{year}-{voucherNumber}`` and the number comes from the journal's series."""
    agreement = standard_agreement()
    created = posted(agreement, voucher(customer_invoice(), finances=(finance(),)))

    assert created["self"] == "https://restapi.e-conomic.com/journals/1/vouchers/2026-10001"
    assert created == send(agreement, "GET", f"{VOUCHERS}/2026-10001").body
    assert [created] == listed(agreement, VOUCHERS)


def test_vat_is_lifted_out_of_the_gross() -> None:
    """-1250.00 with U25 on 3010: revenue -1000.00, VAT -250.00, contra +1250.00."""
    agreement = standard_agreement()
    entry = posted(agreement, voucher(finances=(finance(),)))["entries"]["financeVouchers"][0]
    lines = [(posting.account, posting.amount) for posting in postings(agreement, entry)]

    assert entry["vatAmount"] == D("-250.00")
    assert lines == [(3010, D("-1000.00")), (6902, D("-250.00")), (5990, D("1250.00"))]


def test_contra_vat_of_a_customer_invoice() -> None:
    """+1250.00 against 3010 with contra code U25: the customer owes 1250.00, revenue -1000.00, VAT -250.00."""
    agreement = standard_agreement()
    body = voucher(customer_invoice(contraAccount=account(3010), contraVatAccount={"vatCode": "U25"}))
    entry = posted(agreement, body)["entries"]["manualCustomerInvoices"][0]
    lines = [(posting.account, posting.amount, posting.customer) for posting in postings(agreement, entry)]

    assert lines == [(5600, D("1250.00"), 1001), (3010, D("-1000.00"), None), (6902, D("-250.00"), None)]


def test_foreign_currency() -> None:
    """1000.00 EUR at 746.11 per 100 are 7461.10 DKK; VAT 200.00 EUR = 1492.22, the rest 5968.88."""
    agreement = standard_agreement()
    euro = {"currency": {"code": "EUR"}}
    entry = posted(agreement, voucher(finances=(finance("-1000.00", **euro),)))["entries"]["financeVouchers"][0]
    lines = [(posting.account, posting.amount_in_base) for posting in postings(agreement, entry)]

    assert entry["amountBaseCurrency"] == D("-7461.10")
    assert lines == [(3010, D("-5968.88")), (6902, D("-1492.22")), (5990, D("7461.10"))]


#: What is refused, and the code of each property at fault, in the journals service's names.
REFUSALS: list[tuple[Body, dict[str, str]]] = [
    (voucher(year="2031"), {"year": "JournalVoucherAccountingYearDoesNotExist", "entries": "E04042"}),
    (voucher(customer_invoice(), year="2024"), {"year": "JournalVoucherAccountingYearClosed"}),
    (voucher(customer_invoice(date="2024-05-01")), {"date": "JournalEntryDateAccountingYearClosed"}),
    (
        voucher(customer_invoice(date="2031-05-01", dueDate="2031-06-01")),
        {"date": "JournalEntryDateAccountingYearDoesNotExist"},
    ),
    (voucher(customer_invoice(date="2026-01-05")), {"date": "JournalEntryDateAccountingYearPeriodBarred"}),
    (voucher(customer_invoice(date="2025-12-05")), {"date": ""}),  # open, but another year
    (voucher(customer_invoice(dueDate="2026-11-19")), {"dueDate": "JournalEntryDueDateNotInRange"}),
    (voucher(customer_invoice(customer={"customerNumber": 9999})), {"customerNumber": "E06000"}),
    (
        voucher(customer_invoice(customer={"customerNumber": 1050})),
        {"customer": "JournalEntryCustomerNotAccessible"},
    ),
    (voucher(customer_invoice(contraAccount=account(1))), {"accountNumber": "E06000"}),
    (voucher(customer_invoice(contraAccount=account(3099))), {"contraAccount": "JournalEntryAccountNotAccessible"}),
    (
        voucher(customer_invoice(contraAccount=account(3000))),
        {"contraAccount": "JournalEntryAccountWrongAccountType"},
    ),
    (
        voucher(customer_invoice(contraAccount=account(5600))),
        {"contraAccount": "JournalEntryAccountIsBlockedForDirectEntries"},
    ),
    (voucher(finances=(finance(vatAccount={"vatCode": "X"}),)), {"vatCode": "E06000"}),
    (voucher(customer_invoice("100.001")), {"amount": "E04740"}),
    (
        voucher(customer_invoice(exchangeRate=D(99))),
        {"exchangeRate": "JournalEntryExchangeRateMustBeOneHundredForBaseCurrency"},
    ),
    (voucher(customer_invoice(), voucherNumber=9), {"voucherNumber": ""}),
    (voucher(customer_invoice(), journal={"journalNumber": 7}), {"journalNumber": ""}),
]
#: What production logs have instead (August 2026): the same code under ``date`` and under an account.
IN_PRODUCTION = {
    "JournalEntryDateAccountingYearClosed": "E04041",
    "JournalEntryDateAccountingYearDoesNotExist": "E04041",
    "JournalEntryDateAccountingYearPeriodBarred": "E04041",
    "JournalEntryAccountNotAccessible": "E04041 E07150",
}


@pytest.mark.parametrize(("body", "expected"), REFUSALS)
def test_refusals_in_the_names_of_the_service(body: Body, expected: dict[str, str]) -> None:
    """Each violation has its code, an empty code where nobody knows it; nothing is posted."""
    agreement = standard_agreement()
    agreement.switches.voucher_refusals = "service"

    assert expected == codes(refusal(lambda: send(agreement, "POST", VOUCHERS, body)))
    assert agreement.vouchers == {}


@pytest.mark.parametrize(("body", "expected"), REFUSALS)
def test_refusals_in_the_words_of_production(body: Body, expected: dict[str, str]) -> None:
    """``errors`` is an array; dates and accounts share a code, and a missing account reads like a barred one."""
    agreement = standard_agreement()
    if expected == {"accountNumber": "E06000"}:
        expected = {"contraAccount": "E04041 E07150"}
    expected = {name: IN_PRODUCTION.get(code, code) for name, code in expected.items()}

    assert expected == codes(refusal(lambda: send(agreement, "POST", VOUCHERS, body)))
    assert agreement.vouchers == {}


def test_a_barred_period_as_recorded() -> None:
    """To the letter, with the entries at fault alone: of three, one is dated in a barred January."""
    entries = [finance(date=f"2026-{month}-05") for month in ("02", "01", "03")]
    error = refusal(lambda: send(standard_agreement(), "POST", VOUCHERS, voucher(finances=tuple(entries))))

    assert error.body["errors"] == VOUCHER_IN_A_BARRED_PERIOD["errors"]


def test_year_is_required_and_text_is_limited() -> None:
    """Schema failures: no accounting year; 251 characters of text."""
    body = voucher(customer_invoice(text="x" * 251))
    del body["accountingYear"]

    assert refusal(lambda: send(standard_agreement(), "POST", VOUCHERS, body)).body["errors"] == [
        "Required properties are missing from object: accountingYear. Path ''.",
        f"String '{'x' * 251}' exceeds maximum length of 250. Path 'entries.manualCustomerInvoices[0].text'.",
    ]


def test_customer_invoices_array_posts_nothing() -> None:
    """There is no ``customerInvoices``: it is ignored, and a voucher without entries is refused."""
    body = {"accountingYear": {"year": "2026"}, "entries": {"customerInvoices": [customer_invoice()]}}

    assert codes(refusal(lambda: send(standard_agreement(), "POST", VOUCHERS, body))) == {"entries": "E04042"}


def test_kinds_that_the_sandbox_does_not_keep() -> None:
    """A supplier invoice is 501, not ignored."""
    body = {"accountingYear": {"year": "2026"}, "entries": {"supplierInvoices": [{}]}}

    assert refusal(lambda: send(standard_agreement(), "POST", VOUCHERS, body)).status == 501


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        ("customerInvoice", "customerInvoice", True),
        ("customerInvoice", "customerInvoiceNumber", False),
        ("customerInvoiceNumber", "customerInvoiceNumber", True),
        ("customerInvoiceNumber", "customerInvoice", False),
    ],
)
def test_name_of_the_invoice_number(name: str, sent: str, *, read: bool) -> None:
    """Which name the real server reads is unknown; the other one is ignored in silence."""
    agreement = standard_agreement()
    agreement.switches.customer_invoice_name = name
    entry = customer_invoice()
    entry[sent] = entry.pop("customerInvoice")
    kept = posted(agreement, voucher(entry))["entries"]["manualCustomerInvoices"][0]

    assert read == (sent in kept)
