"""A rate limiter for tests whose subject is something else."""

from collections.abc import Callable

from config.export_schema import Limits
from worker.domain.ports import Feedback, Permit, RateDenied


class PatientRateLimiter:
    """Allows every call, but leaves an agreement alone for as long as a 429 asks."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._blocked: dict[str, float] = {}

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:  # noqa: ARG002  # as the port has it
        wait = self._blocked.get(agreement, 0.0) - self._clock()
        if wait > 0:
            raise RateDenied("blocked", retry_after=wait)
        return Permit(agreement=agreement, limits=limits, cost=cost)

    def report(self, permit: Permit, feedback: Feedback) -> None:
        if feedback.throttled or feedback.retry_after is not None:
            pause = 10.0 if feedback.retry_after is None else max(1.0, feedback.retry_after)
            self._blocked[permit.agreement] = self._clock() + pause
