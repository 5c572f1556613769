"""Vouchers found by their marker: in any journal, or booked."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support.economic_bodies import API, Wire, client

from worker.economic.mapping.master_data import VoucherFound
from worker.errors import Unavailable

FIRST, LAST = date(2026, 6, 1), date(2026, 7, 31)
REFERENCES = frozenset({"main-1", "main-2"})


def owing(text: str, amount: float = 1250.0, **changes: Any) -> dict[str, Any]:
    """A manual customer invoice as an entry of a journal's voucher."""
    own = {"text": text, "amount": amount, "customer": {"customerNumber": 1001}, "customerInvoice": 100353}
    return own | {"journalEntryNumber": 17} | changes


def finance(text: str, **changes: Any) -> dict[str, Any]:
    return {"text": text, "amount": -1250.0, "account": {"accountNumber": 3010}, "journalEntryNumber": 18} | changes


def voucher(number: int, *invoices: dict[str, Any], year: str = "2026", **kinds: Any) -> dict[str, Any]:
    return {
        "voucherNumber": number,
        "accountingYear": {"year": year},
        "entries": {"manualCustomerInvoices": list(invoices), **kinds},
    }


def booked(text: str, amount: float, **changes: Any) -> dict[str, Any]:
    return {"voucherNumber": 9, "text": text, "amount": amount, "account": {"accountNumber": 5600}} | changes


def year(name: str, first: str, last: str, **changes: Any) -> dict[str, Any]:
    return {"year": name, "fromDate": first, "toDate": last} | changes


@pytest.fixture
def wire() -> Wire:
    """Journals 1 and 7, one accounting year from July to June with a suffix in its address, nothing in any of them."""
    wire = Wire()
    wire.collection("/journals", {"journalNumber": 1, "name": "Daglig"}, {"journalNumber": 7, "name": "Kasse"})
    wire.collection("/journals/1/vouchers")
    wire.collection("/journals/7/vouchers")
    own = f"{API}/accounting-years/2026_6_2027a"
    wire.collection("/accounting-years", year("2026/2027", "2026-07-01", "2027-06-30", self=own))
    wire.collection("/accounting-years/2026_6_2027a/entries")
    return wire


def find(wire: Wire) -> list[VoucherFound]:
    return list(client(wire).vouchers(REFERENCES, FIRST, LAST))


