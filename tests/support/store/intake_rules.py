"""What every store keeps when events are taken in."""

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.steps import EVENT, FAILURE

from worker.domain.record import (
    Continue,
    Finish,
    Intent,
    InvoiceRecord,
    MoveToDeadLetters,
    Outcome,
    Progress,
    State,
    Wait,
)
from worker.domain.store_port import Store
from worker.errors import StoreUnavailable

INTENT = Intent(step="draft", method="POST", path="/invoices/drafts", body='{"a":1}', key="k-1", at=1.5)


class IntakeRules:
    """Rules of ``IntakePort``."""

    def test_an_invoice_comes_in_as_received(self, store: Store, clock: ManualClock) -> None:
        """A registered invoice holds its content, byte for byte, and belongs to its period."""
        whole = steps.take_in(store, 100353)

        expected = InvoiceRecord(
            id="main-100353",
            export="main",
            periods=(whole.id,),
            invoice_number=100353,
            invoice_type="invoice",
            region=None,
            content=steps.content_of("one"),
            content_hash="one",
            state=State.RECEIVED,
            received_at=clock.now,
            updated_at=clock.now,
        )
        assert expected == steps.stored(store, "main-100353")
        assert [("received", whole.id)] == steps.events(store, "main-100353")

    def test_the_event_that_opened_a_period_stays_its_first(self, store: Store) -> None:
        """However often it is opened again, and whatever came meanwhile."""
        opened = [store.open_period(steps.period(), event) for event in ("e-1", "e-2", "e-1", "e-2")]

        assert opened == [True, False, True, False]

    def test_a_period_tells_what_its_event_said(self, store: Store, clock: ManualClock) -> None:
        """Name, totals and number of the event are kept to the øre, with the counts beside them."""
        whole = steps.take_in(store, 1, 2)

        period = store.period(whole.id)
        assert period is not None
        assert (whole.name, whole.control_totals, 2) == (period.name, period.control_totals, period.invoice_count)
        assert ((EVENT,), "registered", {"received": 2}, clock.now) == (
            period.events,
            period.state,
            steps.counts(store, whole.id),
            period.received_at,
        )

    def test_an_event_is_known_once_closed(self, store: Store) -> None:
        """An event counts as taken in only when its last chunk is."""
        whole = steps.period()
        store.open_period(whole, EVENT)
        before = store.event_known(EVENT)
        store.close_event(whole.id, EVENT)

        assert (before, store.event_known(EVENT)) == (False, True)

    def test_the_same_content_again_is_nothing_new(self, store: Store) -> None:
        """A chunk repeated leaves the same records."""
        whole = steps.period()
        store.open_period(whole, EVENT)
        first = store.register(whole.id, EVENT, [steps.new_invoice(1)])
        again = store.register(whole.id, EVENT, [steps.new_invoice(1), steps.new_invoice(2)])

        assert (
            (first.added, first.known),
            (again.added, again.known),
        ) == ((("main-1",), ()), (("main-2",), ("main-1",)))
        assert steps.counts(store, whole.id) == {"received": 2}
        assert [("received", whole.id)] == steps.events(store, "main-1")

    def test_the_same_invoice_in_another_period_belongs_to_both(self, store: Store) -> None:
        """Counts of both periods follow it."""
        first = steps.take_in(store, 1, period_number=881)
        second = steps.take_in(store, 1, period_number=882, event="e-2")
        steps.check(store, second.id)

        assert (first.id, second.id) == steps.stored(store, "main-1").periods
        assert [steps.counts(store, key) for key in (first.id, second.id)] == [{"queued": 1}] * 2
        assert ("joined", second.id) in steps.events(store, "main-1")

    def test_other_content_replaces_what_was_never_sent(self, store: Store) -> None:
        """Other content is checked anew, and never travels under a key of the old one: the generation rises."""
        [invoice_id] = steps.queue(store, 1)
        record = steps.claim(store, invoice_id).with_progress(customer_number=7, remarks=("cut",))
        store.save(record, MoveToDeadLetters(failure=FAILURE))
        store.open_period(steps.period(), "e-2")
        done = store.register("main-p881", "e-2", [steps.new_invoice(1, content="two")])

        record = steps.stored(store, invoice_id)
        assert (("main-1",), State.RECEIVED, "two", Progress(generation=1), None) == (
            done.replaced,
            record.state,
            record.content_hash,
            record.progress,
            record.failure,
        )
        assert steps.counts(store, "main-p881") == {"received": 1}

    @pytest.mark.parametrize(
        ("progress", "end"),
        [
            ({"intent": INTENT}, Wait(until=9e9, failure=FAILURE, costs_attempt=True)),
            ({"lookup": True}, MoveToDeadLetters(failure=FAILURE)),
            ({"draft_number": 5}, MoveToDeadLetters(failure=FAILURE)),
            ({"voucher": "2026-1"}, MoveToDeadLetters(failure=FAILURE)),
            ({"booked_number": 100353}, Finish(outcome=Outcome.BOOKED)),
            ({}, Finish(outcome=Outcome.BOOKED)),
            ({}, Continue(event="customer")),
        ],
    )
    def test_other_content_of_a_sent_invoice_is_a_conflict(
        self,
        store: Store,
        clock: ManualClock,
        progress: dict[str, object],
        end: MoveToDeadLetters | Continue | Finish | Wait,
    ) -> None:
        """What is, or may be, in e-conomic keeps its content; the other content is shown to a person, once."""
        [invoice_id] = steps.queue(store, 1)
        store.save(steps.claim(store, invoice_id).with_progress(**progress), end)
        before = steps.stored(store, invoice_id)
        store.open_period(steps.period(), "e-2")
        done = [store.register("main-p881", "e-2", [steps.new_invoice(1, content="two")]) for _ in "ab"]

        period = store.period("main-p881")
        assert period is not None
        assert [registered.conflicts for registered in done] == [("main-1",)] * 2
        assert before == steps.stored(store, invoice_id)
        assert [("main-1", "e-2", steps.content_of("two"), clock.now)] == [
            (conflict.invoice_id, conflict.event_key, conflict.content, conflict.at) for conflict in period.conflicts
        ]

    def test_the_event_with_most_invoices_describes_the_period(self, store: Store) -> None:
        """A single invoice exported afterwards does not make a period of 200 one of 1, whichever came first."""
        for count, event in ((1, "single"), (200, "closed"), (1, "another")):
            store.open_period(steps.period(count=count), event)

        period = store.period("main-p881")
        assert period is not None
        assert (period.invoice_count, period.events) == (200, ("single", "closed", "another"))

    def test_an_event_whose_period_vanished_is_read_again(self, store: Store) -> None:
        """When Redis lost the period meanwhile, the event must not be acknowledged."""
        with pytest.raises(StoreUnavailable, match="no longer in the store"):
            store.register("main-p1", EVENT, [steps.new_invoice(1)])
        with pytest.raises(StoreUnavailable, match="no longer in the store"):
            store.close_event("main-p1", EVENT)

    def test_a_second_consumer_of_one_event_leaves_no_period_open(self, store: Store) -> None:
        """Opened again after it was closed, the period still ends as registered."""
        whole = steps.take_in(store, 1)
        store.open_period(whole, EVENT)
        store.close_event(whole.id, EVENT)

        assert steps.state_of_period(store, whole.id) == "registered"
        assert [(whole.id, "main")] == list(store.periods_due())
