"""Draft entries posted many at a time: all of them, or none."""

from decimal import Decimal
from typing import Any

import pytest
from support.sandbox_calls import refusal, send

from worker.sandbox.resources.voucher_schema import entries_of
from worker.sandbox.seed import standard_agreement
from worker.sandbox.state import Agreement

BULK = "/journalsapi/v15.0.0/draft-entries/bulk"
D = Decimal
Entry = dict[str, Any]


def customer_entry(number: int = 100353, **changes: Any) -> Entry:
    """A customer owes 1250.00 against revenue with VAT."""
    return {
        "entryTypeNumber": 10,
        "journalNumber": 1,
        "date": "2026-11-20",
        "dueDate": "2026-12-20",
        "amount": D("1250.00"),
        "currency": "DKK",
        "text": f"Faktura {number} [main-{number}]",
        "customerNumber": 1001,
        "customerInvoiceNumber": str(number),
        "contraAccountNumber": 3010,
        "contraVatCode": "U25",
    } | changes


def finance_entry(**changes: Any) -> Entry:
    own = {"entryTypeNumber": 5, "journalNumber": 1, "date": "2026-11-20", "amount": D("-1250.00"), "currency": "DKK"}
    return own | {"accountNumber": 3010, "vatCode": "U25", "contraAccountNumber": 5990} | changes


def post(agreement: Agreement, *entries: Entry) -> list[Any]:
    answer = send(agreement, "POST", BULK, list(entries))
    assert answer.status == 201
    numbers: list[Any] = answer.body
    return numbers


def test_each_entry_without_a_number_is_a_voucher_of_its_own() -> None:
    """Numbered from the journal's series, and read on legacy REST with the invoice's number as it names it."""
    agreement = standard_agreement()
    assert post(agreement, customer_entry(), customer_entry(100354)) == [{"entryNumber": 1}, {"entryNumber": 2}]

    assert list(agreement.vouchers) == [(1, "2026", 10001), (1, "2026", 10002)]
    [(kind, entry)] = entries_of(agreement.vouchers[(1, "2026", 10001)])
    assert (kind, entry["customerInvoice"], entry["customer"]["customerNumber"], entry["contraVatAmount"]) == (
        "manualCustomerInvoices",
        100353,
        1001,
        D("-250.00"),
    )


def test_entries_of_one_number_make_one_voucher() -> None:
    """The customer's entry against the clearing account, and the revenue against it."""
    agreement = standard_agreement()
    gross = customer_entry(voucherNumber=10040, contraAccountNumber=5990, amount=D("1250.00"))
    del gross["contraVatCode"]
    post(agreement, gross, finance_entry(voucherNumber=10040))

    [voucher] = agreement.vouchers.values()
    assert [kind for kind, _ in entries_of(voucher)] == ["financeVouchers", "manualCustomerInvoices"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (customer_entry(customerNumber=99), "E06000"),
        (customer_entry(customerInvoiceNumber="A1"), "Customer_Invoice_Is_Not_Numeric"),
        (customer_entry(date="2031-01-01"), "JournalEntryDateAccountingYearDoesNotExist"),
        (customer_entry(date="2026-01-15"), "E04041"),
        (customer_entry(contraAccountNumber=1), "E04041"),
        (customer_entry(exchangeRate=D("99")), "JournalEntryExchangeRateMustBeOneHundredForBaseCurrency"),
        (customer_entry(voucherNumber=99_999_999), ""),
        ({**customer_entry(), "journalNumber": 77}, ""),
    ],
)
def test_one_that_is_wrong_rolls_all_back(wrong: Entry, code: str) -> None:
    """The refusal speaks of an entry, and does not say which."""
    agreement = standard_agreement()
    error = refusal(lambda: post(agreement, customer_entry(), wrong, customer_entry(100355)))

    assert (error.status, error.body["errorCode"], error.body["errors"]) == (400, code, [])
    assert agreement.vouchers == {}


def test_a_missing_property_is_refused() -> None:
    """Type, journal, date, amount and currency are required."""
    for name in ("entryTypeNumber", "journalNumber", "date", "amount", "currency"):
        entry = {key: value for key, value in customer_entry().items() if key != name}
        assert refusal(lambda entry=entry: post(standard_agreement(), entry)).status == 400


def test_a_number_that_is_taken_is_refused() -> None:
    """The harsher reading; the journal's own numbers go on behind it."""
    agreement = standard_agreement()
    post(agreement, customer_entry(voucherNumber=10001))

    assert refusal(lambda: post(agreement, customer_entry(100354, voucherNumber=10001))).status == 400
    post(agreement, customer_entry(100354))
    assert list(agreement.vouchers) == [(1, "2026", 10001), (1, "2026", 10002)]


def test_no_more_than_500() -> None:
    """501 are too many, 500 are not."""
    agreement = standard_agreement()
    entries = [customer_entry(100_000 + n) for n in range(501)]

    assert refusal(lambda: post(agreement, *entries)).body["errorCode"] == "OneAPITooManyEntries"
    assert len(post(agreement, *entries[:500])) == 500


def test_the_shape_of_the_body_is_a_switch() -> None:
    """Which of them e-conomic reads is not documented where we could see it."""
    agreement = standard_agreement()
    assert refusal(lambda: send(agreement, "POST", BULK, {"items": [customer_entry()]})).status == 400
    agreement.switches.bulk_body = "items"
    assert refusal(lambda: send(agreement, "POST", BULK, [customer_entry()])).status == 400
    assert send(agreement, "POST", BULK, {"items": [customer_entry()]}).status == 201
