"""An export sends exactly what was planned, and the plan itself sends nothing."""

from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.harness import EXPORT, Harness
from support.plan_periods import KNOWN, NEW, NUMBERED, VOUCHERS, period
from support.planning import methods, planned, promised, sent
from support.samples import customer, invoice, line

from config.export_schema import Booking, Customers
from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.dry_run.plan import PlannedAction

#: Two cards of one new company, and one that only Opter's code identifies.
SAME = customer(code="NEW-3", ledger_number=None, corporate_id="DK 88 00 00 05", name="Ny Vognmand ApS, Nord")
LOOSE = customer(code="LOOSE", ledger_number=None, corporate_id=None, name="Løs", address=None, zip=None, city=None)
CUSTOMERS = (KNOWN, NEW, NUMBERED, SAME, LOOSE)
#: Sales account and VAT rate, as the sandbox has them.
CODINGS = (("3010", "25.00"), ("3020", "25.00"), ("3012", "0.00"), ("3040", "0.00"))


def export(harness: Harness, invoices: list[Invoice]) -> None:
    """Export them, from empty caches on."""
    harness.hire()
    harness.close_period(*invoices)
    harness.until_rest()


def taking_time(
    harness: Harness,
) -> Callable[[httpx.Request, Callable[[httpx.Request], httpx.Response]], httpx.Response]:
    """Let every call take 50 ms, so that what was read before it counts as older than what is read after."""

    def answer(request: httpx.Request, sandbox: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        harness.clock.advance(0.05)
        return sandbox(request)

    return answer


def test_the_invoice_method_sends_exactly_what_was_planned() -> None:
    """Draft and booking of each of five, customers NEW and NUMBERED, products 3012 and 3020."""
    harness = Harness()
    plan = planned(harness, *period())
    assert methods(harness) == {"GET"}

    export(harness, period())

    assert promised(plan) == sent(harness)
    assert len(promised(plan)) == 2 * 5 + 2 + 2
    assert plan.actions == {PlannedAction.POST: 5}


def test_the_voucher_method_sends_exactly_what_was_planned() -> None:
    """Voucher, PDF and booking of each of five, and the two new customers."""
    harness = Harness(VOUCHERS)
    invoices = [harness.pdf_fixtures.printed(each) for each in period()]
    plan = planned(harness, *invoices)
    assert methods(harness) == {"GET"}

    export(harness, invoices)

    assert promised(plan) == sent(harness)
    assert len(promised(plan)) == 3 * 5 + 2
    assert plan.actions == {PlannedAction.POST: 5}


def test_where_a_person_books_no_booking_is_planned() -> None:
    """``booking.book = false``: five drafts, two customers, two products."""
    harness = Harness(EXPORT.model_copy(update={"booking": Booking(book=False)}))
    plan = planned(harness, *period())

    export(harness, period())

    assert promised(plan) == sent(harness)
    assert len(promised(plan)) == 5 + 2 + 2


def test_an_update_of_a_customer_is_planned_once() -> None:
    """``customers.update = "newer"``: two invoices of one customer whose data changed in Opter, one PUT."""
    harness = Harness(EXPORT.model_copy(update={"customers": Customers(group=21, layout=17, update="newer")}))
    changed = KNOWN.model_copy(update={"changed_at": "2026-11-19T12:00:00+01:00", "phone": "98 00 00 00"})
    invoices = [invoice(customer=changed, invoice_number=number) for number in (100353, 100354)]
    plan = planned(harness, *invoices)

    export(harness, invoices)

    assert [request.path for request in plan.updates] == ["/customers/1001"]
    assert promised(plan) == sent(harness)


def test_two_accounts_of_one_group_share_the_product_that_the_first_one_makes() -> None:
    """Accounts 3012 and 3013 both map to group 62, which has no product: one is created, under the first's number."""
    codes = EXPORT.codes.model_copy(update={"sales_accounts": {"3013": "62"}})
    harness = Harness(EXPORT.model_copy(update={"codes": codes}))
    harness.around_http = taking_time(harness)
    invoices = [
        invoice(line("10.00", account=account, rate="0.00"), customer=KNOWN, invoice_number=number)
        for account, number in (("3012", 100353), ("3013", 100354))
    ]
    plan = planned(harness, *invoices)

    export(harness, invoices)

    assert [product.number for product in plan.products] == ["3012"]
    assert promised(plan) == sent(harness)


@pytest.mark.parametrize("chosen", [EXPORT, VOUCHERS], ids=["invoice", "voucher"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_the_period_what_is_planned_is_sent(chosen: ExportConfig, data: st.DataObject) -> None:
    """Any mix of customers, accounts and amounts in whole kroner, so that VAT needs no rounding."""
    invoices = [
        invoice(
            *(
                line(
                    f"{data.draw(st.integers(1, 9999))}.00",
                    account=account,
                    rate=rate,
                    vat_code=f"M{Decimal(rate):.0f}",
                )
                for account, rate in data.draw(st.lists(st.sampled_from(CODINGS), min_size=1, max_size=3))
            ),
            customer=data.draw(st.sampled_from(CUSTOMERS)),
            invoice_number=100353 + number,
        )
        for number in range(data.draw(st.integers(1, 6)))
    ]
    harness = Harness(chosen)
    invoices = [harness.pdf_fixtures.printed(each) for each in invoices]
    plan = planned(harness, *invoices)
    assert methods(harness) == {"GET"}

    export(harness, invoices)

    assert plan.actions == {PlannedAction.POST: len(invoices)}
    assert promised(plan) == sent(harness)
