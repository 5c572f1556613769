"""What every store keeps during the check of a whole period."""

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.steps import FAILURE, READ

from worker.domain.record import State
from worker.domain.store_port import Store
from worker.errors import LeaseLost
from worker.store.connection import StorePolicy


class PreflightRules:
    """Rules of ``PreflightPort`` and of ``periods_due``."""

    def test_a_registered_period_is_due_for_one_worker(self, store: Store) -> None:
        """Two workers that see a due period: one gets it."""
        whole = steps.take_in(store, 1)
        due = list(store.periods_due())
        claims = [store.claim_period(whole.id) for _ in "ab"]

        assert [(whole.id, "main")] == due
        assert (claims, list(store.periods_due())) == ([1, None], [])

    def test_an_open_or_unknown_period_is_not_due(self, store: Store) -> None:
        """While the event is being written there is nothing to check."""
        store.open_period(steps.period(), "e-1")

        assert (
            store.claim_period("main-p881"),
            store.claim_period("main-p1"),
            list(store.periods_due()),
        ) == (None, None, [])

    def test_received_come_in_number_order(self, store: Store) -> None:
        """Only what is received, by invoice number: 9 before 10."""
        whole = steps.take_in(store, 10, 9, 100)
        fence = store.claim_period(whole.id)
        assert fence is not None
        store.pass_preflight(whole.id, fence, read=READ, queued=["main-10"], lookup=frozenset(), dead={})

        assert [record.id for record in store.received(whole.id)] == ["main-9", "main-100"]

    def test_passing_moves_what_is_received(self, store: Store) -> None:
        """The good are queued, those found in e-conomic with a lookup ahead, the bad are dead with their reason."""
        whole = steps.take_in(store, 1, 2, 3)
        fence = store.claim_period(whole.id)
        assert fence is not None
        queued = store.pass_preflight(
            whole.id,
            fence,
            read=READ,
            queued=["main-1", "main-2"],
            lookup=frozenset({"main-2"}),
            dead={"main-3": FAILURE},
        )

        stored = [steps.stored(store, f"main-{number}") for number in (1, 2, 3)]
        assert list(queued) == ["main-1", "main-2"]
        assert [(record.state, record.progress.lookup, record.failure) for record in stored] == [
            (State.QUEUED, False, None),
            (State.QUEUED, True, None),
            (State.DEAD, False, FAILURE),
        ]
        assert steps.counts(store, whole.id) == {"queued": 2, "dead": 1}
        assert steps.events(store, "main-3")[-1] == ("dead", "product-group-missing")

    def test_what_was_found_in_e_conomic_keeps_its_content(self, store: Store) -> None:
        """Other content may contradict what is there already: a conflict, not a replacement."""
        whole = steps.take_in(store, 1)
        fence = store.claim_period(whole.id)
        assert fence is not None
        store.pass_preflight(whole.id, fence, read=READ, queued=["main-1"], lookup=frozenset({"main-1"}), dead={})
        done = store.register(whole.id, "e-2", [steps.new_invoice(1, content="two")])

        assert done.conflicts == ("main-1",)

    def test_passing_leaves_others_alone(self, store: Store) -> None:
        """What has moved on since it was read is not moved back."""
        whole = steps.take_in(store, 1)
        fence = store.claim_period(whole.id)
        assert fence is not None
        store.pass_preflight(whole.id, fence, read=READ, queued=["main-1"], lookup=frozenset(), dead={})
        claimed = steps.claim(store, "main-1")
        again = store.pass_preflight(
            whole.id, fence, read=READ, queued=["main-1", "main-9"], lookup=frozenset(), dead={"main-1": FAILURE}
        )

        assert ([], claimed) == (list(again), steps.stored(store, "main-1"))

    def test_what_was_replaced_meanwhile_is_not_passed(self, store: Store) -> None:
        """The outcome is about other content: neither queued nor dead, and the period stays due for another check."""
        whole = steps.take_in(store, 1, 2, 3)
        fence = store.claim_period(whole.id)
        assert fence is not None
        store.open_period(whole, "e-2")
        store.register(whole.id, "e-2", [steps.new_invoice(number, content="two") for number in (1, 2)])
        store.close_event(whole.id, "e-2")
        passed = store.pass_preflight(
            whole.id, fence, read=READ, queued=["main-1", "main-3"], lookup=frozenset(), dead={"main-2": FAILURE}
        )
        store.finish_preflight(whole.id, fence, notice="")

        assert list(passed) == ["main-3"]
        assert steps.counts(store, whole.id) == {"received": 2, "queued": 1}
        assert list(store.periods_due()) == [(whole.id, "main")]

    def test_a_chunk_larger_than_one_script_moves_whole(self, store: Store) -> None:
        """600 invoices pass in one call."""
        assert len(steps.queue(store, *range(1, 601))) == 600
        assert steps.counts(store, "main-p881") == {"queued": 600}

    def test_a_stale_holder_changes_nothing(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Once the lease ran out and another has taken over, the first can neither move nor finish."""
        whole = steps.take_in(store, 1)
        stale = store.claim_period(whole.id)
        clock.advance(policy.period_lease_seconds)
        taken = store.claim_period(whole.id)

        assert (stale, taken) == (1, 2)
        with pytest.raises(LeaseLost):
            store.pass_preflight(whole.id, 1, read=READ, queued=["main-1"], lookup=frozenset(), dead={})
        with pytest.raises(LeaseLost):
            store.finish_preflight(whole.id, 1, notice="")
        with pytest.raises(LeaseLost):
            store.defer_preflight(whole.id, 1, until=clock.now, notice="")
        assert steps.stored(store, "main-1").state == State.RECEIVED

    def test_moving_keeps_the_lease(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """A long preflight holds its period as long as it moves invoices."""
        whole = steps.take_in(store, 1, 2)
        fence = store.claim_period(whole.id)
        assert fence is not None
        clock.advance(policy.period_lease_seconds - 1)
        store.pass_preflight(whole.id, fence, read=READ, queued=["main-1"], lookup=frozenset(), dead={})
        clock.advance(policy.period_lease_seconds - 1)

        assert None is store.claim_period(whole.id)

    def test_a_finished_period_is_checked(self, store: Store) -> None:
        """It carries its notice and is not due."""
        whole = steps.take_in(store, 1)
        fence = store.claim_period(whole.id)
        assert fence is not None
        store.finish_preflight(whole.id, fence, notice="3010 is missing")

        period = store.period(whole.id)
        assert period is not None
        assert (
            period.state,
            period.notice,
            list(store.periods_due()),
            store.claim_period(whole.id),
        ) == ("checked", "3010 is missing", [], None)

    def test_what_came_in_meanwhile_keeps_the_period_due(self, store: Store) -> None:
        """A second event taken in during the preflight is checked by another one."""
        whole = steps.take_in(store, 1)
        fence = store.claim_period(whole.id)
        assert fence is not None
        steps.take_in(store, 2, event="e-2")
        store.finish_preflight(whole.id, fence, notice="")

        assert [(whole.id, "main")] == list(store.periods_due())
        assert steps.check(store, whole.id) == ["main-1", "main-2"]
        assert steps.state_of_period(store, whole.id) == "checked"

    def test_an_event_being_written_meanwhile_keeps_the_period_open(self, store: Store) -> None:
        """The end of a preflight does not make a period that is being written to look checked."""
        whole = steps.take_in(store, 1)
        fence = store.claim_period(whole.id)
        assert fence is not None
        store.open_period(whole, "e-2")
        store.finish_preflight(whole.id, fence, notice="")
        between = (steps.state_of_period(store, whole.id), list(store.periods_due()))
        store.close_event(whole.id, "e-2")

        assert (("registering", []), [(whole.id, "main")]) == (between, list(store.periods_due()))

    def test_a_deferred_preflight_comes_back(self, store: Store, clock: ManualClock) -> None:
        """During an outage the period waits, claimed by nobody, and is due again at the time named."""
        whole = steps.take_in(store, 1)
        fence = store.claim_period(whole.id)
        assert fence is not None
        store.defer_preflight(whole.id, fence, until=clock.now + 30, notice="e-conomic does not answer")
        clock.advance(29)
        before = list(store.periods_due())
        clock.advance(1)

        assert ([], [(whole.id, "main")], 2) == (before, list(store.periods_due()), store.claim_period(whole.id))

    def test_what_is_held_comes_back_at_once_when_something_happened_meanwhile(
        self, store: Store, clock: ManualClock
    ) -> None:
        """Else at the time named; the period says so until its next check ends."""
        whole = steps.take_in(store, 1)
        fence = store.claim_period(whole.id)
        assert fence is not None
        store.defer_preflight(whole.id, fence, until=clock.now + 600, notice="needs a yes", held=True)
        before, held = list(store.periods_due()), store.period(whole.id)
        clock.advance(600)
        second = store.claim_period(whole.id)
        assert second is not None
        steps.take_in(store, 2, event="e-2")
        store.defer_preflight(whole.id, second, until=clock.now + 600, notice="needs a yes", held=True)
        due = list(store.periods_due())
        steps.check(store, whole.id)
        after = store.period(whole.id)

        assert (before, due) == ([], [(whole.id, "main")])
        assert held
        assert after
        assert (held.held, held.notice, after.held) == (True, "needs a yes", False)

    def test_periods_of_a_paused_export_wait(self, store: Store) -> None:
        """A preflight would only meet the trouble that paused the export."""
        whole = steps.take_in(store, 1)
        store.pause("main", FAILURE)
        paused = list(store.periods_due())
        store.resume("main")

        assert ([], [(whole.id, "main")]) == (paused, list(store.periods_due()))
