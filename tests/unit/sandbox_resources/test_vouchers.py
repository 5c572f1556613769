"""Vouchers: posted to a journal, balanced, split, booked, deleted entry by entry."""

from decimal import Decimal
from typing import Any

import pytest
from support.sandbox_calls import ROUTER, codes, listed, refusal, send

from worker.sandbox.resources.legs import legs
from worker.sandbox.seed import standard_agreement
from worker.sandbox.state import Agreement

D = Decimal
VOUCHERS = "/journals/1/vouchers"
Body = dict[str, Any]


def account(number: int) -> Body:
    return {"accountNumber": number}


def customer_invoice(amount: str = "1250.00", **changes: Any) -> Body:
    return {
        "amount": D(amount),
        "date": "2026-11-20",
        "dueDate": "2026-12-20",
        "text": "Faktura 100353 OPTER-1",
        "customer": {"customerNumber": 1001},
        "customerInvoice": 100353,
        "contraAccount": account(5990),
    } | changes


def finance(amount: str = "-1250.00", **changes: Any) -> Body:
    own = {"amount": D(amount), "date": "2026-11-20", "account": account(3010), "contraAccount": account(5990)}
    return own | {"vatAccount": {"vatCode": "U25"}} | changes


def voucher(*customer_invoices: Body, finances: tuple[Body, ...] = (), year: str = "2026", **changes: Any) -> Body:
    entries = {"manualCustomerInvoices": list(customer_invoices), "financeVouchers": list(finances)}
    return {"accountingYear": {"year": year}, "entries": {k: rows for k, rows in entries.items() if rows}} | changes


def posted(agreement: Agreement, body: Body) -> Body:
    answer = send(agreement, "POST", VOUCHERS, body)
    assert (answer.status, len(answer.body)) == (201, 1)
    result: Body = answer.body[0]
    return result


def test_answer_is_an_array() -> None:
    """201 with an array; the key is ``{year}-{voucherNumber}`` and the number comes from the journal's series."""
    agreement = standard_agreement()
    found = posted(agreement, voucher(customer_invoice(), finances=(finance(),)))

    assert found["self"] == "https://restapi.e-conomic.com/journals/1/vouchers/2026-10001"
    assert found == send(agreement, "GET", f"{VOUCHERS}/2026-10001").body
    assert [found] == listed(agreement, VOUCHERS)


def test_vat_is_lifted_out_of_the_gross() -> None:
    """-1250.00 with U25 on 3010: revenue -1000.00, VAT -250.00, contra +1250.00."""
    agreement = standard_agreement()
    entry = posted(agreement, voucher(finances=(finance(),)))["entries"]["financeVouchers"][0]
    found = [(leg.account, leg.amount) for leg in legs(agreement, entry)]

    assert entry["vatAmount"] == D("-250.00")
    assert found == [(3010, D("-1000.00")), (6902, D("-250.00")), (5990, D("1250.00"))]


def test_contra_vat_of_a_customer_invoice() -> None:
    """+1250.00 against 3010 with contra code U25: the customer owes 1250.00, revenue -1000.00, VAT -250.00."""
    agreement = standard_agreement()
    body = voucher(customer_invoice(contraAccount=account(3010), contraVatAccount={"vatCode": "U25"}))
    entry = posted(agreement, body)["entries"]["manualCustomerInvoices"][0]
    found = [(leg.account, leg.amount, leg.customer) for leg in legs(agreement, entry)]

    assert found == [(5600, D("1250.00"), 1001), (3010, D("-1000.00"), None), (6902, D("-250.00"), None)]


def test_foreign_currency() -> None:
    """1000.00 EUR at 746.11 per 100 are 7461.10 DKK; VAT 200.00 EUR = 1492.22, the rest 5968.88."""
    agreement = standard_agreement()
    euro = {"currency": {"code": "EUR"}}
    entry = posted(agreement, voucher(finances=(finance("-1000.00", **euro),)))["entries"]["financeVouchers"][0]
    found = [(leg.account, leg.amount_in_base) for leg in legs(agreement, entry)]

    assert entry["amountBaseCurrency"] == D("-7461.10")
    assert found == [(3010, D("-5968.88")), (6902, D("-1492.22")), (5990, D("7461.10"))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
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
    ],
)
def test_refusals(body: Body, expected: dict[str, str]) -> None:
    """Each trouble has its code, an empty one where nobody knows it; nothing is posted."""
    agreement = standard_agreement()

    assert expected == codes(refusal(lambda: send(agreement, "POST", VOUCHERS, body)))
    assert agreement.vouchers == {}


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
    found = posted(agreement, voucher(entry))["entries"]["manualCustomerInvoices"][0]

    assert read == (sent in found)


