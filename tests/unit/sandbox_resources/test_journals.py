"""Vouchers in their journal: balanced, split, numbered, booked, deleted entry by entry."""

from decimal import Decimal

import pytest
from support.sandbox_calls import ROUTER, codes, listed, refusal, send
from support.voucher_bodies import VOUCHERS, account, customer_invoice, finance, posted, voucher

from worker.sandbox import dump
from worker.sandbox.resources.postings import postings
from worker.sandbox.seed import standard_agreement

D = Decimal


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
    assert [each["inputValue"] for each in error.body["errors"][0]["entries"]["errors"]] == [D("1250.00")]
    agreement.switches.unbalanced_voucher = "accept"
    posted(agreement, voucher(owed))
    error = refusal(lambda: send(agreement, "POST", "/journalsapi/v15.0.0/journals/1/book"))
    assert (error.status, error.body["errorCode"]) == (400, "JournalVoucherDoesNotBalance")
    assert len(agreement.vouchers) == 1


def test_entries_of_two_dates_become_two_vouchers() -> None:
    """A voucher has one date; the array holds both, in the order of the dates."""
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


def test_booking_moves_entries_to_the_general_ledger() -> None:
    """204; the journal is empty; the general ledger holds 1250.00 owed, -1000.00, -250.00 clearing at zero."""
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
    """A booked voucher's number is not used again."""
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


@pytest.mark.parametrize("barred", [True, False])
def test_customer_barred_or_removed_after_posting(barred: bool) -> None:  # noqa: FBT001  # one way or the other
    """A customer that a person has barred or removed between posting and booking keeps the whole journal."""
    agreement = standard_agreement()
    posted(agreement, voucher(customer_invoice()))
    if barred:
        dump.put(agreement, "customers", "1001", {"barred": True})
    else:
        dump.remove(agreement, "customers", "1001")

    error = refusal(lambda: send(agreement, "POST", "/journalsapi/v15.0.0/journals/1/book"))
    assert error.body["errorCode"] == "JournalEntryCustomerNotAccessible"
    assert (len(agreement.vouchers), agreement.booked_entries) == (1, [])


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


def test_every_posting_of_both_layouts_balances() -> None:
    """One open post through a clearing account, or one entry per revenue account: both add up to zero."""
    agreement = standard_agreement()
    per_account = (
        customer_invoice("1250.00", contraAccount=account(3010), contraVatAccount={"vatCode": "U25"}),
        customer_invoice("99.99", contraAccount=account(3012)),
    )
    for body in (voucher(customer_invoice(), finances=(finance(),)), voucher(*per_account)):
        rows = [entry for entries in posted(agreement, body)["entries"].values() for entry in entries]
        assert sum(posting.amount for row in rows for posting in postings(agreement, row)) == 0
