"""What every ledger keeps during the check of a whole period."""

import pytest
from support.clock import ManualClock
from support.store import steps
from support.store.steps import FAILURE, READ

from worker.domain.record import State
from worker.domain.store_port import Ledger
from worker.errors import LeaseLost
from worker.store import LedgerPolicy


class PreflightRules:
    """Rules of ``PreflightPort`` and of ``periods_due``."""

    def test_a_registered_period_is_due_for_one_worker(self, ledger: Ledger) -> None:
        """Two workers that see a due period: one gets it."""
        whole = steps.take_in(ledger, 1)
        due = list(ledger.periods_due())
        claims = [ledger.claim_period(whole.id) for _ in "ab"]

        assert [(whole.id, "main")] == due
        assert (claims, list(ledger.periods_due())) == ([1, None], [])

    def test_an_open_or_unknown_period_is_not_due(self, ledger: Ledger) -> None:
        """While the event is being written there is nothing to check."""
        ledger.open_period(steps.period(), "e-1")

        assert (
            ledger.claim_period("main-p881"),
            ledger.claim_period("main-p1"),
            list(ledger.periods_due()),
        ) == (None, None, [])

    def test_received_come_in_number_order(self, ledger: Ledger) -> None:
        """Only what is received, by invoice number: 9 before 10."""
        whole = steps.take_in(ledger, 10, 9, 100)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        ledger.pass_preflight(whole.id, fence, read=READ, queued=["main-10"], look=frozenset(), dead={})

        assert [record.id for record in ledger.received(whole.id)] == ["main-9", "main-100"]

    def test_passing_moves_what_is_received(self, ledger: Ledger) -> None:
        """The good are queued, those found in e-conomic with a look ahead, the bad are dead with their reason."""
        whole = steps.take_in(ledger, 1, 2, 3)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        queued = ledger.pass_preflight(
            whole.id,
            fence,
            read=READ,
            queued=["main-1", "main-2"],
            look=frozenset({"main-2"}),
            dead={"main-3": FAILURE},
        )

        found = [steps.stored(ledger, f"main-{number}") for number in (1, 2, 3)]
        assert list(queued) == ["main-1", "main-2"]
        assert [(record.state, record.progress.look, record.failure) for record in found] == [
            (State.QUEUED, False, None),
            (State.QUEUED, True, None),
            (State.DEAD, False, FAILURE),
        ]
        assert steps.counts(ledger, whole.id) == {"queued": 2, "dead": 1}
        assert steps.events(ledger, "main-3")[-1] == ("dead", "product-group-missing")

    def test_what_was_found_in_e_conomic_keeps_its_content(self, ledger: Ledger) -> None:
        """Other content may contradict what is there already: a conflict, not a replacement."""
        whole = steps.take_in(ledger, 1)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        ledger.pass_preflight(whole.id, fence, read=READ, queued=["main-1"], look=frozenset({"main-1"}), dead={})
        done = ledger.register(whole.id, "e-2", [steps.new_invoice(1, content="two")])

        assert done.conflicts == ("main-1",)

    def test_passing_leaves_others_alone(self, ledger: Ledger) -> None:
        """What has moved on since it was read is not moved back."""
        whole = steps.take_in(ledger, 1)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        ledger.pass_preflight(whole.id, fence, read=READ, queued=["main-1"], look=frozenset(), dead={})
        held = steps.claim(ledger, "main-1")
        again = ledger.pass_preflight(
            whole.id, fence, read=READ, queued=["main-1", "main-9"], look=frozenset(), dead={"main-1": FAILURE}
        )

        assert ([], held) == (list(again), steps.stored(ledger, "main-1"))

    def test_what_was_replaced_meanwhile_is_not_passed(self, ledger: Ledger) -> None:
        """The verdict is about other content: neither queued nor dead, and the period stays due for another check."""
        whole = steps.take_in(ledger, 1, 2, 3)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        ledger.open_period(whole, "e-2")
        ledger.register(whole.id, "e-2", [steps.new_invoice(number, content="two") for number in (1, 2)])
        ledger.close_event(whole.id, "e-2")
        passed = ledger.pass_preflight(
            whole.id, fence, read=READ, queued=["main-1", "main-3"], look=frozenset(), dead={"main-2": FAILURE}
        )
        ledger.finish_preflight(whole.id, fence, notice="")

        assert list(passed) == ["main-3"]
        assert steps.counts(ledger, whole.id) == {"received": 2, "queued": 1}
        assert list(ledger.periods_due()) == [(whole.id, "main")]

    def test_a_chunk_larger_than_one_script_moves_whole(self, ledger: Ledger) -> None:
        """600 invoices pass in one call."""
        assert len(steps.queue(ledger, *range(1, 601))) == 600
        assert steps.counts(ledger, "main-p881") == {"queued": 600}

    def test_a_stale_holder_changes_nothing(self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy) -> None:
        """Once the lease ran out and another has taken over, the first can neither move nor finish."""
        whole = steps.take_in(ledger, 1)
        stale = ledger.claim_period(whole.id)
        clock.advance(policy.period_lease_seconds)
        taken = ledger.claim_period(whole.id)

        assert (stale, taken) == (1, 2)
        with pytest.raises(LeaseLost):
            ledger.pass_preflight(whole.id, 1, read=READ, queued=["main-1"], look=frozenset(), dead={})
        with pytest.raises(LeaseLost):
            ledger.finish_preflight(whole.id, 1, notice="")
        with pytest.raises(LeaseLost):
            ledger.defer_preflight(whole.id, 1, until=clock.now, notice="")
        assert steps.stored(ledger, "main-1").state == State.RECEIVED

    def test_moving_keeps_the_lease(self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy) -> None:
        """A long preflight holds its period as long as it moves invoices."""
        whole = steps.take_in(ledger, 1, 2)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        clock.advance(policy.period_lease_seconds - 1)
        ledger.pass_preflight(whole.id, fence, read=READ, queued=["main-1"], look=frozenset(), dead={})
        clock.advance(policy.period_lease_seconds - 1)

        assert None is ledger.claim_period(whole.id)

    def test_a_finished_period_is_checked(self, ledger: Ledger) -> None:
        """It carries its notice and is not due."""
        whole = steps.take_in(ledger, 1)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        ledger.finish_preflight(whole.id, fence, notice="3010 is missing")

        found = ledger.period(whole.id)
        assert found is not None
        assert (
            found.state,
            found.notice,
            list(ledger.periods_due()),
            ledger.claim_period(whole.id),
        ) == ("checked", "3010 is missing", [], None)

    def test_what_came_in_meanwhile_keeps_the_period_due(self, ledger: Ledger) -> None:
        """A second event taken in during the preflight is checked by another one."""
        whole = steps.take_in(ledger, 1)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        steps.take_in(ledger, 2, event="e-2")
        ledger.finish_preflight(whole.id, fence, notice="")

        assert [(whole.id, "main")] == list(ledger.periods_due())
        assert steps.check(ledger, whole.id) == ["main-1", "main-2"]
        assert steps.state_of_period(ledger, whole.id) == "checked"

    def test_an_event_being_written_meanwhile_keeps_the_period_open(self, ledger: Ledger) -> None:
        """The end of a preflight does not make a period that is being written to look checked."""
        whole = steps.take_in(ledger, 1)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        ledger.open_period(whole, "e-2")
        ledger.finish_preflight(whole.id, fence, notice="")
        between = (steps.state_of_period(ledger, whole.id), list(ledger.periods_due()))
        ledger.close_event(whole.id, "e-2")

        assert (("registering", []), [(whole.id, "main")]) == (between, list(ledger.periods_due()))

    def test_a_deferred_preflight_comes_back(self, ledger: Ledger, clock: ManualClock) -> None:
        """During an outage the period waits, not held by anyone, and is due again at the time given."""
        whole = steps.take_in(ledger, 1)
        fence = ledger.claim_period(whole.id)
        assert fence is not None
        ledger.defer_preflight(whole.id, fence, until=clock.now + 30, notice="e-conomic does not answer")
        clock.advance(29)
        before = list(ledger.periods_due())
        clock.advance(1)

        assert ([], [(whole.id, "main")], 2) == (before, list(ledger.periods_due()), ledger.claim_period(whole.id))

    def test_periods_of_a_paused_export_wait(self, ledger: Ledger) -> None:
        """A preflight would only meet the trouble that paused the export."""
        whole = steps.take_in(ledger, 1)
        ledger.pause("main", FAILURE)
        paused = list(ledger.periods_due())
        ledger.resume("main")

        assert ([], [(whole.id, "main")]) == (paused, list(ledger.periods_due()))
