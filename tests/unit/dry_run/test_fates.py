"""What a plan says of each invoice is what becomes of it."""

from datetime import date
from decimal import Decimal

import pytest
from support.harness import EXPORT, Works
from support.plan_periods import KNOWN, NEW, TWICE, VOUCHERS, period
from support.planning import planned, promised, sent
from support.samples import invoice, line

from config.exports import Booking, TypeRules
from worker.domain.invoice import Invoice
from worker.domain.record import Outcome, State
from worker.dry_run.plan import Fate, Plan


def one(*lines: object, **changes: object) -> Invoice:
    return invoice(*lines, **({"customer": KNOWN} | changes))  # type: ignore[arg-type]  # a test states what it is about


def fates(plan: Plan) -> dict[int, tuple[Fate, list[str]]]:
    return {each.invoice_number: (each.fate, [why.reason for why in each.problems]) for each in plan.invoices}


WRONG = {
    "product-group-missing": one(line(account="3050"), invoice_number=1),
    "customer-ambiguous": one(customer=TWICE, invoice_number=2),
    "payment-terms-missing": one(payment_condition={"name": "77 dage", "days": 77}, invoice_number=3),
    "accounting-year-closed": one(invoice_date=date(2024, 5, 1), due_date=date(2024, 5, 31), invoice_number=4),
    "vat-mismatch": one(line(rate="12.00"), invoice_number=5),
    "currency-unknown": one(currency="XYZ", invoice_number=6),
    "totals-mismatch": one(line("300.30", vat="75.09"), order_numbers=("1", "2", "3"), invoice_number=7),
}


def test_every_problem_of_a_period_is_found_in_one_go() -> None:
    """Seven invoices, each with a trouble of its own: seven reasons, and all of them happen in the export."""
    works = Works()
    plan = planned(works, *WRONG.values())
    works.close_period(*WRONG.values())
    works.until_rest()

    found = {each.invoice_number: [why.reason for why in each.problems] for each in plan.invoices}
    died = {record.invoice_number: [record.failure.reason] for record in works.records() if record.failure}
    assert found == {number: [reason] for number, reason in enumerate(WRONG, start=1)}
    assert found == died


def test_what_the_preflight_would_say_is_said() -> None:
    """The plan's notice is the one that the period's check leaves on the period."""
    works = Works()
    plan = planned(works, *WRONG.values())
    works.close_period(*WRONG.values())
    works.until_rest()

    period_record = works.ledger.period("main-p881")
    assert period_record is not None
    assert plan.notice == period_record.notice


def test_a_failing_invoice_creates_nothing() -> None:
    """A new customer whose only invoice cannot be exported is not planned."""
    plan = planned(Works(), one(line(account="3050"), customer=NEW))

    assert (plan.customers, plan.products, plan.failing[0].requests) == ((), (), ())


def test_a_draft_that_will_differ_is_foretold_with_both_sums() -> None:
    """Opter rounded three orders: 3 x 25.03 = 75.09; e-conomic takes 25 % of 300.30 = 75.075, so 75.08."""
    plan = planned(Works(), WRONG["totals-mismatch"])

    (found,) = plan.invoices
    assert found.foretold is not None
    assert found.foretold.amounts.vat == Decimal("75.08")
    assert "75.09" in found.problems[0].description
    assert [request.step for request in found.requests] == ["draft"]  # created, compared, discarded: never booked


def test_vat_that_depends_on_how_e_conomic_rounds_is_not_certain() -> None:
    """Three lines of 100.10: 3 x 25.03 = 75.09 line by line, 25 % of 300.30 = 75.08 at once. Opter says 75.09."""
    plan = planned(Works(), one(*[line("100.10", vat="25.03") for _ in range(3)]))

    (found,) = plan.invoices
    assert found.foretold is not None
    assert (found.fate, found.foretold.certain, found.foretold.amounts.vat) == (Fate.POST, False, Decimal("75.09"))


@pytest.mark.parametrize("chosen", [EXPORT, VOUCHERS], ids=["invoice", "voucher"])
def test_what_is_in_e_conomic_is_adopted(chosen: object) -> None:
    """Exported, then the ledger was wiped: nothing would be sent, and nothing is."""
    works = Works(chosen)  # type: ignore[arg-type]  # the two exports above
    invoices = [works.shelf.printed(each) for each in period()]
    works.close_period(*invoices)
    works.until_rest()
    before = len(works.sandbox.world.journal.entries)
    works.wipe()
    plan = planned(works, *invoices)
    works.close_period(*invoices)
    works.until_rest()

    assert plan.fates == {Fate.ADOPT: 5}
    assert promised(plan) == sent(works, since=before) == []


