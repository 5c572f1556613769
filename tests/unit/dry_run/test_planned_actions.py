"""What a plan says of each invoice, and what the export does with it."""

from datetime import date
from decimal import Decimal

import pytest
from support.harness import EXPORT, Harness
from support.plan_periods import KNOWN, NEW, TWICE, VOUCHERS, period
from support.planning import planned, promised, sent
from support.samples import invoice, line

from config.export_schema import Booking, TypeRules
from worker.domain.invoice import Invoice
from worker.domain.record import Outcome, State
from worker.dry_run.plan import Plan, PlannedAction


def known(*lines: object, **changes: object) -> Invoice:
    """Return an invoice to a customer that e-conomic has."""
    return invoice(*lines, **({"customer": KNOWN} | changes))  # type: ignore[arg-type]  # a test states what it is about


def actions(plan: Plan) -> dict[int, tuple[PlannedAction, list[str]]]:
    return {each.invoice_number: (each.action, [why.reason for why in each.problems]) for each in plan.invoices}


WRONG = {
    "product-group-missing": known(line(account="3050"), invoice_number=1),
    "customer-ambiguous": known(customer=TWICE, invoice_number=2),
    "payment-terms-missing": known(payment_condition={"name": "77 dage", "days": 77}, invoice_number=3),
    "accounting-year-closed": known(invoice_date=date(2024, 5, 1), due_date=date(2024, 5, 31), invoice_number=4),
    "vat-mismatch": known(line(rate="12.00"), invoice_number=5),
    "currency-unknown": known(currency="XYZ", invoice_number=6),
    "totals-mismatch": known(line("300.30", vat="75.09"), order_numbers=("1", "2", "3"), invoice_number=7),
}


def test_every_problem_of_a_period_is_found_in_one_go() -> None:
    """Seven invoices, each with a problem of its own: seven reasons, and all of them happen in the export."""
    harness = Harness()
    plan = planned(harness, *WRONG.values())
    harness.close_period(*WRONG.values())
    harness.until_rest()

    found = {each.invoice_number: [why.reason for why in each.problems] for each in plan.invoices}
    died = {record.invoice_number: [record.failure.reason] for record in harness.records() if record.failure}
    assert found == {number: [reason] for number, reason in enumerate(WRONG, start=1)}
    assert found == died


def test_the_notice_of_the_period_check_is_shown() -> None:
    """The plan's notice is the one that the period's check leaves on the period."""
    harness = Harness()
    plan = planned(harness, *WRONG.values())
    harness.close_period(*WRONG.values())
    harness.until_rest()

    period_record = harness.store.period("main-p881")
    assert period_record is not None
    assert plan.notice == period_record.notice


def test_a_failing_invoice_creates_nothing() -> None:
    """A new customer whose only invoice cannot be exported is not planned."""
    plan = planned(Harness(), known(line(account="3050"), customer=NEW))

    assert (plan.customers, plan.products, plan.failing[0].requests) == ((), (), ())


def test_a_draft_that_will_differ_is_predicted_with_both_sums() -> None:
    """Opter rounded three orders: 3 x 25.03 = 75.09; e-conomic takes 25 % of 300.30 = 75.075, so 75.08."""
    plan = planned(Harness(), WRONG["totals-mismatch"])

    (found,) = plan.invoices
    assert found.predicted is not None
    assert found.predicted.amounts.vat == Decimal("75.08")
    assert "75.09" in found.problems[0].description
    assert [request.step for request in found.requests] == ["draft"]  # created, compared, discarded: never booked


def test_vat_that_depends_on_how_e_conomic_rounds_is_not_certain() -> None:
    """Three lines of 100.10: 3 x 25.03 = 75.09 line by line, 25 % of 300.30 = 75.08 at once. Opter says 75.09."""
    plan = planned(Harness(), known(*[line("100.10", vat="25.03") for _ in range(3)]))

    (found,) = plan.invoices
    assert found.predicted is not None
    assert (found.action, found.predicted.certain, found.predicted.amounts.vat) == (
        PlannedAction.POST,
        False,
        Decimal("75.09"),
    )


@pytest.mark.parametrize("chosen", [EXPORT, VOUCHERS], ids=["invoice", "voucher"])
def test_what_is_in_e_conomic_is_adopted(chosen: object) -> None:
    """Exported, then the store was wiped: nothing would be sent, and nothing is."""
    harness = Harness(chosen)  # type: ignore[arg-type]  # the two exports above
    invoices = [harness.pdf_fixtures.printed(each) for each in period()]
    harness.close_period(*invoices)
    harness.until_rest()
    before = len(harness.sandbox.server_state.request_log.entries)
    harness.wipe()
    plan = planned(harness, *invoices)
    harness.close_period(*invoices)
    harness.until_rest()

    assert plan.actions == {PlannedAction.ADOPT: 5}
    assert promised(plan) == sent(harness, since=before) == []