class TestInJournals:
    """Where a bookkeeper has not booked it yet."""

    def test_by_the_marker_in_any_journal(self, wire: Wire) -> None:
        """Moved to journal 7 it has another number, and the same marker."""
        body = voucher(70001, owing("Faktura 1 [main-1]"), financeVouchers=[finance("Faktura 1 [main-1]")])
        wire.collection("/journals/7/vouchers", voucher(70002, owing("Husleje")), body)

        assert find(wire) == [
            VoucherFound(
                document_reference="main-1",
                journal=7,
                year="2026",
                number=70001,
                gross=Decimal("1250.00"),
                customers=frozenset({1001}),
                entries=(17, 18),
                invoice_number=100353,
            )
        ]

    def test_the_year_is_the_one_in_its_own_address(self, wire: Wire) -> None:
        """Its attachment lies below that address, suffix and all; the year's name need not have it."""
        body = voucher(3, owing("[main-1]"), year="2025/2026")
        wire.collection("/journals/1/vouchers", body | {"self": f"{API}/journals/1/vouchers/2025_6_2026a-3"})

        assert [voucher.year for voucher in find(wire)] == ["2025/2026a"]

    def test_what_the_customer_owes(self, wire: Wire) -> None:
        """+1000.00 +250.00 on two of our entries; a payment, a finance entry and another's entry do not count."""
        body = voucher(
            3,
            owing("a [main-1]", 1000.0),
            owing("b [main-1]", 250.0),
            owing("by hand", 5.0),
            financeVouchers=[finance("[main-1]")],
            customerPayments=[owing("[main-1]", -1250.0)],
        )
        wire.collection("/journals/1/vouchers", body)

        assert [voucher.gross for voucher in find(wire)] == [Decimal("1250.00")]

    def test_less_than_an_oere_counts(self, wire: Wire) -> None:
        """Rounding would make a difference from the source disappear."""
        wire.collection("/journals/1/vouchers", voucher(3, owing("[main-1]", 1250.004)))

        assert [voucher.gross for voucher in find(wire)] == [Decimal("1250.004")]

    @pytest.mark.parametrize(
        ("entry", "number"),
        [
            ({"customerInvoice": 100353}, 100353),
            ({"customerInvoiceNumber": "100353"}, 100353),
            ({"customerInvoice": None}, None),
            ({"customerInvoiceNumber": "F-7"}, None),
        ],
    )
    def test_the_invoice_number_under_either_name(self, wire: Wire, entry: dict[str, Any], number: int | None) -> None:
        """e-conomic's schema and its examples differ."""
        bare = {key: value for key, value in owing("[main-1]").items() if key != "customerInvoice"}
        wire.collection("/journals/1/vouchers", voucher(3, bare | entry))

        assert [voucher.invoice_number for voucher in find(wire)] == [number]

    def test_entry_numbers_from_their_addresses(self, wire: Wire) -> None:
        """The published schema has no such property; booking chosen entries needs every number of a voucher."""
        entry = owing("[main-1]", self=f"{API}/journals/1/entries/23")
        del entry["journalEntryNumber"]
        wire.collection("/journals/1/vouchers", voucher(3, entry, financeVouchers=[finance("no marker")]))

        assert [voucher.entries for voucher in find(wire)] == [(23, 18)]

    def test_two_invoices_in_one_voucher(self, wire: Wire) -> None:
        """A bookkeeper may put vouchers together."""
        wire.collection("/journals/1/vouchers", voucher(3, owing("[main-1]", 10.0), owing("[main-2]", 20.0)))

        assert [(voucher.document_reference, voucher.gross) for voucher in find(wire)] == [
            ("main-1", Decimal("10.00")),
            ("main-2", Decimal("20.00")),
        ]

    @pytest.mark.parametrize(
        ("marker", "unclear"),
        [
            ("[MAIN-1]", False),
            ("[ main-1 ]", False),
            ("main-1", True),
            ("[main-1", True),
            ("main 1", True),
            ("(Main-1)", True),
            ("main_1 rettet", True),
            ("MAIN \u2013 1", True),
        ],
    )
    def test_a_persons_way_of_writing_the_marker(self, wire: Wire, marker: str, *, unclear: bool) -> None:
        """Other case and spaces are ours; without both brackets, or with other separators, it is a question."""
        wire.collection("/journals/1/vouchers", voucher(3, owing(marker)))

        assert [(found.document_reference, found.unclear) for found in find(wire)] == [("main-1", unclear)]

    @pytest.mark.parametrize("marker", ["[main-3]", "[main-11]", "xmain-1", "main-1-2", "main-dk1-1"])
    def test_only_the_references_looked_up(self, wire: Wire, marker: str) -> None:
        """Another invoice's marker, or something similar, is not ours."""
        wire.collection("/journals/1/vouchers", voucher(3, owing(marker)))

        assert find(wire) == []

    @pytest.mark.parametrize("body", [{"voucherNumber": 3}, {"entries": {}}, {"voucherNumber": 3, "entries": None}, 5])
    def test_a_voucher_that_cannot_be_read_is_an_outage(self, wire: Wire, body: Any) -> None:
        """It may be the voucher that is looked up: absence is concluded from whole answers only."""
        wire.collection("/journals/1/vouchers", body)
        with pytest.raises(Unavailable):
            find(wire)


