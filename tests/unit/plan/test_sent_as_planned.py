"""What a plan promises is what the export sends, and the plan itself sends nothing."""

from support.planning import methods, planned, promised, sent
from support.samples import customer, invoice, line
from support.works import EXPORT, Works

from config.exports import Booking, Codes, Voucher
from worker.invoicing.invoice import Invoice
from worker.invoicing.plans.plan import Fate

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
NEW = customer(code="NEW-1", ledger_number=None, corporate_id="88000001", name="Ny Vognmand ApS")
NUMBERED = customer(code="NEW-2", ledger_number=7001, corporate_id=None, name="Nummer 7001 A/S")
VOUCHERS = EXPORT.model_copy(
    update={
        "method": "voucher",
        "codes": Codes(tax_rates={"M25": "U25", "M0": ""}),
        "voucher": Voucher(clearing_account=5990, rounding_account=4990, book=True),
    }
)


def period() -> list[Invoice]:
    """Known and new customers, with and without VAT, a credit note before its invoice: nothing is wrong with any."""
    return [
        invoice(line("1000.00"), customer=KNOWN, invoice_number=100353),
        invoice(line("99.99"), line("20.00", account="3012", rate="0.00"), customer=NEW, invoice_number=100354),
        invoice(line("-500.00", account="3020"), customer=NEW, invoice_number=100355, credits_invoice_number=100356),
        invoice(line("500.00", account="3020"), customer=NEW, invoice_number=100356),
        invoice(line("7.00"), customer=NUMBERED, invoice_number=100357),
    ]


def export(works: Works, invoices: list[Invoice]) -> None:
    """Export them, from an empty cache on."""
    works.hire()
    works.close_period(*invoices)
    works.until_rest()


def test_the_invoice_method_sends_exactly_what_was_planned() -> None:
    """Drafts, bookings, a customer and two products: the same bodies, numbers that e-conomic gives apart."""
    works = Works()
    plan = planned(works, *period())
    assert methods(works) == {"GET"}

    export(works, period())

    assert promised(plan) == sent(works)
    assert len(promised(plan)) == 2 * 5 + 2 + 2  # draft and booking each, customers NEW and NUMBERED, 3012 and 3020
    assert plan.fates == {Fate.POST: 5}


def test_the_voucher_method_sends_exactly_what_was_planned() -> None:
    """Vouchers, their PDFs and their booking, and the two new customers."""
    works = Works(VOUCHERS)
    invoices = [works.shelf.printed(one) for one in period()]
    plan = planned(works, *invoices)
    assert methods(works) == {"GET"}

    export(works, invoices)

    assert promised(plan) == sent(works)
    assert len(promised(plan)) == 3 * 5 + 2
    assert plan.fates == {Fate.POST: 5}


def test_where_a_person_books_no_booking_is_planned() -> None:
    """``booking.book = false``: five drafts, two customers, two products."""
    works = Works(EXPORT.model_copy(update={"booking": Booking(book=False)}))
    plan = planned(works, *period())

    export(works, period())

    assert promised(plan) == sent(works)
    assert len(promised(plan)) == 5 + 2 + 2
