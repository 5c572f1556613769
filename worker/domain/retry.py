"""The decision after an error: retry later, never, or when the export is resumed."""

from dataclasses import dataclass, replace
from random import Random

from config.settings_sections import Retry
from worker.domain.reasons import ProcessReason
from worker.domain.record import MoveToDeadLetters, ReturnToQueue, Transition, Wait
from worker.errors import ExportError, Failure, Misconfigured, Rejected, Retryable, Uncertain

_DEFAULTS = Retry()


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How patient the export is; what can be set has its default in the settings."""

    #: Upper bound of the first wait, in seconds; it doubles with every attempt.
    base: float = _DEFAULTS.base
    #: Longest wait by our own choice, in seconds; the other side may ask for more.
    cap: float = _DEFAULTS.cap
    #: Attempts after which the invoice becomes a dead letter.
    most_attempts: int = _DEFAULTS.max_attempts
    #: Shortest wait, in seconds, after an error that costs no attempt: nothing else would keep it from looping.
    pause: float = 1.0


def decide(error: ExportError, *, attempts: int, now: float, policy: RetryPolicy, random: Random) -> Transition:
    """Return what to do after ``error``; ``attempts`` were used up before this one, ``now`` is seconds since the epoch.

    A rejected invoice is a dead letter at once. After an uncertain outcome it waits too: the next execution finds
    out what happened before anything is repeated.
    """
    if isinstance(error, Misconfigured):
        return ReturnToQueue()
    if isinstance(error, Rejected) or not isinstance(error, Retryable | Uncertain):
        return MoveToDeadLetters(failure=error.failure)
    costs_attempt = isinstance(error, Uncertain) or error.costs_attempt
    if costs_attempt and attempts + 1 >= policy.most_attempts:
        return MoveToDeadLetters(failure=_exhausted(error, attempts + 1))
    shortest = max(error.retry_after or 0.0, 0.0 if costs_attempt else policy.pause)
    until = now + shortest + random.uniform(0, backoff(attempts, policy))
    return Wait(until=until, failure=error.failure, costs_attempt=costs_attempt)


def backoff(attempts: int, policy: RetryPolicy) -> float:
    """Return the upper bound of the next wait in seconds: doubling, capped. The wait is anywhere below ("full jitter").

    Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    """
    doublings = min(attempts, 64)  # beyond, the power would leave the float's range long after the cap was reached
    return min(policy.cap, policy.base * 2.0**doublings)


def _exhausted(error: ExportError, attempts: int) -> Failure:
    """An outcome that stays unknown keeps its own reason: the person must look in the accounting system first."""
    last = error.failure
    text = f"Given up after {attempts} attempts. The last error ({last.reason}): {last.description}"
    reason, step = ProcessReason.ATTEMPTS_EXHAUSTED, ProcessReason.ATTEMPTS_EXHAUSTED.next_step
    if isinstance(error, Uncertain):
        reason = ProcessReason.OUTCOME_UNKNOWN
        step = (
            "Look for a draft or booked invoice with this reference, then re-queue: it is looked up "
            "again before anything is sent."
        )
    return replace(last, reason=reason.value, description=text, next_step=step)
