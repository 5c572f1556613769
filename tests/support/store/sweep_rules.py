"""What every store keeps when it looks for invoices that stand still.

Policy: lease 25 s, lost after 15 s, in an idle queue after 20 s, overtaken by 5 s, 3 crashes.
"""

from support.clock import ManualClock
from support.store import steps
from support.store.steps import FAILURE

from worker.domain.record import Continue, ReturnToQueue, State, Wait
from worker.domain.store_port import Store
from worker.store.connection import StorePolicy

IDLE = frozenset({"main"})
BUSY: frozenset[str] = frozenset()


def swept(store: Store, idle: frozenset[str] = BUSY, limit: int = 500) -> list[str]:
    return [due.invoice_id for due in store.sweep(idle_exports=idle, limit=limit)]


class SweepRules:
    """Rules of ``SweepPort``."""

    def test_a_lease_that_ran_out_goes_back_to_the_queue(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """Not a moment before its end; what was saved stays."""
        [invoice_id] = steps.queue(store, 1)
        store.save(steps.claim(store, invoice_id).with_progress(draft_number=5), Continue(event="drafted"))
        clock.advance(policy.lease_seconds - 0.001)
        early = swept(store)
        clock.advance(0.001)

        assert ([], [invoice_id], []) == (early, swept(store), swept(store))
        record = steps.stored(store, invoice_id)
        assert (
            record.state,
            record.progress.draft_number,
            record.crashes,
            record.published_at,
        ) == (State.QUEUED, 5, 1, 0.0)
        assert steps.events(store, invoice_id)[-1] == ("lease-expired", "crashes 1")

    def test_what_died_goes_ahead_and_says_nothing_about_the_queue(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """Two wait in a long queue while a third, its worker dead, is sent ahead and claimed: theirs is not lost."""
        died, *others = steps.queue(store, 3)
        store.published([died, *others])
        steps.claim(store, died)
        clock.advance(policy.lease_seconds)
        [due] = store.sweep(idle_exports=BUSY)
        clock.advance(policy.overtaken_by + 1)
        store.published([died])
        steps.claim(store, died)

        assert (due.invoice_id, due.recovered) == (died, True)
        assert swept(store) == []

    def test_what_is_due_or_lost_waits_its_turn(self, store: Store, clock: ManualClock) -> None:
        """Only a dead worker's invoices go ahead."""
        steps.queue(store, 1)
        clock.advance(15)

        assert [due.recovered for due in store.sweep(idle_exports=BUSY)] == [False]

    def test_a_worker_killed_each_time_ends_in_a_dead_letter(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """Three executions without a word: crashes 1, 2, then dead."""
        [invoice_id] = steps.queue(store, 1)
        turns = []
        for _ in range(3):
            steps.claim(store, invoice_id)
            clock.advance(policy.lease_seconds)
            turns.append((swept(store), steps.stored(store, invoice_id).crashes))

        record = steps.stored(store, invoice_id)
        assert record.failure is not None
        assert [([invoice_id], 1), ([invoice_id], 2), ([], 3)] == turns
        assert (record.state, record.failure.reason) == (State.DEAD, "worker-killed")
        assert steps.counts(store, "main-p881") == {"dead": 1}

    def test_a_worker_killed_late_each_time_ends_in_a_dead_letter_too(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """A save that goes on with the lease is no end: only Finish, Wait, MoveToDeadLetters and ReturnToQueue are."""
        [invoice_id] = steps.queue(store, 1)
        turns = []
        for _ in range(3):
            store.save(steps.claim(store, invoice_id), steps.GOING_ON)
            clock.advance(policy.lease_seconds)
            turns.append((swept(store), steps.stored(store, invoice_id).crashes))

        assert [([invoice_id], 1), ([invoice_id], 2), ([], 3)] == turns

    def test_on_their_last_chance_they_run_one_by_one(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """Three that died together twice: the first at once, the others 10 and 20 s later, and the record says why."""
        invoice_ids = steps.queue(store, 1, 2, 3)
        for _ in range(2):
            for invoice_id in invoice_ids:
                steps.claim(store, invoice_id)
            clock.advance(policy.lease_seconds)
            together = swept(store)
        store.published(together)
        turns = []
        for _ in range(2):
            clock.advance(policy.alone_for - 0.001)
            early = swept(store)
            clock.advance(0.001)
            turns.append((early, swept(store)))
        failures = [steps.stored(store, invoice_id).failure for invoice_id in invoice_ids]

        assert (together, turns) == (["main-1"], [([], ["main-2"]), ([], ["main-3"])])
        assert [why and why.reason for why in failures] == ["worker-killed"] * 3

    def test_a_word_in_between_resets_the_crashes(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Only executions that end in silence, in a row, count."""
        [invoice_id] = steps.queue(store, 1)
        for _ in range(5):
            steps.claim(store, invoice_id)
            clock.advance(policy.lease_seconds)
            swept(store)
            store.save(steps.claim(store, invoice_id), ReturnToQueue())

        assert (
            steps.stored(store, invoice_id).state,
            steps.stored(store, invoice_id).crashes,
        ) == (State.QUEUED, 0)

    def test_a_due_retry_goes_back_to_the_queue(self, store: Store, clock: ManualClock) -> None:
        """At its time, earliest first."""
        invoice_ids = steps.queue(store, 1, 2)
        for invoice_id, wait in zip(invoice_ids, (2.0, 1.0), strict=True):
            store.save(
                steps.claim(store, invoice_id), Wait(until=clock.now + wait, failure=FAILURE, costs_attempt=True)
            )
        clock.advance(0.9)
        early = swept(store)
        clock.advance(1.1)

        assert (early, swept(store)) == ([], ["main-2", "main-1"])
        assert steps.events(store, "main-1")[-1] == ("due", "")

    def test_a_paused_export_is_left_alone(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Leases, retries and lost messages stay where they are, and go on at once when it is resumed."""
        first, second, third = steps.queue(store, 1, 2, 3)
        steps.claim(store, first)
        store.save(steps.claim(store, second), Wait(until=clock.now, failure=FAILURE, costs_attempt=True))
        other = steps.queue(store, 1, export="other")
        store.pause("main", FAILURE)
        clock.advance(policy.lease_seconds)
        paused = swept(store, IDLE)
        store.resume("main")

        assert (other, [first, second, third]) == (paused, swept(store, IDLE))

    def test_a_large_export_leaves_room_for_a_small_one(self, store: Store, clock: ManualClock) -> None:
        """Limit 10, two exports; 20 wait in one, one in the other, which passes on what it leaves of its share."""
        steps.queue(store, *range(1, 21), export="big")
        steps.queue(store, 1, export="small")
        clock.advance(60)
        due = swept(store, limit=10)

        assert (len(due), due.count("small-1")) == (10, 1)

    def test_idle_exports_cost_the_others_nothing(self, store: Store, clock: ManualClock) -> None:
        """Of 40 exports 37 have nothing to do: their part of the limit goes to the three, the smaller ones first."""
        for number in range(37):
            steps.take_in(store, 1, export=f"idle{number}")
        for export, count in (("one", 20), ("two", 20), ("small", 2)):
            steps.queue(store, *range(1, count + 1), export=export)
        clock.advance(60)
        due = [invoice_id.split("-")[0] for invoice_id in swept(store, limit=30)]

        assert [due.count(export) for export in ("small", "one", "two")] == [2, 14, 14]

    def test_an_execution_that_the_store_cut_short_is_no_crash(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """Before its lease ran out or after it, once or twice: the process lives, so nothing is counted."""
        [invoice_id] = steps.queue(store, 1)
        early = steps.claim(store, invoice_id)
        store.give_back(invoice_id, early.fence)
        given_back = swept(store)
        late = steps.claim(store, invoice_id)
        clock.advance(policy.lease_seconds)
        swept(store)
        counted = steps.stored(store, invoice_id).crashes
        for _ in range(2):
            store.give_back(invoice_id, late.fence)

        assert (given_back, counted) == ([invoice_id], 1)
        assert (steps.stored(store, invoice_id).state, steps.stored(store, invoice_id).crashes) == (State.QUEUED, 0)

    def test_a_dead_letter_for_a_worker_that_lives_comes_back(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """Twice a process ended, the third time only the store was away: two crashes stay counted."""
        [invoice_id] = steps.queue(store, 1)
        for _ in range(3):
            last = steps.claim(store, invoice_id)
            clock.advance(policy.lease_seconds)
            swept(store)
        dead = steps.stored(store, invoice_id).state
        store.give_back(invoice_id, last.fence)
        record = steps.stored(store, invoice_id)

        assert (dead, record.state, record.crashes, record.failure) == (State.DEAD, State.QUEUED, 2, None)
        assert swept(store) == [invoice_id]

    def test_only_the_last_execution_gives_back(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Another has begun since, has come to an end, or the invoice waits for a person: nothing changes."""
        first, second = steps.queue(store, 1, 2)
        stale = steps.claim(store, first)
        clock.advance(policy.lease_seconds)
        swept(store)
        steps.claim(store, first)
        ended = steps.claim(store, second)
        store.save(ended, Wait(until=clock.now + 30, failure=FAILURE, costs_attempt=True))
        died = steps.dead_letter(store, 3)
        store.give_back(first, stale.fence)
        store.give_back(second, ended.fence)
        for invoice_id in (*died, "main-404"):
            store.give_back(invoice_id, 1)

        states = [steps.stored(store, invoice_id).state for invoice_id in (first, second, *died)]
        assert states == [State.EXPORTING, State.WAITING, State.DEAD]
        assert steps.stored(store, first).crashes == 1
