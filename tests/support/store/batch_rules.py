"""What every store keeps of causes and of batches."""

from dataclasses import replace
from decimal import Decimal

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.steps import FAILURE

from worker.domain.action_log import LogFilter
from worker.domain.batch import Batch, BatchAction, BatchItem, BatchState, NewBatch
from worker.domain.causes import Cause, CauseAnswer, CauseState, cause_id
from worker.domain.invoice_period import NewInvoice
from worker.domain.record import Finish, MoveToDeadLetters, Outcome, State
from worker.domain.store_port import Store
from worker.errors import Failure

OTHER = replace(FAILURE, reason="customer-barred", field="customer", value="K-1 æ")
ORDER = NewBatch(
    id="main-batch-1",
    export="main",
    action=BatchAction.REQUEUE,
    by="kim",
    why="the group is there",
    cause=FAILURE,
    at_stake={"DKK": Decimal("250.00")},
)


def die(store: Store, *numbers: int, failure: Failure = FAILURE, period: int = 881) -> list[tuple[str, float]]:
    """Let these invoices fail the check of a period of their own, and return them as members of a batch."""
    whole = steps.take_in(store, *numbers, period_number=period, event=f"e{period}")
    ids = [f"main-{number}" for number in numbers]
    fence = store.claim_period(whole.id)
    assert fence is not None
    store.pass_preflight(
        whole.id, fence, read=steps.READ, queued=(), lookup=frozenset(), dead=dict.fromkeys(ids, failure)
    )
    store.finish_preflight(whole.id, fence, notice="")
    return [(key, moved_at(store, key)) for key in ids]


def moved_at(store: Store, invoice_id: str) -> float:
    record = store.invoice(invoice_id)
    assert record is not None
    return record.updated_at


def states(store: Store, *numbers: int) -> list[State]:
    ids = [f"main-{number}" for number in numbers]
    found = store.states(ids)
    return [found[key] for key in ids]


def export_received(store: Store, period: int = 881, outcome: Outcome = Outcome.BOOKED) -> None:
    """Let everything that a batch has queued come to its end."""
    for key in steps.check(store, f"main-p{period}"):
        store.save(steps.claim(store, key), Finish(outcome=outcome))


def batch(store: Store) -> Batch:
    found = store.batch(ORDER.id)
    assert found is not None
    return found


