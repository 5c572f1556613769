"""The demo's printed invoices: real PDFs, announced as they are, some of them late."""

import hashlib
import re
from pathlib import Path

from worker.domain.sums import check_event
from worker.intake.reading import read_event
from worker.local.demo.sample import sample
from worker.local.demo.sample_vouchers import TAX_RATES, one_page_pdf, print_invoices, voucher_sample

FOLDER = Path("/printed")


def test_a_page_is_found_where_its_table_says() -> None:
    """The cross-reference table names the byte at which each object begins, and its own."""
    page = one_page_pdf(("Faktura 100301", "I alt 1250.00 DKK"))
    table = int(re.findall(rb"startxref\n(\d+)\n%%EOF\n$", page)[0])
    starts = [int(found) for found in re.findall(rb"(\d{10}) 00000 n ", page[table:])]

    assert page[table:].startswith(b"xref\n0 6\n")
    assert [page[start:].split(b" ", 1)[0] for start in starts] == [b"1", b"2", b"3", b"4", b"5"]
    assert page.startswith(b"%PDF-1.4\n")
    assert b"(Faktura 100301) Tj" in page


def test_a_stream_is_as_long_as_it_says() -> None:
    """Brackets in the text are escaped, and letters outside of the font's are replaced one by one."""
    page = one_page_pdf(("Bjergby (Nord) Æ ł",))
    [(length, stream)] = re.findall(rb"/Length (\d+) >>\nstream\n(.*)\nendstream", page)

    assert int(length) == len(stream)
    assert rb"(Bjergby \(Nord\) " + b"\xc6 ?) Tj" in stream


def test_opter_would_send_it() -> None:
    """It keeps the contract; every VAT code is paired; every sales account abroad is one of its own."""
    raw = voucher_sample(FOLDER).sample.event()
    event = read_event(raw, limit=len(raw))
    data = event.data
    lines = [(invoice.customer.country, line) for invoice in event.invoices() for line in invoice.lines]

    assert check_event(event.invoices(), data.totals(), data.invoice_count) == []
    assert {line.vat_code for _, line in lines} == set(TAX_RATES)
    assert {line.sales_account for country, line in lines if country != "DK"} == {"3110", "3120", "3210", "3220"}


def test_only_what_vouchers_need_differs_from_the_other_sample() -> None:
    """Same numbers, customers, amounts: the two demos can be laid side by side."""
    ours, theirs = voucher_sample(FOLDER).sample.final, sample().final

    assert [(invoice.invoice_number, invoice.customer, invoice.net, invoice.vat) for invoice in ours] == [
        (invoice.invoice_number, invoice.customer, invoice.net, invoice.vat) for invoice in theirs
    ]


def test_each_is_announced_as_it_is_printed(tmp_path: Path) -> None:
    """Size and hash in the event are those of the file at the address in the event, the corrected invoice's too."""
    period = voucher_sample(tmp_path).sample
    print_invoices(period.final, tmp_path)
    announced = [invoice.pdf for invoice in period.final if invoice.pdf]
    files = [Path(pdf.url.removeprefix("file://")).read_bytes() for pdf in announced]

    assert len(announced) == 240
    assert [(pdf.bytes, pdf.sha256) for pdf in announced] == [
        (len(content), hashlib.sha256(content).hexdigest()) for content in files
    ]


def test_nothing_else_happens_to_those_that_are_late() -> None:
    """Six ordinary invoices, so that each failure in the demo has one cause."""
    whole = voucher_sample(FOLDER)

    assert len(whole.late) == 6
    assert not any(line.sales_account == "3050" for invoice in whole.late for line in invoice.lines)
    assert not {invoice.invoice_number for invoice in whole.late} & {
        invoice.credits_invoice_number for invoice in whole.sample.invoices
    }
