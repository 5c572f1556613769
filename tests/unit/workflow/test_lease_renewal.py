"""Leases kept alive beside long work."""

import threading

from worker.domain.reasons import ProcessReason, failure
from worker.errors import LeaseLost, StoreUnavailable
from worker.workflow.lease_renewal import LeaseRenewer


class Renewals:
    """Counts renewals; raises each of the errors once."""

    def __init__(self, *errors: Exception, enough: int = 1) -> None:
        self.count = 0
        self.threads: set[int] = set()
        self.reached = threading.Event()
        self._errors = list(errors)
        self._enough = enough

    def __call__(self) -> None:
        self.count += 1
        self.threads.add(threading.get_ident())
        if self.count >= self._enough:
            self.reached.set()
        if self._errors:
            raise self._errors.pop(0)


def _three_beats(lease_renewer: LeaseRenewer) -> None:
    """Whatever is held has been renewed, or passed over, when another was renewed three times."""
    beats = Renewals(enough=3)
    with lease_renewer.lease_renewal(beats):
        assert beats.reached.wait(60)


def test_it_is_renewed_while_the_work_goes_on_and_not_after() -> None:
    """Three renewals within the block, none after it: a lease that was released must not be taken again."""
    lease_renewer, renewals = LeaseRenewer(every=0.001), Renewals(enough=3)
    with lease_renewer.lease_renewal(renewals):
        assert renewals.reached.wait(60)
    after = renewals.count
    _three_beats(lease_renewer)

    assert renewals.count == after


def test_many_are_kept_by_one_thread() -> None:
    """However many slots a worker has."""
    lease_renewer, many = LeaseRenewer(every=0.001), [Renewals() for _ in range(3)]
    with (
        lease_renewer.lease_renewal(many[0]),
        lease_renewer.lease_renewal(many[1]),
        lease_renewer.lease_renewal(many[2]),
    ):
        assert all(renewal.reached.wait(60) for renewal in many)

    assert len(set[int]().union(*(renewal.threads for renewal in many))) == 1


def test_a_redis_that_is_down_for_a_moment_ends_nothing() -> None:
    """The next renewal may reach it again."""
    down = StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))
    renewals = Renewals(down, down, enough=3)
    with LeaseRenewer(every=0.001).lease_renewal(renewals):
        assert renewals.reached.wait(60)


def test_a_lost_lease_is_not_renewed_again() -> None:
    """Another has it: renewing could only disturb; the work itself meets the loss at its next write."""
    lease_renewer, renewals = LeaseRenewer(every=0.001), Renewals(LeaseLost("another"))
    with lease_renewer.lease_renewal(renewals):
        assert renewals.reached.wait(60)
        _three_beats(lease_renewer)

    assert renewals.count == 1


def test_what_hangs_is_not_kept_for_ever() -> None:
    """Past the longest time that honest work takes, another may take over."""
    lease_renewer, renewals = LeaseRenewer(every=0.001, most=0.0), Renewals()
    with lease_renewer.lease_renewal(renewals):
        _three_beats(LeaseRenewer(every=0.001))

    assert renewals.count == 0


def test_a_lease_is_given_back_once_the_store_answers() -> None:
    """However often it does not; after that never again, so that a later execution keeps its own."""
    down = StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))
    lease_renewer, give_back = LeaseRenewer(every=0.001), Renewals(down, down, enough=3)
    lease_renewer.give_back_later(give_back)
    assert give_back.reached.wait(60)
    _three_beats(lease_renewer)

    assert give_back.count == 3
