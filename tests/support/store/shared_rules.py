"""What every store keeps of customers and products that several invoices need."""

from dataclasses import replace

import pytest
from support.clock import ManualClock
from support.store.intake_rules import INTENT

from worker.domain.store_port import SharedRecord, Store
from worker.errors import Busy, LeaseLost
from worker.store.connection import StorePolicy

KEY = "customer:main:ACME-1"
OTHER_KEY = "known:417001:card-other"


class SharedRules:
    """Rules of the shared creations of ``ExportPort``."""

    def test_one_creates_and_the_others_come_back(self, store: Store) -> None:
        """While one is at it, another is asked to come back soon; no attempt is used up for that."""
        first = store.open_shared(KEY)
        with pytest.raises(Busy) as refused:
            store.open_shared(KEY)

        assert SharedRecord(number=None, intent=None, generation=0, fence=1) == first
        assert (
            refused.value.retry_after,
            refused.value.costs_attempt,
            refused.value.failure.reason,
        ) == (2.0, False, "busy")

    def test_a_number_ends_the_flight(self, store: Store, clock: ManualClock) -> None:
        """Everyone reads the number from then on, without a lease; it was proved when it was found."""
        mine = store.open_shared(KEY)
        store.save_shared(KEY, replace(mine, intent=INTENT))
        store.save_shared(KEY, replace(mine, number="1001"))

        assert [replace(mine, number="1001", proved_at=clock())] * 2 == [store.open_shared(KEY) for _ in "ab"]

    def test_a_number_is_proved_again(self, store: Store, clock: ManualClock) -> None:
        """Only the number that was shown to be right: one that has changed meanwhile stays as old as it is."""
        for key, number in ((KEY, "1001"), (OTHER_KEY, "1002")):
            store.save_shared(key, replace(store.open_shared(key), number=number))
        found = clock()
        clock.advance(1000)
        assert store.shared_numbers([KEY, OTHER_KEY, "nothing-here"]) == {KEY: "1001", OTHER_KEY: "1002"}
        store.prove_shared({KEY: "1001", OTHER_KEY: "9999", "nothing-here": "1"})

        assert [store.open_shared(key).proved_at for key in (KEY, OTHER_KEY)] == [clock(), found]
        assert store.shared_numbers(["nothing-here"]) == {}

    def test_a_doubted_number_stays_and_is_proved_no_longer(self, store: Store, clock: ManualClock) -> None:
        """Until it is proved again; what is unknown, or being created, stays as it is."""
        for key, number in ((KEY, "1001"), (OTHER_KEY, "1002")):
            store.save_shared(key, replace(store.open_shared(key), number=number))
        making = store.open_shared("making")
        store.doubt_shared([KEY, "nothing-here", "making"])
        store.doubt_shared([])
        store.save_shared("making", replace(making, number="1003"))

        found = {key: store.open_shared(key) for key in (KEY, OTHER_KEY, "making")}
        assert [(one.number, one.proved_at) for one in found.values()] == [
            ("1001", 0.0),
            ("1002", clock()),
            ("1003", clock()),
        ]
        assert store.shared_numbers(["nothing-here"]) == {}
        store.prove_shared({KEY: "1001"})
        assert store.open_shared(KEY).proved_at == clock()

    def test_an_intent_outlives_its_holder(self, store: Store, clock: ManualClock, policy: StorePolicy) -> None:
        """Who takes over finds what the first may have sent, and the first can write no more."""
        stale = store.open_shared(KEY)
        clock.advance(policy.lease_seconds - 1)
        store.save_shared(KEY, replace(stale, intent=INTENT, generation=3))
        clock.advance(policy.lease_seconds - 1)
        with pytest.raises(Busy) as refused:
            store.open_shared(KEY)
        clock.advance(1)
        taken = store.open_shared(KEY)

        assert refused.value.retry_after == 1.0
        assert SharedRecord(number=None, intent=INTENT, generation=3, fence=2) == taken
        with pytest.raises(LeaseLost):
            store.save_shared(KEY, replace(stale, number="1001"))
        store.release_shared(KEY, stale.fence)
        with pytest.raises(Busy):
            store.open_shared(KEY)

    def test_a_renewal_holds_it_and_changes_nothing_else(
        self, store: Store, clock: ManualClock, policy: StorePolicy
    ) -> None:
        """Counted from the renewal; what was recorded stays, and a stale holder renews nothing."""
        mine = store.open_shared(KEY)
        store.save_shared(KEY, replace(mine, intent=INTENT))
        clock.advance(policy.lease_seconds - 1)
        store.renew_shared(KEY, mine.fence)
        clock.advance(policy.lease_seconds - 1)
        with pytest.raises(Busy):
            store.open_shared(KEY)
        clock.advance(1)
        taken = store.open_shared(KEY)
        clock.advance(policy.lease_seconds - 1)
        with pytest.raises(LeaseLost):
            store.renew_shared(KEY, mine.fence)
        with pytest.raises(LeaseLost):
            store.renew_shared("product:main:1", 0)
        clock.advance(1)

        assert (taken.intent, taken.fence, store.open_shared(KEY).fence) == (INTENT, 2, 3)

    def test_a_released_one_may_be_taken_at_once(self, store: Store) -> None:
        """After a failure the next one tries, with the intent that was left."""
        mine = store.open_shared(KEY)
        store.save_shared(KEY, replace(mine, intent=INTENT))
        store.release_shared(KEY, mine.fence)

        assert ((again := store.open_shared(KEY)).intent, again.fence) == (INTENT, 2)

    def test_a_forgotten_number_is_created_anew_under_a_new_key(self, store: Store) -> None:
        """e-conomic would answer the old key with the number that is gone, so the generation rises."""
        mine = store.open_shared(KEY)
        store.save_shared(KEY, replace(mine, number="1001", intent=INTENT))
        store.forget_shared(KEY)
        anew = store.open_shared(KEY)

        assert SharedRecord(number=None, intent=None, generation=1, fence=3) == anew
        with pytest.raises(LeaseLost):
            store.save_shared(KEY, replace(mine, number="1001"))

    def test_there_may_be_nothing_to_forget(self, store: Store) -> None:
        """Forgetting what is unknown, or being created, changes nothing."""
        store.forget_shared(KEY)
        mine = store.open_shared(KEY)
        store.forget_shared(KEY)
        store.save_shared(KEY, replace(mine, number="1001"))

        assert store.open_shared(KEY).number == "1001"

    def test_nobody_saves_what_nobody_opened(self, store: Store) -> None:
        """A creation that Redis has lost has no holder."""
        with pytest.raises(LeaseLost):
            store.save_shared(KEY, SharedRecord(number="1", intent=None, generation=0, fence=1))