class TestBooked:
    """Where its entries stand alone in the accounting year."""

    def test_entries_are_put_together(self, wire: Wire) -> None:
        """Debtor 1250.00 with the customer; revenue and VAT carry the marker too, and count nothing."""
        wire.collection(
            "/accounting-years/2026_6_2027a/entries",
            booked("[main-1]", 1250.0, customer={"customerNumber": 1001}, invoiceNumber=100353),
            booked("[main-1]", -1000.0),
            booked("[main-1]", -250.0),
            booked("Husleje", 5.0),
            {"entryNumber": 4, "amount": 1.0},  # a system entry without text and voucher
        )

        assert find(wire) == [
            VoucherFound(
                document_reference="main-1",
                journal=None,
                year="2026/2027",
                number=9,
                gross=Decimal("1250.00"),
                customers=frozenset({1001}),
                invoice_number=100353,
            )
        ]

    def test_only_the_window_is_read(self, wire: Wire) -> None:
        """Years that it does not touch are left alone; closed years are read, as they may have been closed since."""
        wire.collection(
            "/accounting-years",
            year("2024", "2024-01-01", "2024-12-31"),
            year("2025/2026", "2025-07-01", "2026-06-30", closed=True),
            year("2026/2027", "2026-07-01", "2027-06-30"),
            year("2027", "2027-07-01", "2027-12-31"),
        )
        wire.collection("/accounting-years/2025_6_2026/entries")
        wire.collection("/accounting-years/2026_6_2027/entries")
        find(wire)
        entries = [request for request in wire.requests if request.url.path.endswith("/entries")]

        assert [request.url.path for request in entries] == [
            "/accounting-years/2025_6_2026/entries",
            "/accounting-years/2026_6_2027/entries",
        ]
        assert {request.url.params["filter"] for request in entries} == {"date$gte:2026-06-01$and:date$lte:2026-07-31"}

    def test_the_address_of_a_year_may_carry_a_query(self, wire: Wire) -> None:
        """``?pageindex=0`` was recorded in October 2024; the filter of the entries stays whole."""
        own = f"{API}/accounting-years/2026_6_2027?pageindex=0"
        wire.collection("/accounting-years", year("2026/2027", "2026-07-01", "2027-06-30", self=own))
        entry = booked("[main-1]", 1250.0, customer={"customerNumber": 1001})
        wire.collection("/accounting-years/2026_6_2027/entries", entry)

        (found,) = find(wire)
        assert (found.document_reference, found.year, found.number) == ("main-1", "2026/2027", 9)
        assert wire.requests[-1].url.params["filter"] == "date$gte:2026-06-01$and:date$lte:2026-07-31"

    def test_journals_are_read_first(self, wire: Wire) -> None:
        """A voucher booked meanwhile is then seen at least once; all but the export's own are read again, see below."""
        find(wire)

        assert wire.calls == [
            "GET /journals",
            "GET /journals/7/vouchers",
            "GET /journals/1/vouchers",
            "GET /journals/7/vouchers",
            "GET /accounting-years",
            "GET /accounting-years/2026_6_2027a/entries",
        ]

    def test_a_voucher_in_two_places_counts_twice(self, wire: Wire) -> None:
        """Which of them is right, a person must decide."""
        wire.collection("/journals/1/vouchers", voucher(3, owing("[main-1]")))
        wire.collection(
            "/accounting-years/2026_6_2027a/entries", booked("[main-1]", 1250.0, customer={"customerNumber": 1001})
        )

        assert [(voucher.journal, voucher.booked) for voucher in find(wire)] == [(1, False), (None, True)]

    def test_an_outage_is_never_absence(self, wire: Wire) -> None:
        """One of the reads fails: nothing is known."""
        wire.respond("GET /accounting-years/2026_6_2027a/entries", httpx.Response(503))
        with pytest.raises(Unavailable):
            find(wire)


def test_no_references_no_calls(wire: Wire) -> None:
    """The lookup of nothing is answered at once."""
    assert client(wire).vouchers(frozenset(), FIRST, LAST) == []
    assert wire.requests == []


def test_all_pages_are_read(wire: Wire) -> None:
    """A journal of more than a thousand vouchers."""
    wire.respond(
        "GET /journals/1/vouchers",
        (
            200,
            {"collection": [voucher(3, owing("Husleje"))], "pagination": {"nextPage": f"{API}/journals/1/vouchers?x"}},
        ),
        (200, {"collection": [voucher(4, owing("[main-2]"))], "pagination": {}}),
    )

    assert [(voucher.document_reference, voucher.number) for voucher in find(wire)] == [("main-2", 4)]


def test_a_voucher_moved_to_a_journal_that_was_read_already_is_found(wire: Wire) -> None:
    """From the export's own journal to journal 7 between the two: it stands in neither as each was read first."""
    moved = voucher(10001, owing("[main-1]"))
    empty = (200, {"collection": [], "pagination": {}})
    wire.respond("GET /journals/7/vouchers", empty, (200, {"collection": [moved], "pagination": {}}))

    assert [(found.document_reference, found.journal) for found in find(wire)] == [("main-1", 7)]


def test_a_journal_that_no_export_uses_may_be_the_only_one(wire: Wire) -> None:
    """The export's own was deleted in e-conomic: the others are read all the same, each of them."""
    wire.collection("/journals", {"journalNumber": 7, "name": "Kasse"}, {"journalNumber": 8, "name": "Bank"})
    wire.collection("/journals/8/vouchers", voucher(10001, owing("[main-1]")))

    assert [(found.document_reference, found.journal) for found in find(wire)] == [("main-1", 8)]
    assert wire.calls.count("GET /journals/7/vouchers") == 2
