"""What every ledger keeps when events are taken in."""

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.steps import EVENT, FAILURE

from worker.domain.record import Bury, Continue, Finish, Intent, InvoiceRecord, Outcome, Progress, State, Wait
from worker.domain.store_port import Ledger
from worker.errors import LedgerDown

INTENT = Intent(step="draft", method="POST", path="/invoices/drafts", body='{"a":1}', key="k-1", at=1.5)


class IntakeRules:
    """Rules of ``IntakePort``."""

    def test_an_invoice_comes_in_as_received(self, ledger: Ledger, clock: ManualClock) -> None:
        """A registered invoice holds its content, byte for byte, and belongs to its period."""
        whole = steps.take_in(ledger, 100353)

        expected = InvoiceRecord(
            id="main-100353",
            export="main",
            periods=(whole.id,),
            invoice_number=100353,
            invoice_type="invoice",
            region=None,
            content='{"text":"one æøå"}',
            content_hash="one",
            state=State.RECEIVED,
            received_at=clock.now,
            updated_at=clock.now,
        )
        assert expected == steps.stored(ledger, "main-100353")
        assert [("received", whole.id)] == steps.events(ledger, "main-100353")

    def test_a_period_tells_what_its_event_said(self, ledger: Ledger, clock: ManualClock) -> None:
        """Name, totals and number of the event are kept to the øre, with the counts beside them."""
        whole = steps.take_in(ledger, 1, 2)

        found = ledger.period(whole.id)
        assert found is not None
        assert (whole.name, whole.control_totals, 2) == (found.name, found.control_totals, found.invoice_count)
        assert ((EVENT,), "registered", {"received": 2}, clock.now) == (
            found.events,
            found.state,
            steps.counts(ledger, whole.id),
            found.received_at,
        )

    def test_an_event_is_known_once_closed(self, ledger: Ledger) -> None:
        """An event counts as taken in only when its last chunk is."""
        whole = steps.period()
        ledger.open_period(whole, EVENT)
        before = ledger.event_known(EVENT)
        ledger.close_event(whole.id, EVENT)

        assert (before, ledger.event_known(EVENT)) == (False, True)

    def test_the_same_content_again_is_nothing_new(self, ledger: Ledger) -> None:
        """A chunk repeated leaves the same ledger."""
        whole = steps.period()
        ledger.open_period(whole, EVENT)
        first = ledger.register(whole.id, EVENT, [steps.new_invoice(1)])
        again = ledger.register(whole.id, EVENT, [steps.new_invoice(1), steps.new_invoice(2)])

        assert (
            (first.added, first.known),
            (again.added, again.known),
        ) == ((("main-1",), ()), (("main-2",), ("main-1",)))
        assert steps.counts(ledger, whole.id) == {"received": 2}
        assert [("received", whole.id)] == steps.events(ledger, "main-1")

    def test_the_same_invoice_in_another_period_belongs_to_both(self, ledger: Ledger) -> None:
        """Counts of both periods follow it."""
        first = steps.take_in(ledger, 1, period_number=881)
        second = steps.take_in(ledger, 1, period_number=882, event="e-2")
        steps.check(ledger, second.id)

        assert (first.id, second.id) == steps.stored(ledger, "main-1").periods
        assert [steps.counts(ledger, one) for one in (first.id, second.id)] == [{"queued": 1}] * 2
        assert ("joined", second.id) in steps.events(ledger, "main-1")

    def test_other_content_replaces_what_was_never_sent(self, ledger: Ledger) -> None:
        """Other content is checked anew, and never travels under a key of the old one: the generation rises."""
        [invoice_id] = steps.queue(ledger, 1)
        record = steps.claim(ledger, invoice_id).with_progress(customer_number=7, remarks=("cut",))
        ledger.save(record, Bury(failure=FAILURE))
        ledger.open_period(steps.period(), "e-2")
        done = ledger.register("main-p881", "e-2", [steps.new_invoice(1, content="two")])

        found = steps.stored(ledger, invoice_id)
        assert (("main-1",), State.RECEIVED, "two", Progress(generation=1), None) == (
            done.replaced,
            found.state,
            found.content_hash,
            found.progress,
            found.failure,
        )
        assert steps.counts(ledger, "main-p881") == {"received": 1}

    @pytest.mark.parametrize(
        ("progress", "end"),
        [
            ({"intent": INTENT}, Wait(until=9e9, failure=FAILURE, costs_attempt=True)),
            ({"look": True}, Bury(failure=FAILURE)),
            ({"draft_number": 5}, Bury(failure=FAILURE)),
            ({"voucher": "2026-1"}, Bury(failure=FAILURE)),
            ({"booked_number": 100353}, Finish(outcome=Outcome.BOOKED)),
            ({}, Finish(outcome=Outcome.BOOKED)),
            ({}, Continue(event="customer")),
        ],
    )
    def test_other_content_of_a_sent_invoice_is_a_conflict(
        self, ledger: Ledger, clock: ManualClock, progress: dict[str, object], end: Bury | Continue | Finish | Wait
    ) -> None:
        """What is, or may be, in e-conomic keeps its content; the other content is shown to a person, once."""
        [invoice_id] = steps.queue(ledger, 1)
        ledger.save(steps.claim(ledger, invoice_id).with_progress(**progress), end)
        before = steps.stored(ledger, invoice_id)
        ledger.open_period(steps.period(), "e-2")
        done = [ledger.register("main-p881", "e-2", [steps.new_invoice(1, content="two")]) for _ in "ab"]

        found = ledger.period("main-p881")
        assert found is not None
        assert [one.conflicts for one in done] == [("main-1",)] * 2
        assert before == steps.stored(ledger, invoice_id)
        assert [("main-1", "e-2", '{"text":"two æøå"}', clock.now)] == [
            (one.invoice_id, one.event_key, one.content, one.at) for one in found.conflicts
        ]

    def test_the_event_with_most_invoices_describes_the_period(self, ledger: Ledger) -> None:
        """A single invoice exported afterwards does not make a period of 200 one of 1, whichever came first."""
        for count, event in ((1, "single"), (200, "closed"), (1, "another")):
            ledger.open_period(steps.period(count=count), event)

        found = ledger.period("main-p881")
        assert found is not None
        assert (found.invoice_count, found.events) == (200, ("single", "closed", "another"))

    def test_an_event_whose_period_vanished_is_read_again(self, ledger: Ledger) -> None:
        """When Redis lost the period meanwhile, the event must not be acknowledged."""
        with pytest.raises(LedgerDown, match="no longer in the ledger"):
            ledger.register("main-p1", EVENT, [steps.new_invoice(1)])
        with pytest.raises(LedgerDown, match="no longer in the ledger"):
            ledger.close_event("main-p1", EVENT)

    def test_a_second_consumer_of_one_event_leaves_no_period_open(self, ledger: Ledger) -> None:
        """Opened again after it was closed, the period still ends as registered."""
        whole = steps.take_in(ledger, 1)
        ledger.open_period(whole, EVENT)
        ledger.close_event(whole.id, EVENT)

        assert steps.state_of_period(ledger, whole.id) == "registered"
        assert [(whole.id, "main")] == list(ledger.periods_due())
