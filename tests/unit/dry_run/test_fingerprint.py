"""A plan's hash: the same for the same plan, another for any change that matters, and it says which."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.harness import EXPORT, Harness
from support.plan_periods import KNOWN, NEW, period
from support.planning import planned
from support.samples import invoice, line

from config.exports import Booking, Limits
from worker.dry_run.fingerprint import NotAHash, differences, plan_hash
from worker.dry_run.mark import MOST, changed, marks, read_marks

MISSING = [
    invoice(line(account=account), customer=KNOWN, invoice_number=number)
    for number, account in enumerate(("3050", "3050", "3010"), start=100353)
]


def add_group(harness: Harness, name: str) -> None:
    """A person creates a product group in e-conomic."""
    agreement = harness.sandbox.agreement
    agreement.product_groups[67] = agreement.product_groups[63] | {"productGroupNumber": 67, "name": name}
    agreement.sales_accounts[67, 1] = 3020
    harness.clock.advance(1)


def test_the_same_plan_has_the_same_hash() -> None:
    """Two installations, two moments, one hash; it is one word, fit to be copied."""
    first, second = planned(Harness(), *period()), planned(Harness(seed=2), *period())

    assert plan_hash(first) == plan_hash(second)
    assert differences(plan_hash(first), second) == ()
    assert len(plan_hash(first).split()) == 1


def test_a_product_group_that_is_now_there_is_named() -> None:
    """Two of three invoices needed group 3050, which somebody has created since the plan."""
    harness = Harness()
    before = plan_hash(planned(harness, *MISSING))
    add_group(harness, "3050")

    assert differences(before, planned(harness, *MISSING)) == (
        "In e-conomic, product group for sales account 3050 is now there.",
        "2 invoices would be exported differently: main-100353, main-100354.",
        "0 new products before, 1 now.",
    )


def test_a_product_group_that_is_gone_is_named() -> None:
    """Group 63, named 3020, was deleted."""
    harness = Harness()
    wanted = invoice(line(account="3020"), customer=KNOWN)
    before = plan_hash(planned(harness, wanted))
    del harness.sandbox.agreement.product_groups[63]
    harness.clock.advance(1)

    assert "In e-conomic, product group for sales account 3020 is gone." in differences(
        before, planned(harness, wanted)
    )


def test_an_invoice_that_changed_is_named() -> None:
    """100353 is 1250.00 in the plan, 2500.00 now."""
    before = plan_hash(planned(Harness(), *period()))
    corrected = invoice(line("2000.00"), customer=KNOWN, invoice_number=100353)

    assert differences(before, planned(Harness(), corrected, *period()[1:])) == (
        "1 invoice changed: main-100353.",
        "1 invoice would be exported differently: main-100353.",
    )


def test_more_or_fewer_invoices_are_counted() -> None:
    """Five planned, four published."""
    before = plan_hash(planned(Harness(), *period()))

    assert differences(before, planned(Harness(), *period()[:4]))[0] == "5 invoices before, 4 now."


def test_among_many_invoices_the_changed_ones_are_counted_at_least() -> None:
    """30 invoices have 20 marks: which one it was is not told, that it was one is."""
    many = [invoice(customer=KNOWN, invoice_number=number) for number in range(100301, 100331)]
    other = invoice(line("7.00"), customer=KNOWN, invoice_number=100301)

    told = differences(plan_hash(planned(Harness(), *many)), planned(Harness(), other, *many[1:]))

    assert told == ("At least 1 invoice changed.", "At least 1 invoice would be exported differently.")


def test_what_an_operator_changed_in_the_exports_file_is_named() -> None:
    """``booking.book = false``: no bookings any more."""
    export = EXPORT.model_copy(update={"booking": Booking(book=False)})
    before = plan_hash(planned(Harness(), *period()))

    assert differences(before, planned(Harness(export), *period()))[0] == "booking has changed in the exports file."


@pytest.mark.parametrize(
    "changes",
    [{"limits": Limits(share=0.5)}, {"grant_token": EXPORT.grant_token}, {"agreement": 417001}],
    ids=["limits", "token", "pin"],
)
def test_what_changes_nothing_in_the_books_changes_no_hash(changes: dict[str, object]) -> None:
    """How fast, by which token, and a pin to the same agreement."""
    harness = Harness(EXPORT.model_copy(update=changes))

    assert plan_hash(planned(Harness(), *period())) == plan_hash(planned(harness, *period()))


def test_another_agreement_is_named() -> None:
    """The same invoices into the books of another company."""
    harness = Harness()
    before = plan_hash(planned(Harness(), *period()))
    harness.sandbox.agreement.number = 417002

    assert differences(before, planned(harness, *period()))[0] == "The plan was for another agreement than 417002."


def test_a_customer_that_was_created_meanwhile_is_told() -> None:
    """By hand, with Opter's ledger number: it would be found now."""
    harness = Harness()
    before = plan_hash(planned(harness, *period()))
    harness.sandbox.agreement.customers[7001] = harness.sandbox.agreement.customers[1001] | {"customerNumber": 7001}

    assert differences(before, planned(harness, *period())) == ("2 new or updated customers before, 1 now.",)


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: replace(plan, agreement=1),
        lambda plan: replace(plan, period="main-p882"),
        lambda plan: replace(plan, invoices=plan.invoices[1:]),
        lambda plan: replace(plan, customers=()),
        lambda plan: replace(plan, products=plan.products[:1]),
        lambda plan: replace(plan, ground=plan.ground | {"layout 17": ""}),
        lambda plan: replace(plan, set_up=plan.set_up | {"journal": "7"}),
    ],
)
def test_every_part_of_a_plan_matters(change: Callable[..., object]) -> None:
    """Agreement, period, invoices, creations, set-up on both sides: each changes the hash, and something is told."""
    plan = planned(Harness(), *period())
    other = change(plan)

    assert differences(plan_hash(plan), other) != ()  # type: ignore[arg-type]  # ``replace`` of a plan is a plan