def test_finance_entry_without_contra_account() -> None:
    """Both accounts were needed in practice; the switch lets one stand alone, as long as the voucher balances."""
    agreement = standard_agreement()
    alone = finance()
    del alone["contraAccount"]
    owed = customer_invoice()
    del owed["contraAccount"]
    body = voucher(owed, finances=(alone,))

    assert codes(refusal(lambda: send(agreement, "POST", VOUCHERS, body))) == {"contraAccount": "E04042"}
    agreement.switches.missing_contra = "accept"
    assert posted(agreement, body)["voucherNumber"] == 10001


def test_unbalanced_voucher() -> None:
    """1250.00 owed against nothing: refused at once by default, at booking under the switch."""
    agreement = standard_agreement()
    owed = customer_invoice()
    del owed["contraAccount"]

    error = refusal(lambda: send(agreement, "POST", VOUCHERS, voucher(owed)))
    assert [each["inputValue"] for each in error.body["errors"]["entries"]["errors"]] == [D("1250.00")]
    agreement.switches.unbalanced_voucher = "accept"
    posted(agreement, voucher(owed))
    error = refusal(lambda: send(agreement, "POST", "/journalsapi/v15.0.0/journals/1/book"))
    assert (error.status, error.body["errorCode"]) == (400, "JournalVoucherDoesNotBalance")
    assert len(agreement.vouchers) == 1


def test_entries_of_two_dates_become_two_vouchers() -> None:
    """A voucher has one date; the array tells both, in the order of the dates."""
    agreement = standard_agreement()
    body = voucher(customer_invoice(), customer_invoice("10.00", date="2026-11-19"), voucherNumber=10050)
    answer = send(agreement, "POST", VOUCHERS, body).body

    dates = [each["entries"]["manualCustomerInvoices"][0]["date"] for each in answer]
    assert [each["voucherNumber"] for each in answer] == [10050, 10001]
    assert dates == ["2026-11-19", "2026-11-20"]


def test_restricted_journal() -> None:
    """Journal 7 takes finance vouchers only."""
    agreement = standard_agreement()

    error = refusal(lambda: send(agreement, "POST", "/journals/7/vouchers", voucher(customer_invoice())))
    assert codes(error) == {"entries": ""}
    assert send(agreement, "POST", "/journals/7/vouchers", voucher(finances=(finance(),))).status == 201


def test_taken_voucher_number() -> None:
    """A number that another journal's voucher of the year has is refused."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice(), voucherNumber=10005))

    error = refusal(lambda: posted(agreement, voucher(customer_invoice(), voucherNumber=10005)))
    assert codes(error) == {"voucherNumber": ""}


def test_used_up_series() -> None:
    """When the journal's numbers are used up, nothing is posted."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice(), voucherNumber=59999))
    agreement.counters["voucher:1:2026"] = 59999

    error = refusal(lambda: posted(agreement, voucher(customer_invoice())))
    assert error.body["errorCode"] == "JournalVoucherNextNumberNotWithinBoundaries"
    assert len(agreement.vouchers) == 1


def test_read_lag() -> None:
    """Under the switch a new voucher is 404, and missing from the listing, until the lag is over."""
    agreement = standard_agreement()
    agreement.switches.voucher_lag = 4.5
    posted(agreement, voucher(customer_invoice()))
    path = f"{VOUCHERS}/2026-10001"

    assert refusal(lambda: send(agreement, "GET", path, later=4)).status == 404
    assert listed(agreement, VOUCHERS) == []
    assert send(agreement, "GET", path, later=4.5).status == 200


