"""What every store keeps while one invoice is exported."""

import threading
from dataclasses import replace

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.intake_rules import INTENT
from support.store.steps import FAILURE

from worker.domain.action_log import Act, LogFilter
from worker.domain.record import (
    Continue,
    Finish,
    InvoiceRecord,
    MoveToDeadLetters,
    Outcome,
    Progress,
    ReturnToQueue,
    State,
    Transition,
    Wait,
    task_of,
)
from worker.domain.store_port import Store, Unclaimed
from worker.errors import LeaseLost
from worker.store.connection import StorePolicy

FULL = Progress(
    customer_number=1001,
    generation=2,
    intent=INTENT,
    lookup=True,
    not_found_since=1_800_000_000.123456,
    draft_number=5,
    booked_number=100353,
    voucher="2025/2026a-7",
    journal=3,
    attached=True,
    adopted=True,
    remarks=("due date 2026-12-20, terms give 2026-12-31", "æøå"),
    pending_failure=FAILURE,
)


class ClaimRules:
    """Rules of ``claim``."""

    def test_a_claim_takes_the_lease(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """The record comes back claimed, fence raised, for the length of a lease."""
        [invoice_id] = steps.queue(store, 1)
        record = steps.claim(store, invoice_id)

        assert (State.EXPORTING, 1, clock.now + policy.lease_seconds) == (
            record.state,
            record.fence,
            record.lease_until,
        )
        assert record == steps.stored(store, invoice_id)
        assert steps.events(store, invoice_id)[-1] == ("claimed", "fence 1")
        assert steps.counts(store, "main-p881") == {"exporting": 1}

    def test_the_history_names_the_task_that_took_it(self, store: Store) -> None:
        """The last one leads to Flower, whatever came before and after."""
        [invoice_id] = steps.queue(store, 1)
        first = store.claim(invoice_id, f"{invoice_id}.0000aaaa")
        assert isinstance(first, InvoiceRecord)
        store.give_back(invoice_id, first.fence)
        assert steps.events(store, invoice_id)[-2] == ("claimed", f"fence 1, task {invoice_id}.0000aaaa")
        second = store.claim(invoice_id, f"{invoice_id}.0000bbbb")
        assert isinstance(second, InvoiceRecord)
        store.save(second, MoveToDeadLetters(failure=FAILURE))
        kept = store.invoice(invoice_id)
        assert kept
        assert task_of(kept.history) == f"{invoice_id}.0000bbbb"

    def test_times_are_kept_to_the_microsecond(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """The same number comes back that went in."""
        clock.now = 1_800_000_000.123457
        [invoice_id] = steps.queue(store, 1)
        record = steps.claim(store, invoice_id)

        assert (clock.now, clock.now, clock.now + policy.lease_seconds) == (
            record.received_at,
            record.updated_at,
            record.lease_until,
        )

    def test_a_message_doubled_is_refused(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Claimed is claimed, even past the end of the lease: only the sweep takes it away."""
        [invoice_id] = steps.queue(store, 1)
        steps.claim(store, invoice_id)
        clock.advance(policy.lease_seconds + 1)

        assert Unclaimed(why="exporting") == store.claim(invoice_id)

    def test_only_the_queued_can_be_claimed(self, store: Store) -> None:
        """A late message for anything else says what state it met."""
        steps.take_in(store, 1)
        refused = [store.claim("main-1"), store.claim("main-9")]

        assert [Unclaimed(why="received"), Unclaimed(why="unknown")] == refused

    def test_a_paused_export_refuses(self, store: Store) -> None:
        """The invoice stays queued without a message, and is called for as soon as the export is resumed."""
        [invoice_id] = steps.queue(store, 1)
        store.published([invoice_id])
        store.pause("main", FAILURE)
        refused = store.claim(invoice_id)

        record = steps.stored(store, invoice_id)
        store.resume("main")

        assert (Unclaimed(why="paused"), State.QUEUED, 0.0) == (refused, record.state, record.published_at)
        assert [invoice_id] == [due.invoice_id for due in store.sweep(idle_exports=frozenset())]

    def test_a_pause_is_lifted_when_it_was_ordered(self, store: Store, clock: ManualClock) -> None:
        """By the first sweep after that, once, in the name of who ordered it; without a pause nothing is ordered."""
        [invoice_id] = steps.queue(store, 1)
        assert not store.resume_later("main", by="kim", why="new token", after=10.0)
        store.pause("main", FAILURE)
        store.claim(invoice_id)
        assert store.resume_later("main", by="kim", why="new token", after=10.0)
        clock.advance(9.0)
        assert store.sweep(idle_exports=frozenset()) == []
        assert "main" in store.paused()
        clock.advance(2.0)
        assert [invoice_id] == [due.invoice_id for due in store.sweep(idle_exports=frozenset())]
        assert "main" not in store.paused()
        assert [(it.what, it.who, it.why) for it in store.actions(LogFilter())] == [(Act.RESUME, "kim", "new token")]

    def test_an_order_to_resume_is_for_the_pause_of_then(self, store: Store, clock: ManualClock) -> None:
        """Lifted by hand meanwhile, a later pause stays; an export that had no invoice yet is resumed as well."""
        for export in ("main", "new"):
            store.pause(export, FAILURE)
            store.resume_later(export, by="kim", why="new token", after=10.0)
        store.resume("main")
        store.pause("main", FAILURE)
        clock.advance(11.0)
        store.sweep(idle_exports=frozenset())
        assert store.paused().keys() == {"main"}

    def test_a_person_who_pauses_is_not_overruled_by_an_older_order(self, store: Store, clock: ManualClock) -> None:
        """Also where it was paused already: it stays so until somebody resumes it."""
        store.pause("main", FAILURE)
        store.resume_later("main", by="kim", why="new token", after=10.0)
        store.pause("main", FAILURE, by="Birthe", why="closing the books")
        clock.advance(11.0)
        store.sweep(idle_exports=frozenset())

        assert "main" in store.paused()

    def test_states_of_others_are_told(self, store: Store) -> None:
        """What an invoice waits for may be anywhere, or not in the store at all."""
        steps.queue(store, 1, 2)
        steps.claim(store, "main-2")

        assert store.states(["main-1", "main-9", "main-2"]) == {"main-1": State.QUEUED, "main-2": State.EXPORTING}
        assert store.states([]) == {}

    def test_of_many_claims_at_once_one_wins(self, store: Store) -> None:
        """Eight threads, 20 invoices: each invoice has exactly one holder."""
        invoice_ids = steps.queue(store, *range(1, 21))
        won: list[str] = []

        def claim_all() -> None:
            won.extend(key for key in invoice_ids if isinstance(store.claim(key), InvoiceRecord))

        threads = [threading.Thread(target=claim_all) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(invoice_ids) == sorted(won)


class ClaimOthersRules:
    """Rules of ``claim_others``."""

    def test_those_that_wait_longest_are_taken(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Each with a lease of its own, as if its own message had come."""
        ids = steps.queue(store, 1, 2, 3, 4)
        for invoice_id in ids:
            clock.advance(1)
            store.published([invoice_id])
        steps.claim(store, ids[0])
        taken = store.claim_others("main", "invoice", 2)

        assert [record.id for record in taken] == ["main-2", "main-3"]
        assert [record.lease_until for record in taken] == [clock.now + policy.lease_seconds] * 2
        assert [steps.stored(store, record.id) for record in taken] == list(taken)
        assert steps.counts(store, "main-p881") == {"exporting": 3, "queued": 1}
        saved = store.save(taken[0], steps.GOING_ON)
        assert saved.state is State.EXPORTING

    def test_others_are_left(self, store: Store) -> None:
        """Of another export, of another type, or claimed already."""
        steps.queue(store, 1)
        steps.queue(store, 2, export="other", period_number=882)
        steps.claim(store, "main-1")

        assert list(store.claim_others("main", "invoice", 5)) == []
        assert list(store.claim_others("other", "correction", 5)) == []
        assert [record.id for record in store.claim_others("other", "invoice", 5)] == ["other-2"]

    def test_what_may_be_there_already_is_left(self, store: Store) -> None:
        """It is looked up by its own execution."""
        [first, second] = steps.queue(store, 1, 2)
        record = store.save(steps.claim(store, first).with_progress(intent=INTENT), steps.GOING_ON)
        store.give_back(record.id, record.fence)

        assert [record.id for record in store.claim_others("main", "invoice", 5)] == [second]

    def test_one_whose_worker_died_is_left(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """If it is what kills workers, it takes no others along."""
        [first, second] = steps.queue(store, 1, 2)
        steps.claim(store, first)
        clock.advance(policy.lease_seconds + 1)
        store.sweep(idle_exports=frozenset())

        assert [record.id for record in store.claim_others("main", "invoice", 5)] == [second]

    def test_nothing_of_a_paused_export_is_taken(self, store: Store) -> None:
        """As with a single claim."""
        steps.queue(store, 1, 2)
        store.pause("main", FAILURE)

        assert list(store.claim_others("main", "invoice", 5)) == []

    def test_no_message_counts_as_overtaken(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Those before them are still on the queue: nothing is sent again."""
        ids = steps.queue(store, 1, 2, 3)
        store.published(ids[:1])
        clock.advance(policy.overtaken_by + policy.lost_after + 1)
        store.published(ids[1:])
        steps.claim(store, ids[0])
        store.claim_others("main", "invoice", 1)

        assert list(store.sweep(idle_exports=frozenset())) == []


class SaveRules:
    """Rules of ``save``."""

    def test_progress_is_kept_to_the_last_field(self, store: Store) -> None:
        """What a worker saves is what the next one reads."""
        [invoice_id] = steps.queue(store, 1)
        record = replace(steps.claim(store, invoice_id), progress=FULL)
        saved = store.save(record, Continue(event="drafted", detail="draft 5"))

        assert steps.stored(store, invoice_id).progress == FULL
        assert saved == steps.stored(store, invoice_id)
        assert steps.events(store, invoice_id)[-1] == ("drafted", "draft 5")

    def test_continue_extends_the_lease(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Counted from the save, with the same fence."""
        [invoice_id] = steps.queue(store, 1)
        record = steps.claim(store, invoice_id)
        clock.advance(10)
        saved = store.save(record, Continue(event="drafted"))

        assert (clock.now + policy.lease_seconds, record.fence) == (saved.lease_until, saved.fence)

    def test_a_renewal_extends_the_lease_and_nothing_else(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """Counted from the renewal; neither progress nor history tells of it, and the sweep leaves it alone."""
        [invoice_id] = steps.queue(store, 1)
        record = steps.claim(store, invoice_id)
        before = steps.events(store, invoice_id)
        clock.advance(policy.lease_seconds - 1)
        store.renew(invoice_id, record.fence)
        till = clock.now + policy.lease_seconds
        clock.advance(policy.lease_seconds - 1)

        assert store.sweep(idle_exports=frozenset()) == []
        assert steps.events(store, invoice_id) == before
        assert steps.stored(store, invoice_id) == replace(
            record, lease_until=till, updated_at=till - policy.lease_seconds
        )

    def test_a_stale_holder_renews_nothing(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Neither when it was taken away nor when another has it: that one's lease runs out in its own time."""
        [invoice_id] = steps.queue(store, 1)
        stale = steps.claim(store, invoice_id)
        clock.advance(policy.lease_seconds)
        store.sweep(idle_exports=frozenset())
        with pytest.raises(LeaseLost):
            store.renew(invoice_id, stale.fence)
        taken = steps.claim(store, invoice_id)
        clock.advance(1)
        with pytest.raises(LeaseLost):
            store.renew(invoice_id, stale.fence)

        assert steps.stored(store, invoice_id) == taken

    @pytest.mark.parametrize(
        ("transition", "state", "outcome", "failure", "attempts", "due_at", "event"),
        [
            (Finish(outcome=Outcome.BOOKED, detail="5"), State.EXPORTED, Outcome.BOOKED, None, 0, 0, ("booked", "5")),
            (
                Wait(until=2e9, failure=FAILURE, costs_attempt=True),
                State.WAITING,
                None,
                FAILURE,
                1,
                2e9,
                ("retry", FAILURE.reason),
            ),
            (
                Wait(until=2e9, failure=FAILURE, costs_attempt=False),
                State.WAITING,
                None,
                FAILURE,
                0,
                2e9,
                ("retry", FAILURE.reason),
            ),
            (MoveToDeadLetters(failure=FAILURE), State.DEAD, None, FAILURE, 0, 0, ("dead", FAILURE.reason)),
            (ReturnToQueue(), State.QUEUED, None, None, 0, 0, ("paused", "")),
        ],
    )
    def test_a_outcome_releases_the_lease(  # noqa: PLR0913, PLR0917  # one column of the table each
        self,
        store: Store,
        transition: Transition,
        state: State,
        outcome: Outcome | None,
        failure: object,
        attempts: int,
        due_at: float,
        event: tuple[str, str],
    ) -> None:
        """Every outcome moves record, counts and history together."""
        [invoice_id] = steps.queue(store, 1)
        saved = store.save(steps.claim(store, invoice_id), transition)

        assert (state, outcome, failure, attempts, due_at, 0.0) == (
            saved.state,
            saved.outcome,
            saved.failure,
            saved.attempts,
            saved.due_at,
            saved.lease_until,
        )
        assert saved == steps.stored(store, invoice_id)
        assert event == steps.events(store, invoice_id)[-1]
        assert {state.value: 1} == steps.counts(store, "main-p881")

    def test_a_failure_stays_until_the_next_outcome(self, store: Store, clock: ManualClock) -> None:
        """A retried invoice shows why it waited until it is exported, which clears it."""
        [invoice_id] = steps.queue(store, 1)
        store.save(steps.claim(store, invoice_id), Wait(until=clock.now, failure=FAILURE, costs_attempt=True))
        store.sweep(idle_exports=frozenset())
        again = steps.claim(store, invoice_id)
        going = store.save(again, Continue(event="drafted"))
        done = store.save(going, Finish(outcome=Outcome.BOOKED))

        assert [record.failure for record in (again, going, done)] == [FAILURE, FAILURE, None]
        assert done.attempts == 1

    def test_a_long_history_is_kept_whole(self, store: Store) -> None:
        """A hundred entries in their order, whatever characters their details hold."""
        [invoice_id] = steps.queue(store, 1)
        record = steps.claim(store, invoice_id)
        before = steps.events(store, invoice_id)
        details = [f"draft {number}: æøå\n\u2028\x85 ]," for number in range(100)]
        for detail in details:
            record = store.save(record, Continue(event="drafted", detail=detail))

        assert steps.events(store, invoice_id) == [*before, *(("drafted", detail) for detail in details)]

    def test_a_late_save_counts_while_nobody_took_over(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """The lease's time is when others may take over, not when the work becomes worthless."""
        [invoice_id] = steps.queue(store, 1)
        record = steps.claim(store, invoice_id)
        clock.advance(policy.lease_seconds * 3)

        assert store.save(record, Finish(outcome=Outcome.BOOKED)).state == State.EXPORTED

    def test_a_stale_holder_writes_nothing(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """After the sweep, and after another's claim, the first holder's saves are refused."""
        [invoice_id] = steps.queue(store, 1)
        stale = steps.claim(store, invoice_id).with_progress(draft_number=5)
        clock.advance(policy.lease_seconds)
        store.sweep(idle_exports=frozenset())
        before = steps.stored(store, invoice_id)
        with pytest.raises(LeaseLost):
            store.save(stale, Continue(event="drafted"))
        unchanged = steps.stored(store, invoice_id)
        taken = steps.claim(store, invoice_id)
        with pytest.raises(LeaseLost):
            store.save(stale, Finish(outcome=Outcome.BOOKED))

        assert (before, taken, 2) == (unchanged, steps.stored(store, invoice_id), taken.fence)

    def test_a_outcome_is_given_once(self, store: Store) -> None:
        """A save after the lease was released is refused, and so is one of an unknown invoice."""
        [invoice_id] = steps.queue(store, 1)
        record = steps.claim(store, invoice_id)
        store.save(record, MoveToDeadLetters(failure=FAILURE))

        with pytest.raises(LeaseLost):
            store.save(record, Finish(outcome=Outcome.BOOKED))
        with pytest.raises(LeaseLost):
            store.save(replace(record, id="main-9"), Finish(outcome=Outcome.BOOKED))