class CauseRules:
    """Rules of ``CausePort``."""

    def test_dead_letters_lie_by_cause(self, store: Store, clock: ManualClock) -> None:
        """Reason, field and value of one export; each with its number, its first and its last; none when all left."""
        start = clock.now
        die(store, 1, 2)
        clock.advance(5)
        die(store, 3, period=882)
        die(store, 4, failure=OTHER, period=883)

        first, second = cause_id("main", FAILURE), cause_id("main", OTHER)
        assert {cause.id: cause.invoices for cause in store.causes()} == {first: 3, second: 1}
        assert store.cause(first) == Cause(
            id=first,
            export="main",
            failure=FAILURE,
            invoices=3,
            at_stake={"DKK": Decimal("375.00")},
            oldest=start,
            newest=start + 5,
        )
        assert store.failed_for(first) == [("main-1", start), ("main-2", start), ("main-3", start + 5)]
        assert store.failed_for(first, start=1, most=1) == [("main-2", start)]
        store.requeue(["main-1", "main-2", "main-3"], by="kim")
        assert [cause.id for cause in store.causes()] == [second]
        assert (store.cause(first), store.failed_for(first)) == (None, [])

    @pytest.mark.parametrize("way", ["requeue", "mark", "replace"])
    def test_every_way_out_of_the_dead_letters_leaves_the_cause(self, store: Store, way: str) -> None:
        """Queued again, marked by hand, or sent again by Opter with other content."""
        die(store, 1)
        if way == "requeue":
            store.requeue(["main-1"], by="kim")
        elif way == "mark":
            store.mark_exported("main-1", by="kim", why="by hand")
        else:
            store.register("main-p881", "e2", [steps.new_invoice(1, content="two")])

        assert store.causes() == []

    def test_one_that_fails_again_lies_under_the_new_cause(self, store: Store) -> None:
        """Not under the old one any more."""
        die(store, 1)
        store.requeue(["main-1"], by="kim")
        steps.check(store, "main-p881")
        store.save(steps.claim(store, "main-1"), MoveToDeadLetters(failure=OTHER))

        assert [(cause.failure, cause.invoices) for cause in store.causes()] == [(OTHER, 1)]

    def test_the_money_at_stake_is_added_up_by_currency(self, store: Store) -> None:
        """Credit notes by their size, none counted twice; what left is subtracted; the most money comes first."""
        whole = steps.period(count=4)
        store.open_period(whole, "e")
        amounts = [("1", "100.10", "DKK"), ("2", "-50.00", "DKK"), ("3", "0.05", "SEK"), ("4", "0.00", "DKK")]
        store.register(whole.id, "e", [_of_amount(*each) for each in amounts])
        store.close_event(whole.id, "e")
        fence = store.claim_period(whole.id)
        assert fence is not None
        dead = {f"main-{number}": OTHER if number == 3 else FAILURE for number in range(1, 5)}
        store.pass_preflight(whole.id, fence, read=steps.READ, queued=(), lookup=frozenset(), dead=dead)

        assert [dict(cause.at_stake) for cause in store.causes()] == [
            {"DKK": Decimal("150.10")},
            {"SEK": Decimal("0.05")},
        ]
        store.requeue(["main-1"], by="kim")
        cause = store.cause(cause_id("main", FAILURE))
        assert cause is not None
        assert (cause.invoices, dict(cause.at_stake)) == (2, {"DKK": Decimal("50.00")})

    def test_a_cause_is_asked_at_once_then_as_its_answers_say(self, store: Store, clock: ManualClock) -> None:
        """By whoever is first; an export without a due cause is left out, and one that is not served."""
        die(store, 1)
        key = cause_id("main", FAILURE)

        assert (store.causes_due(["b", "main"]), store.causes_due(["b", "main"])) == (["main"], [])
        assert [cause.id for cause in store.due_causes("main")] == [key]
        answer = CauseAnswer(state=CauseState.STILL, at=clock.now, why="Not there. æ")
        store.note_answer(key, answer, again_in=300.0)
        store.end_causes("main")
        clock.advance(299)
        assert (store.due_causes("main"), store.causes_due(["main"])) == ([], [])
        clock.advance(1)
        assert store.causes_due(["main"]) == ["main"]
        (cause,) = store.due_causes("main")
        assert (cause.answer, cause.pause) == (answer, 300.0)

    def test_an_answer_about_nothing_is_not_kept(self, store: Store, clock: ManualClock) -> None:
        """Its invoices were dealt with meanwhile: what fails later is asked about anew."""
        die(store, 1)
        store.requeue(["main-1"], by="kim")
        key = cause_id("main", FAILURE)
        store.note_answer(key, CauseAnswer(state=CauseState.GONE, at=clock.now), again_in=1.0)
        die(store, 2, period=882)

        cause = store.cause(key)
        assert cause is not None
        assert cause.answer is None

    def test_only_a_pause_that_can_be_asked_is_asked(self, store: Store, clock: ManualClock) -> None:
        """Its causes wait; one answer puts off the next question, and the end of the pause forgets it."""
        die(store, 1)
        store.pause("main", Failure(reason="role-missing", description="", next_step=""))
        assert store.causes_due(["main"]) == []
        store.resume("main")
        store.pause("main", Failure(reason="tokens-refused", description="", next_step=""))
        assert (store.pause_wait("main"), store.causes_due(["main"])) == (0.0, ["main"])
        store.pause_probed("main", again_in=500.0)
        clock.advance(499)
        assert (store.pause_wait("main"), store.causes_due(["main"])) == (500.0, [])
        clock.advance(1)
        assert store.causes_due(["main"]) == ["main"]
        store.resume("main")
        assert store.pause_wait("main") == 0.0

    def test_a_cause_that_is_gone_clears_each_invoice_once(self, store: Store, clock: ManualClock) -> None:
        """One that fails for it again is left to a person, until the cause was found to be still there."""
        die(store, 1, 2)
        key = cause_id("main", FAILURE)

        assert store.clear_cause(key, ORDER) == 2
        store.advance_batches()
        assert states(store, 1, 2) == [State.RECEIVED, State.RECEIVED]
        die(store, 1, 3)
        second = replace(ORDER, id="main-batch-2")
        assert store.clear_cause(key, second) == 1
        assert [item.invoice_id for item in store.batch_items("main-batch-2")] == ["main-3"]
        store.note_answer(key, CauseAnswer(state=CauseState.STILL, at=clock.now), again_in=1.0)
        assert store.clear_cause(key, replace(ORDER, id="main-batch-3")) == 2