@pytest.mark.parametrize("text", ["", "plan1", "plan1-abc", "plan0-a-1aaa-1aaa-1aaa-1aaa-1aaa-1aaa-1aaa", "x-y"])
def test_a_text_that_is_no_hash_is_refused(text: str) -> None:
    """A cut or mistyped hash never passes for "nothing has changed"."""
    with pytest.raises(NotAHash):
        differences(text, planned(Harness(), *period()))


def test_a_hash_cut_at_its_end_is_refused_or_differs() -> None:
    """However much of it was copied."""
    plan = planned(Harness(), invoice(customer=NEW))
    whole = plan_hash(plan)

    def passes(text: str) -> bool:
        try:
            return differences(text, plan) == ()
        except NotAHash:
            return False

    assert [length for length in range(len(whole) + 1) if passes(whole[:length])] == [len(whole)]


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2 * MOST))
def test_marks_are_read_as_they_are_written(items: dict[str, str]) -> None:
    """Whatever is marked, and nothing has changed when it is the same."""
    written = marks(items)

    assert read_marks(str(written)) == written
    assert changed(written, items) == {}


def test_a_missing_thing_is_marked_as_such() -> None:
    """An empty value is a zero among letters; what comes, goes or changes is told apart."""
    before = marks({"a": "", "b": "x", "c": "x"})

    assert before.each[0] == "0"
    assert changed(before, {"a": "now", "b": "", "c": "x"}) == {"a": "is now there", "b": "is gone"}


def test_amounts_that_e_conomic_would_compute_matter() -> None:
    """The same requests, but another VAT foretold."""
    plan = planned(Harness(), *period())
    first = plan.invoices[0]
    assert first.predicted is not None
    amounts = replace(first.predicted.amounts, vat=Decimal("0.00"))
    other = replace(first, predicted=replace(first.predicted, amounts=amounts))

    assert plan_hash(plan) != plan_hash(replace(plan, invoices=(other, *plan.invoices[1:])))
