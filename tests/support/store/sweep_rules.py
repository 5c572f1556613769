"""What every ledger keeps when it looks for invoices that stand still.

Policy: lease 25 s, lost after 15 s, in an idle queue after 20 s, overtaken by 5 s, 3 crashes.
"""

from support.clock import ManualClock
from support.store import steps
from support.store.steps import FAILURE

from worker.domain.record import Continue, State, Wait, Yield
from worker.domain.store_port import Ledger
from worker.store import LedgerPolicy

IDLE = frozenset({"main"})
BUSY: frozenset[str] = frozenset()


def swept(ledger: Ledger, idle: frozenset[str] = BUSY, limit: int = 500) -> list[str]:
    return [due.invoice_id for due in ledger.sweep(idle_exports=idle, limit=limit)]


class SweepRules:
    """Rules of ``SweepPort``."""

    def test_a_lease_that_ran_out_goes_back_to_the_queue(
        self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy
    ) -> None:
        """Not a moment before its end; what was saved stays."""
        [invoice_id] = steps.queue(ledger, 1)
        ledger.save(steps.claim(ledger, invoice_id).with_progress(draft_number=5), Continue(event="drafted"))
        clock.advance(policy.lease_seconds - 0.001)
        early = swept(ledger)
        clock.advance(0.001)

        assert ([], [invoice_id], []) == (early, swept(ledger), swept(ledger))
        found = steps.stored(ledger, invoice_id)
        assert (
            found.state,
            found.progress.draft_number,
            found.crashes,
            found.published_at,
        ) == (State.QUEUED, 5, 1, 0.0)
        assert steps.events(ledger, invoice_id)[-1] == ("lease-expired", "crashes 1")

    def test_what_died_goes_ahead_and_says_nothing_about_the_queue(
        self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy
    ) -> None:
        """Two wait in a long queue while a third, its worker dead, is sent ahead and claimed: theirs is not lost."""
        died, *others = steps.queue(ledger, 3)
        ledger.published([died, *others])
        steps.claim(ledger, died)
        clock.advance(policy.lease_seconds)
        [due] = ledger.sweep(idle_exports=BUSY)
        clock.advance(policy.overtaken_by + 1)
        ledger.published([died])
        steps.claim(ledger, died)

        assert (due.invoice_id, due.recovered) == (died, True)
        assert swept(ledger) == []

    def test_what_is_due_or_lost_waits_its_turn(self, ledger: Ledger, clock: ManualClock) -> None:
        """Only a dead worker's invoices go ahead."""
        steps.queue(ledger, 1)
        clock.advance(15)

        assert [due.recovered for due in ledger.sweep(idle_exports=BUSY)] == [False]

    def test_a_worker_killed_each_time_buries_the_invoice(
        self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy
    ) -> None:
        """Three executions without a word: crashes 1, 2, then dead."""
        [invoice_id] = steps.queue(ledger, 1)
        found = []
        for _ in range(3):
            steps.claim(ledger, invoice_id)
            clock.advance(policy.lease_seconds)
            found.append((swept(ledger), steps.stored(ledger, invoice_id).crashes))

        record = steps.stored(ledger, invoice_id)
        assert record.failure is not None
        assert [([invoice_id], 1), ([invoice_id], 2), ([], 3)] == found
        assert (record.state, record.failure.reason) == (State.DEAD, "worker-killed")
        assert steps.counts(ledger, "main-p881") == {"dead": 1}

    def test_a_worker_killed_late_each_time_buries_the_invoice_too(
        self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy
    ) -> None:
        """A save that goes on with the lease is no end: only Finish, Wait, Bury and Yield are."""
        [invoice_id] = steps.queue(ledger, 1)
        found = []
        for _ in range(3):
            ledger.save(steps.claim(ledger, invoice_id), steps.GOING_ON)
            clock.advance(policy.lease_seconds)
            found.append((swept(ledger), steps.stored(ledger, invoice_id).crashes))

        assert [([invoice_id], 1), ([invoice_id], 2), ([], 3)] == found

    def test_on_their_last_chance_they_run_one_by_one(
        self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy
    ) -> None:
        """Three that died together twice: the first at once, the others 10 and 20 s later, and the reason is told."""
        invoice_ids = steps.queue(ledger, 1, 2, 3)
        for _ in range(2):
            for invoice_id in invoice_ids:
                steps.claim(ledger, invoice_id)
            clock.advance(policy.lease_seconds)
            together = swept(ledger)
        ledger.published(together)
        found = []
        for _ in range(2):
            clock.advance(policy.alone_for - 0.001)
            early = swept(ledger)
            clock.advance(0.001)
            found.append((early, swept(ledger)))
        failures = [steps.stored(ledger, invoice_id).failure for invoice_id in invoice_ids]

        assert (together, found) == (["main-1"], [([], ["main-2"]), ([], ["main-3"])])
        assert [why and why.reason for why in failures] == ["worker-killed"] * 3

    def test_a_word_in_between_resets_the_crashes(
        self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy
    ) -> None:
        """Only executions that end in silence, in a row, count."""
        [invoice_id] = steps.queue(ledger, 1)
        for _ in range(5):
            steps.claim(ledger, invoice_id)
            clock.advance(policy.lease_seconds)
            swept(ledger)
            ledger.save(steps.claim(ledger, invoice_id), Yield())

        assert (
            steps.stored(ledger, invoice_id).state,
            steps.stored(ledger, invoice_id).crashes,
        ) == (State.QUEUED, 0)

    def test_a_due_retry_goes_back_to_the_queue(self, ledger: Ledger, clock: ManualClock) -> None:
        """At its time, earliest first."""
        invoice_ids = steps.queue(ledger, 1, 2)
        for invoice_id, wait in zip(invoice_ids, (2.0, 1.0), strict=True):
            ledger.save(
                steps.claim(ledger, invoice_id), Wait(until=clock.now + wait, failure=FAILURE, costs_attempt=True)
            )
        clock.advance(0.9)
        early = swept(ledger)
        clock.advance(1.1)

        assert (early, swept(ledger)) == ([], ["main-2", "main-1"])
        assert steps.events(ledger, "main-1")[-1] == ("due", "")

    def test_a_paused_export_is_left_alone(self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy) -> None:
        """Leases, retries and lost messages stay where they are, and go on at once when it is resumed."""
        first, second, third = steps.queue(ledger, 1, 2, 3)
        steps.claim(ledger, first)
        ledger.save(steps.claim(ledger, second), Wait(until=clock.now, failure=FAILURE, costs_attempt=True))
        other = steps.queue(ledger, 1, export="other")
        ledger.pause("main", FAILURE)
        clock.advance(policy.lease_seconds)
        paused = swept(ledger, IDLE)
        ledger.resume("main")

        assert (other, [first, second, third]) == (paused, swept(ledger, IDLE))

    def test_a_large_export_leaves_room_for_a_small_one(self, ledger: Ledger, clock: ManualClock) -> None:
        """Limit 10, two exports: five each; 20 wait in one, one in the other."""
        steps.queue(ledger, *range(1, 21), export="big")
        steps.queue(ledger, 1, export="small")
        clock.advance(60)
        found = swept(ledger, limit=10)

        assert (len(found), found.count("small-1")) == (6, 1)
