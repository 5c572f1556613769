"""What every ledger keeps when it looks for invoices that stand still.

Policy: lease 25 s, lost after 15 s, in an idle queue after 20 s, overtaken by 5 s, 3 crashes.
"""

from support.clock import ManualClock
from support.ledger import steps
from support.ledger.steps import FAILURE

from worker.invoicing.ports import Ledger
from worker.invoicing.record import Bury, Continue, State, Wait, Yield
from worker.ledger import LedgerPolicy

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

    def test_what_was_never_published_is_called_for(self, ledger: Ledger, clock: ManualClock) -> None:
        """A crash between queueing and publishing is healed after 15 s, and again 15 s later."""
        [invoice_id] = steps.queue(ledger, 1)
        clock.advance(14)
        early = swept(ledger)
        clock.advance(1)
        first = swept(ledger)
        clock.advance(14)
        between = swept(ledger)
        clock.advance(1)

        assert ([], [invoice_id], [], [invoice_id]) == (early, first, between, swept(ledger))

    def test_a_long_queue_is_no_reason_to_publish_again(self, ledger: Ledger, clock: ManualClock) -> None:
        """An hour in a queue that is not empty: nothing is lost as long as nothing later was claimed."""
        ledger.published(steps.queue(ledger, 1, 2))
        clock.advance(3600)

        assert swept(ledger) == []

    def test_a_message_overtaken_is_lost(self, ledger: Ledger, clock: ManualClock) -> None:
        """Queues are first in, first out: when one published 5 s later is claimed, the earlier is gone."""
        first, second, third = steps.queue(ledger, 1, 2, 3)
        ledger.published([first])
        clock.advance(0.1)
        ledger.published([second])
        clock.advance(4.9)
        ledger.published([third])
        clock.advance(60)
        steps.claim(ledger, third)
        steps.claim(ledger, second)

        assert [first] == swept(ledger)
        assert swept(ledger) == []

    def test_a_message_overtaken_is_lost_after_15_seconds_at_the_earliest(
        self, ledger: Ledger, clock: ManualClock
    ) -> None:
        """Workers hold a few in reserve, so order alone is no proof."""
        first, second = steps.queue(ledger, 1, 2)
        ledger.published([first])
        clock.advance(6)
        ledger.published([second])
        steps.claim(ledger, second)
        clock.advance(8.9)
        early = swept(ledger)
        clock.advance(0.1)

        assert ([], [first]) == (early, swept(ledger))

    def test_a_repeated_message_says_nothing_about_order(self, ledger: Ledger, clock: ManualClock) -> None:
        """The first message may be the one claimed, so those published before the repeat are not overtaken."""
        first, second = steps.queue(ledger, 1, 2)
        ledger.published([first, second])
        clock.advance(60)
        ledger.published([first])
        steps.claim(ledger, first)

        assert swept(ledger) == []

    def test_the_message_of_a_retry_says_how_far_the_queue_is(self, ledger: Ledger, clock: ManualClock) -> None:
        """A new turn begins a new message: its claim shows that one published 5 s before it is gone."""
        first, second = steps.queue(ledger, 1, 2)
        ledger.published([first])
        ledger.save(steps.claim(ledger, first), Wait(until=clock.now, failure=FAILURE, costs_attempt=True))
        swept(ledger)
        ledger.published([second])
        clock.advance(5)
        ledger.published([first])
        clock.advance(60)
        steps.claim(ledger, first)

        assert [second] == swept(ledger)

    def test_in_an_idle_queue_a_message_is_lost_after_20_seconds(self, ledger: Ledger, clock: ManualClock) -> None:
        """Empty queue, still queued here: its message is gone."""
        [invoice_id] = steps.queue(ledger, 1)
        ledger.published([invoice_id])
        clock.advance(19)
        early = swept(ledger, IDLE)
        clock.advance(1)

        assert ([], [], [invoice_id]) == (early, swept(ledger, frozenset({"other"})), swept(ledger, IDLE))
        assert steps.stored(ledger, invoice_id).published_at == 0.0

    def test_publishing_again_starts_the_wait_again(self, ledger: Ledger, clock: ManualClock) -> None:
        """The time of the last message counts."""
        [invoice_id] = steps.queue(ledger, 1)
        for _ in range(3):
            ledger.published([invoice_id])
            clock.advance(15)

        assert ([], clock.now - 15) == (swept(ledger, IDLE), steps.stored(ledger, invoice_id).published_at)

    def test_publishing_is_noted_for_the_queued_only(self, ledger: Ledger) -> None:
        """A worker may have claimed, or even finished, before the publisher notes that it has published."""
        first, second = steps.queue(ledger, 1, 2)
        held = steps.claim(ledger, first)
        dead = ledger.save(steps.claim(ledger, second), Bury(failure=FAILURE))
        ledger.published([first, second, "main-9"])

        assert [held, dead] == [steps.stored(ledger, one) for one in (first, second)]

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
