"""The demo's period: the same every time, right in itself, and with the problems that the demo is about."""

from collections import Counter
from decimal import Decimal

from worker.domain.invoice import InvoiceType
from worker.domain.money import to_oere
from worker.domain.sums import check_event
from worker.intake.reading import read_event
from worker.local.demo.sample import MISSING_ACCOUNT, sample
from worker.local.demo.sample_invoices import AMBIGUOUS


def test_it_is_the_same_every_time() -> None:
    """Seeded: two runs give the same bytes."""
    assert sample().event() == sample().event()


def test_opter_would_send_it() -> None:
    """It keeps the contract, and every sum of it agrees: the problems lie in e-conomic, not in the event."""
    raw = sample().event()
    event = read_event(raw, limit=len(raw))
    data = event.data

    assert check_event(event.invoices(), data.totals(), data.invoice_count) == []


def test_it_has_what_the_demo_shows() -> None:
    """240 invoices; credit notes, two currencies, ten new customers with three invoices each, and the problems."""
    invoices = sample().invoices
    new = Counter(invoice.customer.code for invoice in invoices if invoice.customer.code.startswith("N"))

    assert len({invoice.invoice_number for invoice in invoices}) == 240
    assert Counter(invoice.currency for invoice in invoices) == {"DKK": 216, "EUR": 24}
    assert sum(invoice.invoice_type is InvoiceType.CORRECTION for invoice in invoices) == 14
    assert sum(invoice.gross < 0 for invoice in invoices) == 14
    assert len(new) == 10
    assert min(new.values()) >= 3
    assert sum(any(line.sales_account == MISSING_ACCOUNT for line in invoice.lines) for invoice in invoices) == 9
    assert sum(invoice.customer.code == f"K{AMBIGUOUS}" for invoice in invoices) >= 4


def test_one_invoice_has_vat_added_up_order_by_order() -> None:
    """3 x 25.03 = 75.09, while 25 % of 300.30 is 75.08: right for Opter, and one øre off for e-conomic."""
    period = sample()
    [wrong] = [
        invoice
        for invoice in period.invoices
        if invoice.vat != to_oere(sum(line.net * line.vat_rate for line in invoice.lines) / 100)
    ]

    assert (wrong.invoice_number, wrong.vat) == (period.corrected.invoice_number, Decimal("75.09"))
    assert (period.corrected.vat, period.corrected.gross) == (Decimal("75.08"), Decimal("375.38"))
