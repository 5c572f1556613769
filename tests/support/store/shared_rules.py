"""What every ledger keeps of customers and products that several invoices need."""

from dataclasses import replace

import pytest
from support.clock import ManualClock
from support.store.intake_rules import INTENT

from worker.domain.store_port import Ledger, SharedCreation
from worker.errors import Busy, LeaseLost
from worker.store import LedgerPolicy

KEY = "customer:main:ACME-1"


class SharedRules:
    """Rules of the shared creations of ``ExportPort``."""

    def test_one_creates_and_the_others_come_back(self, ledger: Ledger) -> None:
        """While one is at it, another is told to come back soon; no attempt is used up for that."""
        first = ledger.open_shared(KEY)
        with pytest.raises(Busy) as refused:
            ledger.open_shared(KEY)

        assert SharedCreation(number=None, intent=None, generation=0, fence=1) == first
        assert (
            refused.value.retry_after,
            refused.value.costs_attempt,
            refused.value.failure.reason,
        ) == (2.0, False, "busy")

    def test_a_number_ends_the_flight(self, ledger: Ledger) -> None:
        """Everyone reads the number from then on, without a lease."""
        mine = ledger.open_shared(KEY)
        ledger.save_shared(KEY, replace(mine, intent=INTENT))
        ledger.save_shared(KEY, replace(mine, number="1001"))

        assert [replace(mine, number="1001")] * 2 == [ledger.open_shared(KEY) for _ in "ab"]

    def test_an_intent_outlives_its_holder(self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy) -> None:
        """Who takes over finds what the first may have sent, and the first can write no more."""
        stale = ledger.open_shared(KEY)
        clock.advance(policy.lease_seconds - 1)
        ledger.save_shared(KEY, replace(stale, intent=INTENT, generation=3))
        clock.advance(policy.lease_seconds - 1)
        with pytest.raises(Busy) as refused:
            ledger.open_shared(KEY)
        clock.advance(1)
        taken = ledger.open_shared(KEY)

        assert refused.value.retry_after == 1.0
        assert SharedCreation(number=None, intent=INTENT, generation=3, fence=2) == taken
        with pytest.raises(LeaseLost):
            ledger.save_shared(KEY, replace(stale, number="1001"))
        ledger.release_shared(KEY, stale.fence)
        with pytest.raises(Busy):
            ledger.open_shared(KEY)

    def test_a_renewal_holds_it_and_changes_nothing_else(
        self, ledger: Ledger, clock: ManualClock, policy: LedgerPolicy
    ) -> None:
        """Counted from the renewal; what was recorded stays, and a stale holder renews nothing."""
        mine = ledger.open_shared(KEY)
        ledger.save_shared(KEY, replace(mine, intent=INTENT))
        clock.advance(policy.lease_seconds - 1)
        ledger.renew_shared(KEY, mine.fence)
        clock.advance(policy.lease_seconds - 1)
        with pytest.raises(Busy):
            ledger.open_shared(KEY)
        clock.advance(1)
        taken = ledger.open_shared(KEY)
        clock.advance(policy.lease_seconds - 1)
        with pytest.raises(LeaseLost):
            ledger.renew_shared(KEY, mine.fence)
        with pytest.raises(LeaseLost):
            ledger.renew_shared("product:main:1", 0)
        clock.advance(1)

        assert (taken.intent, taken.fence, ledger.open_shared(KEY).fence) == (INTENT, 2, 3)

    def test_a_released_one_may_be_taken_at_once(self, ledger: Ledger) -> None:
        """After a failure the next one tries, with the intent that was left."""
        mine = ledger.open_shared(KEY)
        ledger.save_shared(KEY, replace(mine, intent=INTENT))
        ledger.release_shared(KEY, mine.fence)

        assert ((again := ledger.open_shared(KEY)).intent, again.fence) == (INTENT, 2)

    def test_a_forgotten_number_is_created_anew_under_a_new_key(self, ledger: Ledger) -> None:
        """e-conomic would answer the old key with the number that is gone, so the generation rises."""
        mine = ledger.open_shared(KEY)
        ledger.save_shared(KEY, replace(mine, number="1001", intent=INTENT))
        ledger.forget_shared(KEY)
        anew = ledger.open_shared(KEY)

        assert SharedCreation(number=None, intent=None, generation=1, fence=3) == anew
        with pytest.raises(LeaseLost):
            ledger.save_shared(KEY, replace(mine, number="1001"))

    def test_there_may_be_nothing_to_forget(self, ledger: Ledger) -> None:
        """Forgetting what is unknown, or being created, changes nothing."""
        ledger.forget_shared(KEY)
        mine = ledger.open_shared(KEY)
        ledger.forget_shared(KEY)
        ledger.save_shared(KEY, replace(mine, number="1001"))

        assert ledger.open_shared(KEY).number == "1001"

    def test_nobody_saves_what_nobody_opened(self, ledger: Ledger) -> None:
        """A creation that Redis has lost has no holder."""
        with pytest.raises(LeaseLost):
            ledger.save_shared(KEY, SharedCreation(number="1", intent=None, generation=0, fence=1))