def test_a_draft_of_ours_is_taken_up_and_booked() -> None:
    """Left as a draft, then the ledger was wiped and booking allowed: only the booking is planned, and sent."""
    works = Works(EXPORT.model_copy(update={"booking": Booking(book=False)}))
    works.close_period(one())
    works.until_rest()
    before = len(works.sandbox.world.journal.entries)
    works.export = EXPORT
    works.wipe()
    plan = planned(works, one())
    works.close_period(one())
    works.until_rest()

    assert [(each.fate, each.found) for each in plan.invoices] == [(Fate.ADOPT, "draft 1")]
    assert promised(plan) == sent(works, since=before)
    assert len(promised(plan)) == 1


def test_a_booked_invoice_with_other_amounts_is_a_problem() -> None:
    """Booked over 1250.00, the ledger wiped, and now it is 2500.00: a person decides."""
    works = Works()
    works.close_period(one())
    works.until_rest()
    works.wipe()

    assert fates(planned(works, one(line("2000.00")))) == {100353: (Fate.FAIL, ["booked-differs"])}


def test_what_the_ledger_has_exported_is_done() -> None:
    """Known to be booked: e-conomic is not even asked about it."""
    works = Works()
    works.close_period(one())
    works.until_rest()
    plan = planned(works, one())

    assert [(each.fate, each.found, each.state) for each in plan.invoices] == [
        (Fate.DONE, "booked invoice 100353", State.EXPORTED)
    ]


def test_other_content_for_a_posted_invoice_is_a_conflict() -> None:
    """The ledger has it booked over 1250.00; the event brings 2500.00."""
    works = Works()
    works.close_period(one())
    works.until_rest()

    assert fates(planned(works, one(line("2000.00")))) == {100353: (Fate.FAIL, ["conflict"])}


def test_a_dead_letter_is_planned_as_if_it_were_requeued() -> None:
    """It failed for want of a product group; the group is there now."""
    works = Works()
    works.close_period(one(line(account="3050")))
    works.until_rest()
    group = works.sandbox.agreement.product_groups[63]
    works.sandbox.agreement.product_groups[67] = group | {"productGroupNumber": 67, "name": "3050"}
    works.sandbox.agreement.sales_accounts[67, 1] = 3020
    works.clock.advance(1)
    plan = planned(works, one(line(account="3050")))

    assert [(each.fate, each.state) for each in plan.invoices] == [(Fate.POST, State.DEAD)]


def test_what_is_left_out_on_purpose_is_no_problem() -> None:
    """``types.interest.export = false``: neither posted nor failed."""
    export = EXPORT.model_copy(update={"types": {"interest": TypeRules(export=False)}})
    works = Works(export)
    works.close_period(one(line(rate="0.00", account="3040"), invoice_type="interest"))
    works.until_rest()

    plan = planned(Works(export), one(line(rate="0.00", account="3040"), invoice_type="interest"))

    assert fates(plan) == {100353: (Fate.LEAVE_OUT, [])}
    assert works.record("main-100353").outcome is Outcome.EXCLUDED


def test_a_correction_waits_for_an_original_that_fails() -> None:
    """Its invoice cannot be exported, so it is held, as it would be."""
    original = one(line(account="3050"))
    credit = one(line("-10.00"), invoice_number=100354, credits_invoice_number=100353, invoice_type="correction")

    assert fates(planned(Works(), original, credit)) == {
        100353: (Fate.FAIL, ["product-group-missing"]),
        100354: (Fate.HOLD, ["original-awaited"]),
    }


def test_closed_books_hold_where_the_export_says_so() -> None:
    """``closed_period = "hold"``."""
    works = Works(EXPORT.model_copy(update={"closed_period": "hold"}))

    assert fates(planned(works, WRONG["accounting-year-closed"])) == {4: (Fate.HOLD, ["accounting-year-closed"])}


def test_a_voucher_without_its_pdf_is_a_problem() -> None:
    """The file that the event names is not there: found before anything is posted."""
    works = Works(VOUCHERS)
    printed = works.shelf.printed(one())
    works.shelf.files.clear()

    assert fates(planned(works, printed)) == {100353: (Fate.FAIL, ["pdf-missing"])}


def test_what_was_exported_is_looked_up_again_when_asked_to() -> None:
    """``--again``: booked is adopted; what was declared by hand stays as it is."""
    works = Works()
    works.close_period(one(), one(line(account="3050"), invoice_number=100354))
    works.until_rest()
    works.ledger.settle_by_hand("main-100354", by="anna", why="entered by hand")

    plan = planned(works, one(), one(line(account="3050"), invoice_number=100354), again=True)

    assert [(each.fate, each.found) for each in plan.invoices] == [
        (Fate.ADOPT, "booked invoice 100353"),
        (Fate.DONE, "by-hand"),
    ]


def test_what_is_known_to_be_booked_is_found_without_its_reference() -> None:
    """Somebody changed "other reference" in e-conomic: the ledger still knows the number; not posted again."""
    works = Works()
    works.close_period(one())
    works.until_rest()
    works.sandbox.agreement.booked[100353]["references"]["other"] = "changed by hand"

    plan = planned(works, one(), again=True)

    assert [(each.fate, each.found) for each in plan.invoices] == [(Fate.ADOPT, "booked invoice 100353")]
