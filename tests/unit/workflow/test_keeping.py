"""Leases kept alive beside long work."""

import threading

from worker.domain.reasons import ProcessReason, failure
from worker.errors import LeaseLost, LedgerDown
from worker.workflow.lease_renewal import Keeper


class Renewals:
    """Counts; raises what it is told to, once each."""

    def __init__(self, *troubles: Exception, enough: int = 1) -> None:
        self.count = 0
        self.threads: set[int] = set()
        self.reached = threading.Event()
        self._troubles = list(troubles)
        self._enough = enough

    def __call__(self) -> None:
        self.count += 1
        self.threads.add(threading.get_ident())
        if self.count >= self._enough:
            self.reached.set()
        if self._troubles:
            raise self._troubles.pop(0)


def _three_beats(keeper: Keeper) -> None:
    """Whatever is held has been renewed, or passed over, when another was renewed three times."""
    beats = Renewals(enough=3)
    with keeper.keeping(beats):
        assert beats.reached.wait(10)


def test_it_is_renewed_while_the_work_goes_on_and_not_after() -> None:
    """Three renewals within the block, none behind it: what was given back must not be taken again."""
    keeper, renewals = Keeper(every=0.001), Renewals(enough=3)
    with keeper.keeping(renewals):
        assert renewals.reached.wait(10)
    after = renewals.count
    _three_beats(keeper)

    assert renewals.count == after


def test_many_are_kept_by_one_thread() -> None:
    """However many slots a worker has."""
    keeper, many = Keeper(every=0.001), [Renewals() for _ in range(3)]
    with keeper.keeping(many[0]), keeper.keeping(many[1]), keeper.keeping(many[2]):
        assert all(one.reached.wait(10) for one in many)

    assert len(set[int]().union(*(one.threads for one in many))) == 1


def test_a_redis_that_is_down_for_a_moment_ends_nothing() -> None:
    """The next renewal may reach it again."""
    down = LedgerDown(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))
    renewals = Renewals(down, down, enough=3)
    with Keeper(every=0.001).keeping(renewals):
        assert renewals.reached.wait(10)


def test_a_lost_lease_is_not_renewed_again() -> None:
    """Another has it: renewing could only disturb; the work itself meets the loss at its next write."""
    keeper, renewals = Keeper(every=0.001), Renewals(LeaseLost("another"))
    with keeper.keeping(renewals):
        assert renewals.reached.wait(10)
        _three_beats(keeper)

    assert renewals.count == 1


def test_what_hangs_is_not_kept_for_ever() -> None:
    """Past the longest time that honest work takes, another may take over."""
    keeper, renewals = Keeper(every=0.001, most=0.0), Renewals()
    with keeper.keeping(renewals):
        _three_beats(Keeper(every=0.001))

    assert renewals.count == 0
