"""The demo's period: the same every time, right in itself, and with the troubles that the demo is about."""

from collections import Counter
from decimal import Decimal

from worker.domain.invoice import InvoiceType
from worker.domain.money import to_oere
from worker.domain.sums import check_event
from worker.intake.reading import read_event
from worker.local.demo.sample import MISSING_ACCOUNT, sample
from worker.local.demo.sample_customers import AMBIGUOUS


def test_it_is_the_same_every_time() -> None:
    """Seeded: two runs give the same bytes."""
    assert sample().event() == sample().event()


def test_opter_would_send_it() -> None:
    """It keeps the contract, and every sum of it agrees: the troubles lie in e-conomic, not in the event."""
    raw = sample().event()
    data = read_event(raw, limit=len(raw)).data

    assert check_event(data.invoices or (), data.totals(), data.invoice_count) == []


def test_it_has_what_the_demo_shows() -> None:
    """240 invoices; credit notes, two currencies, ten new customers with three invoices each, and the troubles."""
    invoices = sample().invoices
    new = Counter(one.customer.code for one in invoices if one.customer.code.startswith("N"))

    assert len({one.invoice_number for one in invoices}) == 240
    assert Counter(one.currency for one in invoices) == {"DKK": 216, "EUR": 24}
    assert sum(one.invoice_type is InvoiceType.CORRECTION for one in invoices) == 14
    assert sum(one.gross < 0 for one in invoices) == 14
    assert len(new) == 10
    assert min(new.values()) >= 3
    assert sum(any(line.sales_account == MISSING_ACCOUNT for line in one.lines) for one in invoices) == 9
    assert sum(one.customer.code == f"K{AMBIGUOUS}" for one in invoices) >= 4


def test_one_invoice_has_vat_added_up_order_by_order() -> None:
    """3 x 25.03 = 75.09, while 25 % of 300.30 is 75.08: right for Opter, and one øre off for e-conomic."""
    period = sample()
    [wrong] = [one for one in period.invoices if one.vat != to_oere(sum(x.net * x.vat_rate for x in one.lines) / 100)]

    assert (wrong.invoice_number, wrong.vat) == (period.corrected.invoice_number, Decimal("75.09"))
    assert (period.corrected.vat, period.corrected.gross) == (Decimal("75.08"), Decimal("375.38"))
