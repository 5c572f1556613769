"""The voucher method's reads and uploads against the sandbox, over a real socket."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support import samples
from support.harness import VOUCHER_EXPORT

from worker.domain.identity import canonical_json
from worker.domain.record import Intent
from worker.economic.client import EconomicClient
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.mapping.voucher_comparison import compare_voucher, expected_voucher
from worker.economic.mapping.voucher_entries import bulk_body, draft_entries
from worker.economic.mapping.voucher_payload import open_journal, voucher_payload
from worker.errors import ExportError, Refused, Throttled, Unavailable, Uncertain

WINDOW = (date(2026, 11, 1), date(2026, 12, 31))
OURS = frozenset({"main-1", "main-2"})
#: Two pages.
PDF = b"%PDF-1.7\n1 0 obj <</Type /Page>> endobj\n2 0 obj <</Type /Page>> endobj\r\n\r\n%%EOF"


def posting(reference: str = "main-1", *, journal: int = 1, key: str = "key-1") -> Intent:
    """A voucher of one customer entry against revenue with VAT: the customer owes 1250.00."""
    entry = {
        "amount": 1250.0,
        "date": "2026-11-20",
        "dueDate": "2026-12-20",
        "text": f"Faktura 100353 [{reference}]",
        "customer": {"customerNumber": 1001},
        "customerInvoice": 100353,
        "contraAccount": {"accountNumber": 3010},
        "contraVatAccount": {"vatCode": "U25"},
    }
    body = {"accountingYear": {"year": "2026"}, "entries": {"manualCustomerInvoices": [entry]}}
    path = f"/journals/{journal}/vouchers"
    return Intent(step="voucher", method="POST", path=path, body=json.dumps(body), key=key, at=0.0)


def posted(economic: EconomicClient, intent: Intent) -> str:
    """Post a voucher and return its key."""
    (voucher,) = economic.send(intent).body
    return f"{voucher['accountingYear']['year']}-{voucher['voucherNumber']}"


def book(economic: EconomicClient) -> None:
    path = "/journalsapi/v15.0.0/journals/1/book"
    economic.send(Intent(step="book-voucher", method="POST", path=path, body="{}", key="book", at=0.0))


def strike(control: httpx.Client, **fault: Any) -> None:
    control.post("/faults", json=fault).raise_for_status()


def test_a_voucher_from_its_journal_to_booked(economic: EconomicClient) -> None:
    """Found by its marker before and after a bookkeeper has booked it, with what the customer owes."""
    posted(economic, posting())
    common = {"document_reference": "main-1", "year": "2026", "number": 10001, "gross": Decimal("1250.00")}
    before = economic.vouchers(OURS, *WINDOW)
    book(economic)
    after = economic.vouchers(OURS, *WINDOW)

    common |= {"currency": "DKK", "customers": frozenset({1001}), "dates": frozenset({"2026-11-20"})}
    gross, net = (("U25", Decimal("1250.00")),), (("U25", Decimal("1000.00")),)
    assert before == [VoucherFound(**common, journal=1, entries=(1,), by_vat_code=gross, invoice_number=100353)]
    assert after == [VoucherFound(**common, journal=None, by_vat_code=net, invoice_number=100353)]


def test_the_window_bounds_booked_entries(economic: EconomicClient) -> None:
    """20 November: inside when the window ends or begins that day, outside a day earlier or later."""
    posted(economic, posting())
    book(economic)
    day = date(2026, 11, 20)

    assert len(economic.vouchers(OURS, date(2026, 1, 1), day)) == 1
    assert len(economic.vouchers(OURS, day, date(2027, 12, 31))) == 1
    assert economic.vouchers(OURS, date(2026, 1, 1), date(2026, 11, 19)) == []
    assert economic.vouchers(OURS, date(2026, 11, 21), date(2027, 12, 31)) == []


def test_calls_of_a_lookup(economic: EconomicClient) -> None:
    """Journals, the first of two again, years, one year's entries: 6 calls, however many invoices are looked up."""
    for number in range(1, 31):
        posted(economic, posting(f"main-{number}", key=f"key-{number}"))
    with economic.metered() as usage:
        vouchers = economic.vouchers(frozenset(f"main-{number}" for number in range(1, 31)), *WINDOW)

    assert (len(vouchers), usage.calls) == (30, 6)


def test_what_has_just_been_posted_may_not_be_seen_yet(economic: EconomicClient, control: httpx.Client) -> None:
    """The lookup finds nothing, which is why one lookup alone allows no create; nor can a file be attached."""
    control.patch("/switches", json={"voucher_lag": 5}).raise_for_status()
    voucher = posted(economic, posting())

    assert economic.vouchers(OURS, *WINDOW) == []
    assert economic.attachment(1, voucher) is None
    with pytest.raises(Refused) as caught:
        economic.attach(1, voucher, PDF, key="pdf-1")
    assert caught.value.status == 404

    control.post("/clock", json={"advance": 6}).raise_for_status()
    assert len(economic.vouchers(OURS, *WINDOW)) == 1
    assert economic.attach(1, voucher, PDF, key="pdf-2").status == 201


