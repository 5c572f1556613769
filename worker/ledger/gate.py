"""The rate gate: leave for a call is one trip to its store, the report of an unremarkable answer none."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from config.exports import Limits
from worker.errors import Failure, LedgerDown, Throttled
from worker.invoicing.economic_port import Feedback, Permit
from worker.invoicing.reasons import Reason, failure
from worker.ledger import gate_rules as rules
from worker.ledger.gate_state import Bucket, Request, Verdict

#: Seconds that a job may wait in the worker's slot for the tokens of its first call, and of every further one. Jobs are
#: let in while the line is short, so there are few of them; if those were sent away in the middle, jobs of several
#: calls would never end while tokens are scarce.
FIRST_WAIT, NEXT_WAIT = 2.0, 15.0


class Gate(ABC):
    """A ``RateGate``; subclasses say where its buckets lie."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        #: Agreement -> tokens by which reservations were wrong; settled with the next reservation.
        self._owed: dict[str, float] = {}
        #: Agreements whose last call failed here, so that the next success is news.
        self._suspects: set[str] = set()

    @abstractmethod
    def admit(self, agreement: str, request: Request) -> Verdict:
        """See ``gate_rules.admit``. Raises ``LedgerDown``."""

    @abstractmethod
    def note(self, permit: Permit, feedback: Feedback, correction: float) -> None:
        """See ``gate_rules.note``. Raises ``LedgerDown``."""

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        """See ``RateGate``."""
        max_wait = NEXT_WAIT if begun else FIRST_WAIT
        request = Request(cost=cost, correction=self._settle(agreement), limits=limits, max_wait=max_wait)
        verdict = self.admit(agreement, request)
        if verdict.word != "go":
            raise Throttled(_refusal(verdict, limits), retry_after=verdict.wait)
        if verdict.wait:
            self._sleep(verdict.wait)
        return Permit(
            agreement=agreement,
            limits=limits,
            cost=cost,
            spent=verdict.spent,
            granted=verdict.granted,
            watched=verdict.watched,
            probe=verdict.probe,
        )

    def report(self, permit: Permit, feedback: Feedback) -> None:
        """See ``RateGate``."""
        wrong_by = 0.0 if feedback.cost is None else feedback.cost - permit.cost
        if not rules.news(permit, feedback) and permit.agreement not in self._suspects:
            self._owe(permit.agreement, wrong_by)
            return
        (self._suspects.add if feedback.failed else self._suspects.discard)(permit.agreement)
        try:
            self.note(permit, feedback, wrong_by)
        except LedgerDown:
            return  # the answer itself has yet to be saved, which meets Redis again, and loudly

    def _owe(self, agreement: str, tokens: float) -> None:
        if tokens:
            with self._lock:
                self._owed[agreement] = self._owed.get(agreement, 0.0) + tokens

    def _settle(self, agreement: str) -> float:
        with self._lock:
            return self._owed.pop(agreement, 0.0)


class MemoryGate(Gate):
    """The twin in memory: for tests, and for commands that run without Redis."""

    def __init__(self, *, clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(sleep)
        self._clock = clock
        self._store_lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def admit(self, agreement: str, request: Request) -> Verdict:
        """See ``Gate``."""
        with self._store_lock:
            return rules.admit(self._buckets.setdefault(agreement, Bucket()), request, self._clock())

    def note(self, permit: Permit, feedback: Feedback, correction: float) -> None:
        """See ``Gate``."""
        with self._store_lock:
            bucket = self._buckets.setdefault(permit.agreement, Bucket())
            rules.note(bucket, permit, feedback, correction, self._clock())


def _refusal(verdict: Verdict, limits: Limits) -> Failure:
    seconds = f"{max(1, round(verdict.wait))} s"
    texts = {
        "rate": f"The calls that e-conomic grants are used up; about {seconds} until the next may go.",
        "blocked": f"e-conomic asked to be left alone; about {seconds} until the next call may go.",
        "held": f"e-conomic failed several times in a row, so nothing is sent to it for {seconds}.",
        "day": f"{limits.calls_per_day} calls in 24 hours are used up (limits.calls_per_day in the exports file); "
        f"about {seconds} until more may go.",
    }
    outage = verdict.word == "held"
    return failure(Reason.ECONOMIC_UNAVAILABLE if outage else Reason.THROTTLED, texts[verdict.word])
