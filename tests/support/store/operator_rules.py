"""What every ledger keeps when a person looks and acts."""

from dataclasses import replace
from typing import Any

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.intake_rules import INTENT
from support.store.steps import FAILURE

from worker.domain.record import Bury, Finish, HistoryEntry, Outcome, State, Wait
from worker.domain.store_port import Ledger, Unclaimed


class OperatorRules:
    """Rules of ``OperatorPort``."""

    def test_the_history_is_whole(self, ledger: Ledger, clock: ManualClock) -> None:
        """Every transition with its time, oldest first, through death and return."""
        start = clock.now
        steps.bury(ledger, 1)
        clock.advance(1.25)
        ledger.requeue(["main-1"], by="kim")
        steps.check(ledger, "main-p881")
        ledger.save(steps.claim(ledger, "main-1"), Finish(outcome=Outcome.BOOKED, detail="100353"))

        record = ledger.invoice("main-1")
        assert record is not None
        assert (
            HistoryEntry(at=start, event="received", detail="main-p881"),
            HistoryEntry(at=start, event="dead", detail="product-group-missing"),
            HistoryEntry(at=start + 1.25, event="requeued", detail="kim"),
            HistoryEntry(at=start + 1.25, event="queued", detail="main-p881"),
            HistoryEntry(at=start + 1.25, event="claimed", detail="fence 1"),
            HistoryEntry(at=start + 1.25, event="booked", detail="100353"),
        ) == record.history

    def test_what_is_unknown_is_none(self, ledger: Ledger) -> None:
        """Neither invoice nor period is made up."""
        assert (
            ledger.invoice("main-9"),
            ledger.period("main-p9"),
            list(ledger.periods()),
            list(ledger.invoices("main-p9", None)),
        ) == (None, None, [], [])

    def test_periods_come_newest_first(self, ledger: Ledger, clock: ManualClock) -> None:
        """By when they came in."""
        for number in (881, 883, 882):
            steps.take_in(ledger, number, period_number=number)
            clock.advance(1)

        assert [period.id for period in ledger.periods()] == ["main-p882", "main-p883", "main-p881"]

    def test_invoices_are_listed_by_period_and_state(self, ledger: Ledger, clock: ManualClock) -> None:
        """One that is in two periods is listed once among all; dead letters by when they died."""
        steps.queue(ledger, 1, 2, 3)
        for number in (2, 1):
            ledger.save(steps.claim(ledger, f"main-{number}"), Bury(failure=FAILURE))
            clock.advance(1)
        steps.take_in(ledger, 3, 4, period_number=882, event="e-2")

        def listed(period_id: str | None, state: State | None) -> list[str]:
            return [record.id for record in ledger.invoices(period_id, state)]

        assert listed("main-p881", None) == ["main-1", "main-2", "main-3"]
        assert listed("main-p881", State.DEAD) == ["main-1", "main-2"]
        assert listed(None, State.DEAD) == ["main-2", "main-1"]
        assert listed(None, None) == ["main-3", "main-4", "main-1", "main-2"]
        assert listed(None, State.QUEUED) == ["main-3"]
        assert [steps.stored(ledger, "main-3")] == list(ledger.invoices(None, State.QUEUED))

    def test_requeued_dead_letters_are_checked_again(self, ledger: Ledger) -> None:
        """Only the dead move; attempts and crashes begin anew, progress is kept, the period is due."""
        [first, second] = steps.queue(ledger, 1, 2)
        buried = ledger.save(
            steps.claim(ledger, first).with_progress(draft_number=5, generation=1), Bury(failure=FAILURE)
        )
        moved = ledger.requeue([first, second, "main-9"], by="kim")

        record = steps.stored(ledger, first)
        assert [first] == list(moved)
        assert (State.RECEIVED, 0, 0, None, buried.progress, buried.fence) == (
            record.state,
            record.attempts,
            record.crashes,
            record.failure,
            record.progress,
            record.fence,
        )
        assert steps.counts(ledger, "main-p881") == {"received": 1, "queued": 1}
        assert steps.state_of_period(ledger, "main-p881") == "registered"
        assert [first] == steps.check(ledger, "main-p881")

    def test_requeueing_during_a_preflight_brings_another(self, ledger: Ledger) -> None:
        """What moved behind the preflight's back is not forgotten when it ends."""
        [first] = steps.bury(ledger, 1)
        steps.take_in(ledger, 2, event="e-2")
        fence = ledger.claim_period("main-p881")
        assert fence is not None
        ledger.requeue([first], by="kim")
        ledger.finish_preflight("main-p881", fence, notice="")

        assert list(ledger.periods_due()) == [("main-p881", "main")]

    def test_requeueing_while_an_event_is_written_waits_for_it(self, ledger: Ledger) -> None:
        """The period stays open; the end of the event makes the preflight due."""
        [first] = steps.bury(ledger, 1)
        ledger.open_period(steps.period(), "e-2")
        ledger.requeue([first], by="kim")
        before = (steps.state_of_period(ledger, "main-p881"), list(ledger.periods_due()))
        ledger.close_event("main-p881", "e-2")

        assert (before, list(ledger.periods_due())) == (("registering", []), [("main-p881", "main")])

    def test_many_are_requeued_in_one_call(self, ledger: Ledger) -> None:
        """More than one script takes."""
        invoice_ids = steps.bury(ledger, *range(1, 451))

        assert len(ledger.requeue(invoice_ids, by="kim")) == 450
        assert steps.counts(ledger, "main-p881") == {"received": 450}

    def test_a_dead_letter_may_be_settled_by_hand(self, ledger: Ledger) -> None:
        """It counts as exported, with who and why in its history; what is unknown or settled cannot be."""
        [dead] = steps.bury(ledger, 1)
        done = [ledger.settle_by_hand(one, by="kim", why="entered in e-conomic") for one in (dead, "main-9")]
        again = ledger.settle_by_hand(dead, by="kim", why="entered in e-conomic")

        record = steps.stored(ledger, dead)
        assert (done, again) == ([True, False], False)
        assert (record.state, record.outcome, record.failure) == (State.EXPORTED, Outcome.BY_HAND, None)
        assert steps.events(ledger, dead)[-1] == ("by-hand", "kim: entered in e-conomic")
        assert steps.counts(ledger, "main-p881") == {"exported": 1}

    def test_what_stands_still_untouched_may_be_settled(self, ledger: Ledger, clock: ManualClock) -> None:
        """Received, queued or waiting with nothing sent; its message and its due time find nothing to do."""
        steps.queue(ledger, 1, 2)
        ledger.save(steps.claim(ledger, "main-2"), Wait(until=clock.now + 5, failure=FAILURE, costs_attempt=False))
        steps.take_in(ledger, 3, event="e-2")
        settled = [ledger.settle_by_hand(f"main-{number}", by="kim", why="entered") for number in (1, 2, 3)]
        clock.advance(3600)

        assert settled == [True] * 3
        assert steps.counts(ledger, "main-p881") == {"exported": 3}
        assert Unclaimed(why="exported") == ledger.claim("main-1")
        assert list(ledger.sweep(idle_exports=frozenset({"main"}))) == []
        assert {steps.stored(ledger, f"main-{number}").failure for number in (1, 2, 3)} == {None}

    @pytest.mark.parametrize(
        "changes", [{"intent": INTENT}, {"draft_number": 5}, {"look": True}, {"voucher": "2026-1"}]
    )
    def test_what_may_be_in_e_conomic_is_not_settled_by_hand(
        self, ledger: Ledger, clock: ManualClock, changes: dict[str, Any]
    ) -> None:
        """A write that may yet land beside the one made by hand would double it."""
        [waiting, held] = steps.queue(ledger, 1, 2)
        later = Wait(until=clock.now + 5, failure=FAILURE, costs_attempt=False)
        ledger.save(steps.claim(ledger, waiting).with_progress(**changes), later)
        steps.claim(ledger, held)
        before = [steps.stored(ledger, one) for one in (waiting, held)]

        assert [ledger.settle_by_hand(one, by="kim", why="entered") for one in (waiting, held)] == [False, False]
        assert before == [steps.stored(ledger, one) for one in (waiting, held)]

    def test_what_was_exported_goes_again_with_a_look(self, ledger: Ledger) -> None:
        """Only the exported move; outcome gone, look ahead, all else of the progress kept, the period due."""
        [first, second] = steps.queue(ledger, 1, 2)
        done = steps.claim(ledger, first).with_progress(booked_number=1, draft_number=5, generation=1)
        saved = ledger.save(done, Finish(outcome=Outcome.BOOKED))
        moved = ledger.reexport([first, second, "main-9"], by="kim")

        record = steps.stored(ledger, first)
        assert [first] == list(moved)
        assert (State.RECEIVED, None, replace(saved.progress, look=True)) == (
            record.state,
            record.outcome,
            record.progress,
        )
        assert steps.events(ledger, first)[-1] == ("reexport", "kim")
        assert steps.counts(ledger, "main-p881") == {"received": 1, "queued": 1}
        assert [first] == steps.check(ledger, "main-p881")
        assert steps.claim(ledger, first).progress.look is True

    def test_other_content_of_one_that_goes_again_is_a_conflict(self, ledger: Ledger) -> None:
        """What is in e-conomic was made from the content that the ledger has."""
        [first] = steps.queue(ledger, 1)
        ledger.save(steps.claim(ledger, first), Finish(outcome=Outcome.BOOKED))
        ledger.reexport([first], by="kim")
        ledger.open_period(steps.period(), "e-2")

        assert ledger.register("main-p881", "e-2", [steps.new_invoice(1, content="two")]).conflicts == (first,)

    def test_what_was_entered_by_hand_goes_again_only_when_told_to(self, ledger: Ledger) -> None:
        """Nothing in e-conomic need carry its reference: a look could not tell that it is there."""
        [first] = steps.bury(ledger, 1)
        ledger.settle_by_hand(first, by="kim", why="entered")
        moved = [list(ledger.reexport([first], by="kim", by_hand=by_hand)) for by_hand in (False, True)]

        assert moved == [[], [first]]

    def test_many_go_again_in_one_call(self, ledger: Ledger) -> None:
        """More than one script takes."""
        invoice_ids = steps.bury(ledger, *range(1, 451))
        for one in invoice_ids:
            ledger.settle_by_hand(one, by="kim", why="entered")

        assert len(ledger.reexport(invoice_ids, by="kim", by_hand=True)) == 450
        assert steps.counts(ledger, "main-p881") == {"received": 450}

    @pytest.mark.parametrize("export", ["main", "never-seen"])
    def test_a_pause_keeps_its_first_reason(self, ledger: Ledger, export: str) -> None:
        """The cause is what a person needs; what follows from it is noise."""
        later = type(FAILURE)(reason="role-missing", description="later", next_step="-")
        ledger.pause(export, FAILURE)
        ledger.pause(export, later)
        paused = dict(ledger.paused())
        lifted = [ledger.resume(export) for _ in "ab"]
        ledger.pause(export, later)

        assert ({export: FAILURE}, [True, False], {export: later}) == (paused, lifted, dict(ledger.paused()))