def test_a_pdf(economic: EconomicClient, control: httpx.Client) -> None:
    """Attached once; the same key again is answered from memory, another key is refused in so many words."""
    voucher = posted(economic, posting())
    before = economic.attachment(1, voucher)
    first = economic.attach(1, voucher, PDF, key="pdf-1")
    again = economic.attach(1, voucher, PDF, key="pdf-1")
    with pytest.raises(Refused) as caught:
        economic.attach(1, voucher, PDF, key="pdf-2")
    files = control.get("/state").json()["417001"]["attachments"]

    assert (before, first.replayed, again.replayed, again.body) == (None, False, True, first.body)
    assert "VoucherAlreadyHasAttachment" in caught.value.codes
    assert economic.attachment(1, voucher) == 2
    assert list(files.values()) == [[{"bytes": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest()}]]


@pytest.mark.parametrize(
    ("fault", "expected", "attached"),
    [
        ({"action": "status", "status": 503}, Uncertain, None),
        ({"action": "drop"}, Uncertain, None),
        ({"action": "drop", "when": "after"}, Uncertain, 2),
        ({"action": "half"}, Uncertain, 2),
        ({"action": "garbage"}, Uncertain, 2),
        ({"action": "status", "status": 429, "retry_after": 7}, Throttled, None),
    ],
)
def test_faults_of_an_upload(
    economic: EconomicClient,
    control: httpx.Client,
    fault: dict[str, Any],
    expected: type[ExportError],
    attached: int | None,
) -> None:
    """Without a usable answer a lookup decides."""
    voucher = posted(economic, posting())
    strike(control, route="POST /journals/*/attachment/file", **fault)
    with pytest.raises(expected):
        economic.attach(1, voucher, PDF, key="pdf-1")
    if expected is not Throttled:  # the agreement is left alone for a while
        assert economic.attachment(1, voucher) == attached


@pytest.mark.parametrize(
    "route", ["GET /journals", "GET /journals/{journalNumber}/vouchers", "GET /accounting-years/{year}/entries"]
)
def test_an_outage_in_a_lookup_is_never_absence(economic: EconomicClient, control: httpx.Client, route: str) -> None:
    """Whichever of its calls it strikes."""
    strike(control, route=route)
    with pytest.raises(Unavailable):
        economic.vouchers(OURS, *WINDOW)


def test_a_large_pdf(economic: EconomicClient) -> None:
    """Nine million bytes arrive whole."""
    voucher = posted(economic, posting())
    pdf = PDF + b"\n" * (9_000_000 - len(PDF))

    assert economic.attach(1, voucher, pdf, key="pdf-1").status == 201


def test_accounts_and_barred_periods(economic: EconomicClient, control: httpx.Client) -> None:
    """January 2026 is barred, which legacy REST does not show; debtors take no direct entries."""
    data = economic.master_data(frozenset())
    year = next(year for year in data.years if year.year == "2026")
    accounts = {account.number: account for account in data.accounts}

    assert [period.first.month for period in year.periods if period.barred] == [1]
    assert data.bars_unknown is False
    assert (accounts[5600].blocked, accounts[3099].barred, accounts[3010].kind) == (True, True, "profitAndLoss")
    assert control.get("/requests").json()["requests"][0]["path"] == "/self"


def test_many_by_one_call_and_read_back(economic: EconomicClient) -> None:
    """What the export sends for two invoices, one of them over the clearing account."""
    invoices = [
        samples.invoice(samples.line("1000.00"), invoice_number=100353),
        samples.invoice(
            samples.line("1000.00"), samples.line("99.99", account="3012", rate="0.00"), invoice_number=10050
        ),
    ]
    export = VOUCHER_EXPORT.model_copy(update={"journal": 1})
    known = economic.master_data(frozenset())
    parts = []
    for invoice in invoices:
        voucher = voucher_payload(invoice, export, known, f"main-{invoice.invoice_number}", 1001)
        entries = draft_entries(voucher, invoice, open_journal(export, known).series)
        assert entries
        parts.append(canonical_json(entries))
    path = "/journalsapi/v15.0.0/draft-entries/bulk"
    body = bulk_body(parts, "")
    economic.send(Intent(step="bulk-voucher", method="POST", path=path, body=body, key="bulk-1", at=0.0))

    found = {voucher.document_reference: voucher for voucher in economic.standing(1)}
    assert [(number, each.gross, each.invoice_number) for number, each in found.items()] == [
        ("main-100353", Decimal("1250.00"), 100353),
        ("main-10050", Decimal("1349.99"), 10050),
    ]
    for invoice in invoices:
        standing = found[f"main-{invoice.invoice_number}"]
        assert compare_voucher(invoice, standing, expected_voucher(invoice, export, known, 1001)) is None
