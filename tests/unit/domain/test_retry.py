from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.record import MoveToDeadLetters, ReturnToQueue, Transition, Wait
from worker.domain.retry import RetryPolicy, backoff, decide
from worker.errors import (
    Busy,
    ExportError,
    Failure,
    InvalidInvoice,
    Misconfigured,
    Refused,
    StoreUnavailable,
    Throttled,
    Unavailable,
    Uncertain,
    Unreachable,
)

WHY = Failure(reason="x", description="It broke.", next_step="Repair it.", remote_message="said", log_id="42")
POLICY = RetryPolicy(base=2.0)
NOW = 1_000_000.0


class Highest(Random):
    """Chance that always falls on the upper end."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002  # the signature is Random's
        return b


def decided(error: ExportError, *, attempts: int = 0, policy: RetryPolicy = POLICY) -> Transition:
    return decide(error, attempts=attempts, now=NOW, policy=policy, random=Highest())


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [
        (0, 2.0),  # 2 x 2^0
        (1, 4.0),
        (5, 64.0),
        (8, 512.0),
        (9, 900.0),  # 2 x 2^9 = 1024, capped
        (39, 900.0),
        (10**9, 900.0),
    ],
)
def test_backoff(attempts: int, seconds: float) -> None:
    """The bound doubles with each attempt up to the cap."""
    assert backoff(attempts, POLICY) == seconds


@pytest.mark.parametrize(
    ("error", "attempts", "expected"),
    [
        (Unreachable(WHY), 0, Wait(until=NOW + 2, failure=WHY, costs_attempt=True)),
        (Unavailable(WHY), 3, Wait(until=NOW + 16, failure=WHY, costs_attempt=True)),  # 2 x 2^3
        (StoreUnavailable(WHY), 0, Wait(until=NOW + 2, failure=WHY, costs_attempt=True)),
        # Retry-After is the least, chance comes on top: 30 + 2 x 2^1
        (Unavailable(WHY, retry_after=30), 1, Wait(until=NOW + 34, failure=WHY, costs_attempt=True)),
        (Throttled(WHY, retry_after=30), 0, Wait(until=NOW + 32, failure=WHY, costs_attempt=False)),
        # without a time of its own, what costs no attempt waits at least a second: 1 + 2
        (Throttled(WHY), 0, Wait(until=NOW + 3, failure=WHY, costs_attempt=False)),
        (Busy(WHY), 0, Wait(until=NOW + 3, failure=WHY, costs_attempt=False)),
        (Throttled(WHY, retry_after=5000), 0, Wait(until=NOW + 5002, failure=WHY, costs_attempt=False)),  # over the cap
        (Throttled(WHY), 39, Wait(until=NOW + 901, failure=WHY, costs_attempt=False)),  # never exhausts
        (Uncertain(WHY), 0, Wait(until=NOW + 2, failure=WHY, costs_attempt=True)),
        (Uncertain(WHY, retry_after=60), 0, Wait(until=NOW + 62, failure=WHY, costs_attempt=True)),
        (Misconfigured(WHY), 39, ReturnToQueue()),
        (InvalidInvoice(WHY), 0, MoveToDeadLetters(failure=WHY)),
        (Refused(WHY, status=400), 0, MoveToDeadLetters(failure=WHY)),
        (ExportError(WHY), 0, MoveToDeadLetters(failure=WHY)),  # of no known kind: nothing says that repeating is safe
    ],
)
def test_decide(error: ExportError, attempts: int, expected: Transition) -> None:
    """Each branch of the error tree has its own way on."""
    assert decided(error, attempts=attempts) == expected


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Unreachable(WHY), "attempts-exhausted"), (Uncertain(WHY), "outcome-unknown")],
)
def test_attempts_are_limited(error: ExportError, reason: str) -> None:
    """The 40th attempt is the last (39 before it); the dead letter says the last error."""
    assert isinstance(decided(error, attempts=38), Wait)

    dead_lettered = decided(error, attempts=39)

    assert isinstance(dead_lettered, MoveToDeadLetters)
    assert (dead_lettered.failure.reason, dead_lettered.failure.log_id, dead_lettered.failure.remote_message) == (
        reason,
        "42",
        "said",
    )
    assert dead_lettered.failure.description == "Given up after 40 attempts. The last error (x): It broke."


@given(
    attempts=st.integers(0, 38),
    asked=st.none() | st.floats(0, 10**6),
    seed=st.integers(),
    error=st.sampled_from([Unreachable, Unavailable, Throttled, Busy, Uncertain]),
)
def test_bounds_of_the_wait(attempts: int, asked: float | None, seed: int, error: type) -> None:
    """Never before what was asked for, never later than that and one backoff; the cap holds for our own part."""
    chance = Random(seed)
    wait = decide(error(WHY, retry_after=asked), attempts=attempts, now=0.0, policy=POLICY, random=chance)

    assert isinstance(wait, Wait)
    least = max(asked or 0.0, 0.0 if wait.costs_attempt else POLICY.pause)
    assert least <= wait.until <= least + min(900.0, 2.0 * 2**attempts)


def test_jitter_spreads() -> None:
    """A thousand invoices that fail together do not come back together."""
    chance = Random(7)
    waits = [decide(Unavailable(WHY), attempts=9, now=0.0, policy=POLICY, random=chance) for _ in range(1000)]
    by_third = [sum(third * 300 <= wait.until < (third + 1) * 300 for wait in waits) for third in range(3)]

    assert min(by_third) > 270  # a thousand over three thirds: about 333 each
