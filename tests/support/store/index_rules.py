"""What every store answers about a large period without reading all of it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from support.clock import ManualClock
from support.samples import customer, invoice, line
from support.store import steps
from support.store.steps import FAILURE

from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice
from worker.domain.invoice_search import InvoiceFilter
from worker.domain.period_sums import CurrencySums
from worker.domain.record import Finish, MoveToDeadLetters, Outcome, State, Wait
from worker.domain.store_port import Store

OTHER = replace(FAILURE, reason="busy")
PERIOD = "main-p881"


def new(it: Invoice) -> NewInvoice:
    content = it.content()
    return replace(steps.new_invoice(it.invoice_number), content=content.text, content_hash=content.sha256)


def take_in(store: Store, *invoices: Invoice, event: str = steps.EVENT, number: int = 881) -> None:
    """Register these invoices, and let the check of their period pass them."""
    period = steps.period(number, count=len(invoices))
    store.open_period(period, event)
    store.register(period.id, event, [new(it) for it in invoices])
    store.close_event(period.id, event)
    fence = store.claim_period(period.id)
    assert fence is not None
    read = {record.id: record.content_hash for record in store.received(period.id)}
    store.pass_preflight(period.id, fence, read=read, queued=list(read), lookup=frozenset(), dead={})
    store.finish_preflight(period.id, fence, notice="")


def finish(store: Store, number: int, outcome: Outcome = Outcome.BOOKED, **progress: object) -> None:
    store.save(steps.claim(store, f"main-{number}").with_progress(**progress), Finish(outcome=outcome))


def found(store: Store, wanted: InvoiceFilter, *, start: int = 0, count: int = 100) -> tuple[int, list[int]]:
    """Return how many fit, and the numbers of those asked for."""
    page = store.find(PERIOD, wanted, start=start, count=count)
    return page.total, [record.invoice_number for record in page.records]


class IndexRules:
    """Rules of ``PeriodIndexPort``."""

    def test_amounts_are_added_up_by_what_became_of_them(self, store: Store) -> None:
        """Booked 1250.00 (with 1250.10 in the books), excluded 250.00, by hand 125.00, to go -12.50, and 500 EUR."""
        nets = ("1000.00", "200.00", "100.00", "-10.00")
        more = invoice(line("500.00", rate="0.00"), invoice_number=5, currency="EUR")
        take_in(store, *(invoice(line(net), invoice_number=n) for n, net in enumerate(nets, 1)), more)
        finish(store, 1, booked_amounts=("1000.08", "250.02", "1250.10"), remarks=("cut",), adopted=True)
        finish(store, 2, Outcome.EXCLUDED, remarks=("cut", "late"))
        store.mark_exported("main-3", by="kim", why="entered")
        sums = store.period_sums(PERIOD)

        assert sums.currencies == {
            "DKK": CurrencySums(
                gross=Decimal("1612.50"),  # 1250.00 + 250.00 + 125.00 - 12.50
                net=Decimal("1000.08"),
                vat=Decimal("250.02"),
                done=Decimal("1250.10"),
                difference=Decimal("0.10"),
                left_out=Decimal("250.00"),
                by_hand=Decimal("125.00"),
            ),
            "EUR": CurrencySums(gross=Decimal("500.00")),
        }
        assert sums.states == {State.QUEUED: 2, State.EXPORTED: 3}
        assert sums.outcomes == {Outcome.BOOKED: 1, Outcome.EXCLUDED: 1, Outcome.BY_HAND: 1}
        assert (sums.adopted, sums.remarks) == (1, {"cut": 2, "late": 1})

    def test_what_is_taken_back_is_subtracted(self, store: Store) -> None:
        """Exported again, and marked by hand: neither the booked amount nor the remarks of before count any more."""
        take_in(store, invoice(line("1000.00"), invoice_number=1))
        finish(store, 1, remarks=("cut",), adopted=True)
        before = store.period_sums(PERIOD).currencies["DKK"].done
        store.reexport(["main-1"], by="kim")
        back = store.period_sums(PERIOD)
        after = store.mark_exported("main-1", by="kim", why="entered")

        amounts = back.currencies["DKK"]
        assert (str(before), str(amounts.done), str(amounts.gross)) == ("1250.00", "0.00", "1250.00")
        assert (back.remarks, back.adopted, back.outcomes, after) == ({}, 0, {}, False)

    def test_replaced_content_counts_once(self, store: Store) -> None:
        """100 + 25 % came first, then 300 + 25 % with units on a line; an invoice of two periods counts in both."""
        take_in(store, invoice(line("100.00"), invoice_number=1))
        units = line("300.00", economic_units={"km": "4"})
        take_in(store, invoice(units, invoice_number=1), event="e-2")
        take_in(store, invoice(units, invoice_number=1), event="e-3", number=882)
        finish(store, 1)
        sums = [store.period_sums(f"main-p{number}") for number in (881, 882)]

        assert [it.currencies["DKK"].gross for it in sums] == [Decimal("375.00")] * 2
        assert [it.currencies["DKK"].done for it in sums] == [Decimal("375.00")] * 2
        assert [it.lines_with_units for it in sums] == [1, 1]

    def test_failures_are_counted_by_reason(self, store: Store, clock: ManualClock) -> None:
        """Of the dead and of those that wait; what goes on again no longer counts."""
        take_in(store, *(invoice(invoice_number=number) for number in range(1, 7)))
        for number, failure in enumerate((FAILURE, OTHER, FAILURE), 1):
            store.save(steps.claim(store, f"main-{number}"), MoveToDeadLetters(failure=failure))
        for number in (4, 5):
            wait = Wait(until=clock.now + 5, failure=OTHER, costs_attempt=False)
            store.save(steps.claim(store, f"main-{number}"), wait)
        store.requeue(["main-3"], by="kim")
        sums = store.period_sums(PERIOD)

        assert sums.failed == {FAILURE.reason: 1, OTHER.reason: 1}
        assert sums.waiting == {OTHER.reason: 2}

    def test_invoices_come_by_state_and_number(self, store: Store) -> None:
        """What needs a person comes first, what is done last; pages go on where the one before ended."""
        take_in(store, *(invoice(invoice_number=number) for number in (9, 100, 30, 7)))
        finish(store, 7)
        store.save(steps.claim(store, "main-100"), MoveToDeadLetters(failure=FAILURE))
        steps.claim(store, "main-30")

        assert found(store, InvoiceFilter()) == (4, [100, 30, 9, 7])
        assert found(store, InvoiceFilter(), start=1, count=2) == (4, [30, 9])
        assert found(store, InvoiceFilter(state=State.EXPORTED)) == (1, [7])
        assert found(store, InvoiceFilter(state=State.DEAD, reason=FAILURE.reason)) == (1, [100])
        assert found(store, InvoiceFilter(reason="never-heard-of")) == (0, [])
        assert found(store, InvoiceFilter(), start=4) == (4, [])

    def test_one_reason_runs_over_two_states(self, store: Store, clock: ManualClock) -> None:
        """Those that failed for it, then those that wait for it, also over the end of a page."""
        take_in(store, *(invoice(invoice_number=number) for number in range(1, 6)))
        for number in (2, 4):
            store.save(steps.claim(store, f"main-{number}"), MoveToDeadLetters(failure=OTHER))
        for number in (1, 3):
            wait = Wait(until=clock.now + 5, failure=OTHER, costs_attempt=False)
            store.save(steps.claim(store, f"main-{number}"), wait)

        assert found(store, InvoiceFilter(reason=OTHER.reason)) == (4, [2, 4, 1, 3])
        assert found(store, InvoiceFilter(reason=OTHER.reason), start=1, count=2) == (4, [4, 1])
        assert found(store, InvoiceFilter(reason=OTHER.reason), start=3, count=2) == (4, [3])

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("100353", [100353]),
            ("1003", [100353, 100377]),
            ("MAIN-100", [100353, 100377]),
            ("vognmand ø", [100353]),
            ("k-77", [100377, 200001]),
            ("k-77  østjysk", [100377]),
            ("no such", []),
            ("\t", [100353, 100377, 200001]),
            ("[%a]+", []),
        ],
    )
    def test_invoices_are_found_by_number_and_customer(self, store: Store, text: str, numbers: list[int]) -> None:
        """By any part of id, code or name, whatever the case."""
        names = {100353: ("K-7", "VOGNMAND ØST"), 100377: ("K-77", "Østjysk\tFragt"), 200001: ("K-77", "Ny ApS")}
        take_in(
            store,
            *(
                invoice(invoice_number=number, customer=customer(code=code, name=name))
                for number, (code, name) in names.items()
            ),
        )

        assert found(store, InvoiceFilter(text=text)) == (len(numbers), numbers)

    def test_text_and_state_narrow_each_other(self, store: Store) -> None:
        """Of the two of this customer, one failed."""
        take_in(store, *(invoice(invoice_number=number) for number in (1, 2, 3)))
        store.save(steps.claim(store, "main-2"), MoveToDeadLetters(failure=FAILURE))

        assert found(store, InvoiceFilter(state=State.DEAD, text="acme")) == (1, [2])
        assert found(store, InvoiceFilter(reason=FAILURE.reason, text="acme")) == (1, [2])
        assert found(store, InvoiceFilter(reason="never-heard-of", text="acme")) == (0, [])
        assert found(store, InvoiceFilter(text="acme"), start=1, count=1) == (3, [2])

    def test_an_invoice_is_found_under_its_new_name(self, store: Store) -> None:
        """And listed once when its old line and its new one both fit."""
        for event, name in (("e-1", "Acme A/S"), ("e-2", "Acme Fragt A/S")):
            take_in(store, invoice(invoice_number=1, customer=customer(name=name)), event=event)

        assert found(store, InvoiceFilter(text="fragt")) == (1, [1])
        assert found(store, InvoiceFilter(text="acme")) == (1, [1])

    def test_an_unknown_period_is_empty(self, store: Store) -> None:
        """Nothing is made up."""
        assert (store.period_sums("main-p9").states, found(store, InvoiceFilter())) == ({}, (0, []))
        assert list(store.gap_numbers("main-p9")) == []

    def test_numbers_between_those_that_came(self, store: Store) -> None:
        """Whatever became of them."""
        take_in(store, *(invoice(invoice_number=number) for number in (1, 2, 5, 7)))
        finish(store, 7)

        assert list(store.gap_numbers(PERIOD)) == [("main", 3, 4), ("main", 6, 6)]

    def test_a_number_of_another_period_is_not_missing(self, store: Store) -> None:
        """5 came elsewhere, so 3-4 and 6 are missing; of a gap as wide as another series, nothing is looked for."""
        take_in(store, *(invoice(invoice_number=number) for number in (1, 2, 7, 9000)))
        take_in(store, invoice(invoice_number=5), invoice(invoice_number=30), event="e-2", number=882)

        assert list(store.gap_numbers(PERIOD)) == [("main", 3, 4), ("main", 6, 6), ("main", 8, 8999)]