def test_a_draft_of_ours_is_taken_up_and_booked() -> None:
    """Left as a draft, then the store was wiped and booking allowed: only the booking is planned, and sent."""
    harness = Harness(EXPORT.model_copy(update={"booking": Booking(book=False)}))
    harness.close_period(known())
    harness.until_rest()
    before = len(harness.sandbox.server_state.request_log.entries)
    harness.export = EXPORT
    harness.wipe()
    plan = planned(harness, known())
    harness.close_period(known())
    harness.until_rest()

    assert [(each.action, each.found) for each in plan.invoices] == [(PlannedAction.ADOPT, "draft 1")]
    assert promised(plan) == sent(harness, since=before)
    assert len(promised(plan)) == 1


def test_a_booked_invoice_with_other_amounts_is_a_problem() -> None:
    """Booked over 1250.00, the store wiped, and now it is 2500.00: a person decides."""
    harness = Harness()
    harness.close_period(known())
    harness.until_rest()
    harness.wipe()

    assert actions(planned(harness, known(line("2000.00")))) == {100353: (PlannedAction.FAIL, ["booked-differs"])}


def test_what_the_store_has_exported_is_done() -> None:
    """Known to be booked: e-conomic is not even asked."""
    harness = Harness()
    harness.close_period(known())
    harness.until_rest()
    plan = planned(harness, known())

    assert [(each.action, each.found, each.state) for each in plan.invoices] == [
        (PlannedAction.DONE, "booked invoice 100353", State.EXPORTED)
    ]


def test_other_content_for_a_posted_invoice_is_a_conflict() -> None:
    """The store has it booked over 1250.00; the event brings 2500.00."""
    harness = Harness()
    harness.close_period(known())
    harness.until_rest()

    assert actions(planned(harness, known(line("2000.00")))) == {100353: (PlannedAction.FAIL, ["conflict"])}


def test_a_dead_letter_is_planned_as_if_it_were_requeued() -> None:
    """It failed for want of a product group; the group is there now."""
    harness = Harness()
    harness.close_period(known(line(account="3050")))
    harness.until_rest()
    group = harness.sandbox.agreement.product_groups[63]
    harness.sandbox.agreement.product_groups[67] = group | {"productGroupNumber": 67, "name": "3050"}
    harness.sandbox.agreement.sales_accounts[67, 1] = 3020
    harness.clock.advance(1)
    plan = planned(harness, known(line(account="3050")))

    assert [(each.action, each.state) for each in plan.invoices] == [(PlannedAction.POST, State.DEAD)]


def test_what_is_left_out_on_purpose_is_no_problem() -> None:
    """``types.interest.export = false``: neither posted nor failed."""
    export = EXPORT.model_copy(update={"types": {"interest": TypeRules(export=False)}})
    harness = Harness(export)
    harness.close_period(known(line(rate="0.00", account="3040"), invoice_type="interest"))
    harness.until_rest()

    plan = planned(Harness(export), known(line(rate="0.00", account="3040"), invoice_type="interest"))

    assert actions(plan) == {100353: (PlannedAction.LEAVE_OUT, [])}
    assert harness.record("main-100353").outcome is Outcome.EXCLUDED


def test_a_correction_waits_for_an_original_that_fails() -> None:
    """Its invoice cannot be exported, so it is held, as it would be."""
    original = known(line(account="3050"))
    credit = known(line("-10.00"), invoice_number=100354, credits_invoice_number=100353, invoice_type="correction")

    assert actions(planned(Harness(), original, credit)) == {
        100353: (PlannedAction.FAIL, ["product-group-missing"]),
        100354: (PlannedAction.HOLD, ["original-awaited"]),
    }


def test_closed_books_hold_where_the_export_says_so() -> None:
    """``closed_period = "hold"``."""
    harness = Harness(EXPORT.model_copy(update={"closed_period": "hold"}))

    assert actions(planned(harness, WRONG["accounting-year-closed"])) == {
        4: (PlannedAction.HOLD, ["accounting-year-closed"])
    }


def test_a_voucher_without_its_pdf_is_a_problem() -> None:
    """The file that the event names is not there: found before anything is posted."""
    harness = Harness(VOUCHERS)
    printed = harness.pdf_fixtures.printed(known())
    harness.pdf_fixtures.files.clear()

    assert actions(planned(harness, printed)) == {100353: (PlannedAction.FAIL, ["pdf-missing"])}


def test_what_was_exported_is_looked_up_again_when_asked_to() -> None:
    """``--again``: booked is adopted; what was declared by hand stays as it is."""
    harness = Harness()
    harness.close_period(known(), known(line(account="3050"), invoice_number=100354))
    harness.until_rest()
    harness.store.mark_exported("main-100354", by="anna", why="entered by hand")

    plan = planned(harness, known(), known(line(account="3050"), invoice_number=100354), again=True)

    assert [(each.action, each.found) for each in plan.invoices] == [
        (PlannedAction.ADOPT, "booked invoice 100353"),
        (PlannedAction.DONE, "by-hand"),
    ]


def test_what_is_known_to_be_booked_is_found_without_its_reference() -> None:
    """Somebody changed "other reference" in e-conomic: the store still knows the number; not posted again."""
    harness = Harness()
    harness.close_period(known())
    harness.until_rest()
    harness.sandbox.agreement.booked[100353]["references"]["other"] = "changed by hand"

    plan = planned(harness, known(), again=True)

    assert [(each.action, each.found) for each in plan.invoices] == [(PlannedAction.ADOPT, "booked invoice 100353")]