def test_entries_are_deleted_one_by_one() -> None:
    """204 each; the voucher goes with its last entry; a voucher as a whole cannot be deleted (405)."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice(), finances=(finance(),)))

    assert refusal(lambda: ROUTER.find("DELETE", f"{VOUCHERS}/2026-10001")).status == 405
    for left, entry in ((1, 1), (0, 2)):
        assert send(agreement, "DELETE", f"/journals/1/entries/{entry}").status == 204
        assert len(listed(agreement, "/journals/1/entries")) == left
    assert agreement.vouchers == {}
    assert refusal(lambda: send(agreement, "DELETE", "/journals/1/entries/2")).status == 404


def test_booking_moves_entries_to_the_ledger() -> None:
    """204; the journal is empty; the ledger holds 1250.00 owed, -1000.00, -250.00 and the clearing account at zero."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice(), finances=(finance(),)))

    assert send(agreement, "POST", "/journalsapi/v15.0.0/journals/1/book").status == 204
    rows = listed(agreement, "/accounting-years/2026/entries")
    sums: dict[int, Decimal] = {}
    for row in rows:
        number = row["account"]["accountNumber"]
        sums[number] = sums.get(number, D(0)) + row["amount"]
    assert sums == {5600: D("1250.00"), 5990: D("0.00"), 3010: D("-1000.00"), 6902: D("-250.00")}
    assert [(row["customer"]["customerNumber"], row["invoiceNumber"]) for row in rows if "customer" in row] == [
        (1001, 100353)
    ]
    assert (agreement.vouchers, sum(sums.values())) == ({}, D("0.00"))


def test_booked_voucher_number_stays_taken() -> None:
    """A booked voucher's number is not given out again."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice()))
    send(agreement, "POST", "/journalsapi/v15.0.0/journals/1/book")

    assert posted(agreement, voucher(customer_invoice()))["voucherNumber"] == 10002


def test_booking_chosen_entries() -> None:
    """Whole vouchers can be chosen by their entries; a part of one cannot."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice(), finances=(finance(),)))
    posted(agreement, voucher(customer_invoice()))
    path = "/journalsapi/v15.0.0/journals/1/bookdraftentries"

    assert refusal(lambda: send(agreement, "POST", path, {"entryNumbers": [1]})).status == 400
    assert send(agreement, "POST", path, {"entryNumbers": [1, 2]}).status == 204
    assert [key[2] for key in agreement.vouchers] == [10002]


def test_period_closed_after_posting() -> None:
    """A period barred between posting and booking keeps the whole journal."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice()))
    agreement.years["2026"]["periods"][10]["barred"] = True

    error = refusal(lambda: send(agreement, "POST", "/journalsapi/v15.0.0/journals/1/book"))
    assert error.body["errorCode"] == "JournalEntryDateAccountingYearPeriodBarred"
    assert len(agreement.vouchers) == 1


def test_draft_entries_of_the_service() -> None:
    """The same entry under the service's names: numbers flat, the invoice number a string."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice(), finances=(finance(),)))
    finance_row, owed = listed(agreement, "/journalsapi/v15.0.0/draft-entries")

    assert (finance_row["entryTypeNumber"], finance_row["accountNumber"], finance_row["vatCode"]) == (5, 3010, "U25")
    assert (owed["entryTypeNumber"], owed["customerNumber"], owed["customerInvoiceNumber"]) == (10, 1001, "100353")


def test_nothing_of_a_voucher_is_filterable() -> None:
    """Looking a voucher up means reading the journal."""
    assert send(standard_agreement(), "GET", VOUCHERS).body.filterable == {}


def test_every_ledger_line_of_both_layouts_balances() -> None:
    """One open post through a clearing account, or one entry per revenue account: both add up to zero."""
    agreement = standard_agreement()
    per_account = (
        customer_invoice("1250.00", contraAccount=account(3010), contraVatAccount={"vatCode": "U25"}),
        customer_invoice("99.99", contraAccount=account(3012)),
    )
    for body in (voucher(customer_invoice(), finances=(finance(),)), voucher(*per_account)):
        rows = [entry for entries in posted(agreement, body)["entries"].values() for entry in entries]
        assert sum(leg.amount for row in rows for leg in legs(agreement, row)) == 0
