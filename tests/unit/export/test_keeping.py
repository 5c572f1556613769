"""A lease kept alive beside long work."""

import threading

from worker.errors import LeaseLost, LedgerDown
from worker.export.keeping import kept
from worker.invoicing.reasons import Reason, failure


class Renewals:
    """Counts; raises what it is told to, once each."""

    def __init__(self, *troubles: Exception, enough: int) -> None:
        self.count = 0
        self.reached = threading.Event()
        self._troubles = list(troubles)
        self._enough = enough

    def __call__(self) -> None:
        self.count += 1
        if self.count >= self._enough:
            self.reached.set()
        if self._troubles:
            raise self._troubles.pop(0)


def test_it_is_renewed_while_the_work_goes_on_and_not_after() -> None:
    """Three renewals within the block; the thread has ended with it."""
    renewals = Renewals(enough=3)
    with kept(renewals, every=0.001):
        assert renewals.reached.wait(10)
    after = renewals.count

    assert [thread for thread in threading.enumerate() if thread.name == "lease"] == []
    assert renewals.count == after


def test_a_redis_that_is_down_for_a_moment_ends_nothing() -> None:
    """The next renewal may reach it again."""
    down = LedgerDown(failure(Reason.LEDGER_DOWN, "Redis does not answer."))
    renewals = Renewals(down, down, enough=3)
    with kept(renewals, every=0.001):
        assert renewals.reached.wait(10)


def test_a_lost_lease_is_not_renewed_again() -> None:
    """Another has it: renewing could only disturb; the work itself meets the loss at its next write."""
    renewals = Renewals(LeaseLost("another"), enough=1)
    with kept(renewals, every=0.001):
        assert renewals.reached.wait(10)
        beating = [thread for thread in threading.enumerate() if thread.name == "lease"]
        for thread in beating:
            thread.join(10)

    assert ([thread.is_alive() for thread in beating].count(True), renewals.count) == (0, 1)