class BatchRules:
    """Rules of ``BatchPort``."""

    def test_a_batch_moves_its_frozen_set(self, store: Store, clock: ManualClock) -> None:
        """What failed for the same cause later is not in it; who and why stand in each history."""
        members = die(store, 1, 2)
        store.open_batch(ORDER, members)
        die(store, 3, period=882)

        assert store.advance_batches() == []
        assert states(store, 1, 2, 3) == [State.RECEIVED, State.RECEIVED, State.DEAD]
        record = store.invoice("main-1")
        assert record is not None
        assert (record.history[-1].event, record.history[-1].detail) == ("requeued", "kim: the group is there")
        assert batch(store) == Batch(
            ordered=ORDER,
            state=BatchState.RUNNING,
            confirmed_at=clock.now,
            ended_at=0.0,
            total=2,
            begun=2,
            exported=0,
            failed=0,
            left=0,
        )

    def test_each_invoice_has_its_result(self, store: Store, clock: ManualClock) -> None:
        """Exported, failed again, or left alone as it had moved on since it was chosen; then the batch is done."""
        members = die(store, 1, 2, 3)
        store.open_batch(ORDER, [*members, ("main-9", 1.0)])
        store.mark_exported("main-3", by="kim", why="by hand")
        store.advance_batches()
        steps.check(store, "main-p881")
        store.save(steps.claim(store, "main-1"), Finish(outcome=Outcome.BOOKED))
        store.save(steps.claim(store, "main-2"), MoveToDeadLetters(failure=OTHER))
        clock.advance(7)

        assert (store.advance_batches(), store.advance_batches()) == ([ORDER.id], [])
        assert store.batch_items(ORDER.id) == [
            BatchItem(invoice_id="main-1", result="exported booked"),
            BatchItem(invoice_id="main-2", result="dead customer-barred"),
            BatchItem(invoice_id="main-3", result="left exported"),
            BatchItem(invoice_id="main-9", result="left unknown"),
        ]
        ended = batch(store)
        assert (ended.state, ended.ended_at, ended.begun) == (BatchState.DONE, clock.now, 4)
        assert (ended.exported, ended.failed, ended.left, ended.under_way) == (1, 1, 2, 0)

    def test_one_that_died_again_since_it_was_chosen_is_left_alone(self, store: Store, clock: ManualClock) -> None:
        """Another person has seen to it meanwhile: what was confirmed was another death."""
        members = die(store, 1)
        store.open_batch(ORDER, members)
        store.requeue(["main-1"], by="another")
        clock.advance(1)
        die(store, 1)
        store.advance_batches()

        assert states(store, 1) == [State.DEAD]
        assert [item.result for item in store.batch_items(ORDER.id)] == ["left dead"]

    def test_only_a_window_is_under_way(self, store: Store) -> None:
        """The next are begun as those before come to their end; two batches of an export share it, the older first."""
        store.open_batch(ORDER, die(store, 1, 2, 3))
        store.open_batch(replace(ORDER, id="main-batch-2"), die(store, 4, period=882))
        began = []
        for _ in range(3):
            store.advance_batches(window=2)
            began.append([store.batch(f"main-batch-{number}").begun for number in (1, 2)])  # type: ignore[union-attr]
            for period in (881, 882):
                if list(store.invoices(f"main-p{period}", State.RECEIVED)):
                    export_received(store, period)
        store.advance_batches(window=2)

        assert began == [[2, 0], [3, 1], [3, 1]]
        assert states(store, 1, 2, 3, 4) == [State.EXPORTED] * 4
        assert batch(store).state is BatchState.DONE

    def test_fresh_invoices_leave_a_tenth(self, store: Store) -> None:
        """While the export has other invoices queued."""
        steps.queue(store, 50, period_number=882)
        store.open_batch(ORDER, die(store, *range(1, 41)))
        store.advance_batches(window=20)

        assert batch(store).begun == 2

    def test_a_paused_export_begins_none(self, store: Store) -> None:
        """They go on after it."""
        store.open_batch(ORDER, die(store, 1))
        store.pause("main", OTHER)
        store.advance_batches()
        paused = batch(store).begun
        store.resume("main")
        store.advance_batches()

        assert (paused, batch(store).begun) == (0, 1)

    def test_a_cancelled_batch_loses_none(self, store: Store) -> None:
        """What was begun comes to its end; what was not stays a dead letter; it is said who cancelled it."""
        store.open_batch(ORDER, die(store, 1, 2, 3))
        store.advance_batches(window=1)

        assert store.cancel_batch(ORDER.id, by="anna")
        assert (store.advance_batches(window=1), states(store, 2, 3)) == ([], [State.DEAD, State.DEAD])
        export_received(store)
        assert store.advance_batches(window=1) == [ORDER.id]
        ended = batch(store)
        assert (ended.state, ended.cancelled_by, ended.exported) == (BatchState.CANCELLED, "anna", 1)
        assert (ended.not_begun, states(store, 1, 2, 3)) == (2, [State.EXPORTED, State.DEAD, State.DEAD])
        assert not store.cancel_batch(ORDER.id, by="kim")
        assert [item.result for item in store.batch_items(ORDER.id)] == ["exported booked", "", ""]

    def test_what_is_done_or_unknown_cannot_be_cancelled(self, store: Store) -> None:
        """There is nothing left to keep back."""
        store.open_batch(replace(ORDER, action=BatchAction.DISCARD), die(store, 1))
        store.advance_batches()

        assert (store.cancel_batch(ORDER.id, by="kim"), store.cancel_batch("main-batch-9", by="kim")) == (False, False)

    @pytest.mark.parametrize(
        ("action", "outcome"),
        [(BatchAction.MARK_EXPORTED, Outcome.BY_HAND), (BatchAction.DISCARD, Outcome.DISCARDED)],
    )
    def test_what_needs_no_export_ends_at_once(self, store: Store, action: BatchAction, outcome: Outcome) -> None:
        """Marked as entered by hand, or to be in no books; also while the export is paused."""
        store.open_batch(replace(ORDER, action=action), die(store, 1, 2))
        store.pause("main", OTHER)

        assert store.advance_batches() == [ORDER.id]
        record = store.invoice("main-2")
        assert record is not None
        assert (record.state, record.outcome, record.failure) == (State.EXPORTED, outcome, None)
        assert record.history[-1].detail == "kim: the group is there"

    def test_what_may_be_in_the_books_is_not_discarded(self, store: Store) -> None:
        """Something was sent for it: that has to be looked up first."""
        steps.queue(store, 1)
        record = steps.claim(store, "main-1").with_progress(draft_number=7)
        store.save(record, MoveToDeadLetters(failure=FAILURE))
        store.open_batch(replace(ORDER, action=BatchAction.DISCARD), [("main-1", moved_at(store, "main-1"))])
        store.advance_batches()

        assert (states(store, 1), batch(store).left) == ([State.DEAD], 1)

    def test_a_reexport_is_looked_up_first(self, store: Store) -> None:
        """And leaves alone what a person decided."""
        steps.queue(store, 1, 2)
        store.save(steps.claim(store, "main-1"), Finish(outcome=Outcome.BOOKED))
        store.save(steps.claim(store, "main-2"), Finish(outcome=Outcome.DISCARDED))
        store.open_batch(replace(ORDER, action=BatchAction.REEXPORT), [("main-1", 0.0), ("main-2", 0.0)])
        store.advance_batches()

        record = store.invoice("main-1")
        assert record is not None
        assert (record.state, record.progress.lookup) == (State.RECEIVED, True)
        assert [item.result for item in store.batch_items(ORDER.id)] == ["begun", "left exported"]

    def test_opening_again_changes_nothing(self, store: Store) -> None:
        """Its answer was lost, perhaps after it had begun."""
        members = die(store, 1, 2)
        store.open_batch(ORDER, members)
        store.advance_batches(window=1)
        store.open_batch(ORDER, members)

        assert (batch(store).total, batch(store).begun) == (2, 1)

    def test_the_pace_is_told_by_the_latest_period(self, store: Store, clock: ManualClock) -> None:
        """Only what was exported counts, and only of this export; none: there is nothing to tell."""
        nothing = store.export_times("main")
        for number in (1, 2):
            steps.queue(store, number, number + 10, period_number=880 + number)
            clock.advance(5)
            store.save(steps.claim(store, f"main-{number}"), Finish(outcome=Outcome.BOOKED))
        steps.queue(store, 1, export="b", period_number=884)

        assert (nothing, store.export_times("main"), store.export_times("b")) == ([], [clock.now], [])

    def test_the_log_of_actions_has_one_entry_for_all(self, store: Store) -> None:
        """Who started it and why, and who cancelled it; nothing for each invoice."""
        store.open_batch(ORDER, die(store, 1, 2))
        store.advance_batches()
        store.cancel_batch(ORDER.id, by="anna")

        entries = [(entry.what, entry.who, entry.why, entry.of) for entry in store.actions(LogFilter())]
        assert entries == [
            ("cancel-batch", "anna", "", (ORDER.id,)),
            ("batch", "kim", "the group is there", (ORDER.id,)),
        ]

    def test_batches_are_kept_newest_first(self, store: Store, clock: ManualClock) -> None:
        """Also those that are over."""
        for number in (1, 2):
            order = replace(ORDER, id=f"main-batch-{number}", action=BatchAction.DISCARD)
            store.open_batch(order, die(store, number, period=880 + number))
            store.advance_batches()
            clock.advance(1)

        assert [each.ordered.id for each in store.batches()] == ["main-batch-2", "main-batch-1"]
        assert [each.ordered.id for each in store.batches(most=1)] == ["main-batch-2"]
        assert (store.batch("main-batch-9"), store.batch_items("main-batch-9")) == (None, [])


def _of_amount(number: str, gross: str, currency: str) -> NewInvoice:
    new = steps.new_invoice(int(number))
    return replace(new, content=f'{{"currency":"{currency}","gross":"{gross}","text":"æ"}}')
