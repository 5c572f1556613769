"""What every store keeps when a person looks and acts."""

from dataclasses import replace
from typing import Any

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.intake_rules import INTENT
from support.store.steps import FAILURE

from worker.domain.record import Finish, HistoryEntry, MoveToDeadLetters, Outcome, State, Wait
from worker.domain.store_port import Store, Unclaimed


class OperatorRules:
    """Rules of ``OperatorPort``."""

    def test_the_history_is_whole(self, store: Store, clock: ManualClock) -> None:
        """Every transition with its time, oldest first, through death and return."""
        start = clock.now
        steps.dead_letter(store, 1)
        clock.advance(1.25)
        store.requeue(["main-1"], by="kim")
        steps.check(store, "main-p881")
        store.save(steps.claim(store, "main-1"), Finish(outcome=Outcome.BOOKED, detail="100353"))

        record = store.invoice("main-1")
        assert record is not None
        assert (
            HistoryEntry(at=start, event="received", detail="main-p881"),
            HistoryEntry(at=start, event="dead", detail="product-group-missing"),
            HistoryEntry(at=start + 1.25, event="requeued", detail="kim"),
            HistoryEntry(at=start + 1.25, event="queued", detail="main-p881"),
            HistoryEntry(at=start + 1.25, event="claimed", detail="fence 1"),
            HistoryEntry(at=start + 1.25, event="booked", detail="100353"),
        ) == record.history

    def test_what_is_unknown_is_none(self, store: Store) -> None:
        """Neither invoice nor period is made up."""
        assert (
            store.invoice("main-9"),
            store.period("main-p9"),
            list(store.periods()),
            list(store.invoices("main-p9", None)),
        ) == (None, None, [], [])

    def test_periods_come_newest_first(self, store: Store, clock: ManualClock) -> None:
        """By when they came in."""
        for number in (881, 883, 882):
            steps.take_in(store, number, period_number=number)
            clock.advance(1)

        assert [period.id for period in store.periods()] == ["main-p882", "main-p883", "main-p881"]

    def test_invoices_are_listed_by_period_and_state(self, store: Store, clock: ManualClock) -> None:
        """One that is in two periods is listed once among all; dead letters by when they died."""
        steps.queue(store, 1, 2, 3)
        for number in (2, 1):
            store.save(steps.claim(store, f"main-{number}"), MoveToDeadLetters(failure=FAILURE))
            clock.advance(1)
        steps.take_in(store, 3, 4, period_number=882, event="e-2")

        def listed(period_id: str | None, state: State | None) -> list[str]:
            return [record.id for record in store.invoices(period_id, state)]

        assert listed("main-p881", None) == ["main-1", "main-2", "main-3"]
        assert listed("main-p881", State.DEAD) == ["main-1", "main-2"]
        assert listed(None, State.DEAD) == ["main-2", "main-1"]
        assert listed(None, None) == ["main-3", "main-4", "main-1", "main-2"]
        assert listed(None, State.QUEUED) == ["main-3"]
        assert [steps.stored(store, "main-3")] == list(store.invoices(None, State.QUEUED))

    def test_requeued_dead_letters_are_checked_again(self, store: Store) -> None:
        """Only the dead move; attempts and crashes begin anew, progress is kept, the period is due."""
        [first, second] = steps.queue(store, 1, 2)
        dead_lettered = store.save(
            steps.claim(store, first).with_progress(draft_number=5, generation=1), MoveToDeadLetters(failure=FAILURE)
        )
        moved = store.requeue([first, second, "main-9"], by="kim")

        record = steps.stored(store, first)
        assert [first] == list(moved)
        assert (State.RECEIVED, 0, 0, None, dead_lettered.progress, dead_lettered.fence) == (
            record.state,
            record.attempts,
            record.crashes,
            record.failure,
            record.progress,
            record.fence,
        )
        assert steps.counts(store, "main-p881") == {"received": 1, "queued": 1}
        assert steps.state_of_period(store, "main-p881") == "registered"
        assert [first] == steps.check(store, "main-p881")

    def test_requeueing_during_a_preflight_brings_another(self, store: Store) -> None:
        """What moved behind the preflight's back is not forgotten when it ends."""
        [first] = steps.dead_letter(store, 1)
        steps.take_in(store, 2, event="e-2")
        fence = store.claim_period("main-p881")
        assert fence is not None
        store.requeue([first], by="kim")
        store.finish_preflight("main-p881", fence, notice="")

        assert list(store.periods_due()) == [("main-p881", "main")]

    def test_requeueing_while_an_event_is_written_waits_for_it(self, store: Store) -> None:
        """The period stays open; the end of the event makes the preflight due."""
        [first] = steps.dead_letter(store, 1)
        store.open_period(steps.period(), "e-2")
        store.requeue([first], by="kim")
        before = (steps.state_of_period(store, "main-p881"), list(store.periods_due()))
        store.close_event("main-p881", "e-2")

        assert (before, list(store.periods_due())) == (("registering", []), [("main-p881", "main")])

    def test_many_are_requeued_in_one_call(self, store: Store) -> None:
        """More than one script takes."""
        invoice_ids = steps.dead_letter(store, *range(1, 451))

        assert len(store.requeue(invoice_ids, by="kim")) == 450
        assert steps.counts(store, "main-p881") == {"received": 450}

    def test_a_dead_letter_may_be_marked_exported(self, store: Store) -> None:
        """It counts as exported, with who and why in its history; what is unknown or exported cannot be."""
        [dead] = steps.dead_letter(store, 1)
        done = [store.mark_exported(key, by="kim", why="entered in e-conomic") for key in (dead, "main-9")]
        again = store.mark_exported(dead, by="kim", why="entered in e-conomic")

        record = steps.stored(store, dead)
        assert (done, again) == ([True, False], False)
        assert (record.state, record.outcome, record.failure) == (State.EXPORTED, Outcome.BY_HAND, None)
        assert steps.events(store, dead)[-1] == ("by-hand", "kim: entered in e-conomic")
        assert steps.counts(store, "main-p881") == {"exported": 1}

    def test_what_stands_still_untouched_may_be_marked_exported(self, store: Store, clock: ManualClock) -> None:
        """Received, queued or waiting with nothing sent; its message and its due time find nothing to do."""
        steps.queue(store, 1, 2)
        store.save(steps.claim(store, "main-2"), Wait(until=clock.now + 5, failure=FAILURE, costs_attempt=False))
        steps.take_in(store, 3, event="e-2")
        marked = [store.mark_exported(f"main-{number}", by="kim", why="entered") for number in (1, 2, 3)]
        clock.advance(3600)

        assert marked == [True] * 3
        assert steps.counts(store, "main-p881") == {"exported": 3}
        assert Unclaimed(why="exported") == store.claim("main-1")
        assert list(store.sweep(idle_exports=frozenset({"main"}))) == []
        assert {steps.stored(store, f"main-{number}").failure for number in (1, 2, 3)} == {None}

    @pytest.mark.parametrize(
        "changes", [{"intent": INTENT}, {"draft_number": 5}, {"lookup": True}, {"voucher": "2026-1"}]
    )
    def test_what_may_be_in_e_conomic_is_not_marked_exported(
        self, store: Store, clock: ManualClock, changes: dict[str, Any]
    ) -> None:
        """A write that may yet land beside the one made by hand would double it."""
        [waiting, claimed] = steps.queue(store, 1, 2)
        later = Wait(until=clock.now + 5, failure=FAILURE, costs_attempt=False)
        store.save(steps.claim(store, waiting).with_progress(**changes), later)
        steps.claim(store, claimed)
        before = [steps.stored(store, key) for key in (waiting, claimed)]

        assert [store.mark_exported(key, by="kim", why="entered") for key in (waiting, claimed)] == [False, False]
        assert before == [steps.stored(store, key) for key in (waiting, claimed)]

    def test_what_was_exported_goes_again_with_a_look(self, store: Store) -> None:
        """Only the exported move; outcome gone, lookup ahead, all else of the progress kept, the period due."""
        [first, second] = steps.queue(store, 1, 2)
        done = steps.claim(store, first).with_progress(booked_number=1, draft_number=5, generation=1)
        saved = store.save(done, Finish(outcome=Outcome.BOOKED))
        moved = store.reexport([first, second, "main-9"], by="kim")

        record = steps.stored(store, first)
        assert [first] == list(moved)
        assert (State.RECEIVED, None, replace(saved.progress, lookup=True)) == (
            record.state,
            record.outcome,
            record.progress,
        )
        assert steps.events(store, first)[-1] == ("reexport", "kim")
        assert steps.counts(store, "main-p881") == {"received": 1, "queued": 1}
        assert [first] == steps.check(store, "main-p881")
        assert steps.claim(store, first).progress.lookup is True

    def test_other_content_of_one_that_goes_again_is_a_conflict(self, store: Store) -> None:
        """What is in e-conomic was made from the content that the store has."""
        [first] = steps.queue(store, 1)
        store.save(steps.claim(store, first), Finish(outcome=Outcome.BOOKED))
        store.reexport([first], by="kim")
        store.open_period(steps.period(), "e-2")

        assert store.register("main-p881", "e-2", [steps.new_invoice(1, content="two")]).conflicts == (first,)

    def test_a_conflict_is_accepted_once_and_both_contents_are_kept(self, store: Store) -> None:
        """It no longer waits for a person, stays readable, and does not come back with the same event."""
        [first] = steps.queue(store, 1)
        store.save(steps.claim(store, first), Finish(outcome=Outcome.BOOKED))
        store.open_period(steps.period(), "e-2")
        store.register("main-p881", "e-2", [steps.new_invoice(1, content="two")])

        done = [store.accept_conflicts("main-p881", first, by="kim", why='credited, "100371"') for _ in "ab"]
        done.append(store.accept_conflicts("main-p881", first, by="ann", why="again"))
        store.register("main-p881", "e-2", [steps.new_invoice(1, content="two")])

        period, record = store.period("main-p881"), steps.stored(store, first)
        assert period is not None
        assert (done, period.conflicts) == ([1, 1, 0], ())
        [kept] = period.accepted_conflicts
        assert (kept.accepted, kept.content) == ('kim: credited, "100371"', steps.content_of("two"))
        assert record.content != kept.content
        assert steps.events(store, first)[-1] == ("conflict-accepted", 'kim: credited, "100371"')

    def test_other_conflicts_still_wait(self, store: Store) -> None:
        """Of another invoice, of another period, and one that comes after."""
        one, two = steps.queue(store, 1, 2)
        for invoice_id in (one, two):
            store.save(steps.claim(store, invoice_id), Finish(outcome=Outcome.BOOKED))
        store.open_period(steps.period(), "e-2")
        store.register("main-p881", "e-2", [steps.new_invoice(number, content="two") for number in (1, 2)])

        assert store.accept_conflicts("main-p882", one, by="kim", why="elsewhere") == 0
        assert store.accept_conflicts("main-p881", one, by="kim", why="seen") == 1
        store.register("main-p881", "e-3", [steps.new_invoice(1, content="three")])

        period = store.period("main-p881")
        assert period is not None
        assert sorted((it.invoice_id, it.event_key) for it in period.conflicts) == [(one, "e-3"), (two, "e-2")]

    def test_what_was_entered_by_hand_goes_again_only_when_told_to(self, store: Store) -> None:
        """Nothing in e-conomic need carry its reference: a lookup could not tell that it is there."""
        [first] = steps.dead_letter(store, 1)
        store.mark_exported(first, by="kim", why="entered")
        moved = [list(store.reexport([first], by="kim", by_hand=by_hand)) for by_hand in (False, True)]

        assert moved == [[], [first]]

    def test_many_go_again_in_one_call(self, store: Store) -> None:
        """More than one script takes."""
        invoice_ids = steps.dead_letter(store, *range(1, 451))
        for invoice_id in invoice_ids:
            store.mark_exported(invoice_id, by="kim", why="entered")

        assert len(store.reexport(invoice_ids, by="kim", by_hand=True)) == 450
        assert steps.counts(store, "main-p881") == {"received": 450}

    @pytest.mark.parametrize("export", ["main", "never-seen"])
    def test_a_pause_keeps_its_first_reason(self, store: Store, export: str) -> None:
        """The cause is what a person needs; what follows from it is noise."""
        later = type(FAILURE)(reason="role-missing", description="later", next_step="-")
        store.pause(export, FAILURE)
        store.pause(export, later)
        paused = dict(store.paused())
        lifted = [store.resume(export) for _ in "ab"]
        store.pause(export, later)

        assert ({export: FAILURE}, [True, False], {export: later}) == (paused, lifted, dict(store.paused()))
