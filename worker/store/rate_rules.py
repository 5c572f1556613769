"""The rate gate's rules as pure functions; ``lua/rate_*.lua`` says the same to Redis, held to the same tests.

Pace: GCRA over tokens. The pace is the used share of the grant, the burst half of the unused share, so that no 60
seconds ever see more than the grant, whether e-conomic counts a fixed window, a sliding one or a leaky bucket (its
documentation leaves that open). What e-conomic counts beyond our own spending belongs to others: we make room.
Breaker: after three failures in a row nothing is sent for 2, 4 ... 60 seconds, then one call probes.
"""

import math

from config.exports import Limits
from worker.domain.ports import Feedback, Permit
from worker.store.rate_state import (
    DAY_SLICE,
    DAY_SLICES,
    EBB,
    FAILURES,
    FLOOR,
    HOLD,
    LONGEST_HOLD,
    MEMORY,
    PAUSE,
    PROBE,
    PROBE_WAIT,
    QUEUE,
    SLICE,
    SLICES,
    TOLERANCE,
    Bucket,
    RateDecision,
    Request,
)


def admit(bucket: Bucket, request: Request, now: float) -> RateDecision:
    """Reserve and return ``go``, or reserve nothing and say why."""
    cost, limits = request.cost, request.limits
    correct(bucket, limits, request.correction, now)
    if now < bucket.held:
        return RateDecision(word="breaker-open", wait=bucket.held - now)
    if now < bucket.probing:
        return RateDecision(word="breaker-open", wait=min(PROBE_WAIT, bucket.probing - now))
    today = _calls(bucket, now)
    if today >= limits.calls_per_day:
        return RateDecision(word="day", wait=_until_freed(bucket, now))
    pace, burst = _pace(bucket, limits, now)
    tat = max(bucket.tat, bucket.blocked + burst / pace, now)
    wait = max(0.0, tat - now - max(0.0, burst - cost) / pace)
    if wait > request.max_wait:
        bucket.queue = max(bucket.queue, now + wait) + cost / pace
        word = "blocked" if now < bucket.blocked else "rate"
        return RateDecision(word=word, wait=wait + math.fmod(bucket.queue - now - wait, QUEUE))
    bucket.tat = tat + cost / pace
    return _reserved(bucket, request, wait, now)


def _reserved(bucket: Bucket, request: Request, wait: float, now: float) -> RateDecision:
    _spend(bucket, request.cost, now)
    day = int(now // DAY_SLICE)
    bucket.days[day] = bucket.days.get(day, 0) + 1
    probe = bucket.trips > 0
    if probe:
        bucket.probing = now + PROBE
    return RateDecision(
        word="go",
        wait=wait,
        spent=spent(bucket, now),
        granted=_granted(bucket, request.limits),
        watched=bucket.failures > 0,
        probe=probe,
    )


def note(bucket: Bucket, permit: Permit, feedback: Feedback, correction: float, now: float) -> None:
    """Take the answer to one call into account, and what is left to settle of reservations."""
    correct(bucket, permit.limits, correction, now)
    _note_health(bucket, permit, feedback, now)
    if feedback.granted:
        bucket.granted = feedback.granted
    if feedback.throttled or feedback.retry_after is not None:
        pause = PAUSE if feedback.retry_after is None else max(1.0, feedback.retry_after)
        bucket.blocked = max(bucket.blocked, now + pause)
    used = observed(feedback, _granted(bucket, permit.limits))
    if used is not None:
        _note_others(bucket, permit.limits, used, now)


def correct(bucket: Bucket, limits: Limits, tokens: float, now: float) -> None:
    """Settle the difference between what was reserved and what calls really cost."""
    if tokens:
        pace, _ = _pace(bucket, limits, now)
        bucket.tat += tokens / pace
        _spend(bucket, tokens, now)


def observed(feedback: Feedback, granted: float) -> float | None:
    """Return e-conomic's count of used tokens. A 429 without one says that the whole grant is used.

    With one the count is believed: a 429 may be about something else than tokens, and its ``Retry-After`` is kept.
    """
    if feedback.throttled and feedback.used is None:
        return granted
    return feedback.used


def news(permit: Permit, feedback: Feedback) -> bool:
    """Tell whether the gate must hear of this answer at once; a corrected cost can wait for the next reservation."""
    if feedback.failed or feedback.throttled or feedback.retry_after is not None or permit.watched or permit.probe:
        return True
    granted = feedback.granted or permit.granted
    unexpected = permit.spent + TOLERANCE * granted
    return granted != permit.granted or (feedback.used or 0.0) > min(unexpected, _brink(granted, permit.limits))


def spent(bucket: Bucket, now: float) -> float:
    """Tokens spent in the last 60 seconds; the oldest slice counts as far as it is inside."""
    index = math.floor(now / SLICE)
    whole = sum(bucket.slices.get(k, 0.0) for k in range(index - SLICES + 1, index + 1))
    return whole + bucket.slices.get(index - SLICES, 0.0) * (index + 1 - now / SLICE)


def _note_health(bucket: Bucket, permit: Permit, feedback: Feedback, now: float) -> None:
    if not feedback.failed:
        bucket.failures, bucket.trips, bucket.held, bucket.probing = 0, 0, 0.0, 0.0
    elif permit.probe:
        _open(bucket, now)
    elif bucket.trips == 0:  # calls still under way when the breaker opened say nothing new
        bucket.failures += 1
        if bucket.failures >= FAILURES:
            _open(bucket, now)


def _open(bucket: Bucket, now: float) -> None:
    bucket.held = now + min(LONGEST_HOLD, HOLD * 2**bucket.trips)
    bucket.trips, bucket.failures, bucket.probing = min(bucket.trips + 1, 16), 0, 0.0


def _note_others(bucket: Bucket, limits: Limits, used: float, now: float) -> None:
    granted = _granted(bucket, limits)
    theirs = used - spent(bucket, now)
    theirs = theirs if theirs > TOLERANCE * granted else 0.0
    if theirs >= bucket.others or now >= bucket.others_at + MEMORY:
        bucket.others, bucket.others_at = theirs, now
    brink = _brink(granted, limits)
    if used > brink:
        depth = 1.0 if granted <= brink else min(1.0, (used - brink) / (granted - brink))
        bucket.blocked = max(bucket.blocked, now + EBB * depth)


def _granted(bucket: Bucket, limits: Limits) -> float:
    return bucket.granted or float(limits.tokens_per_minute)


def _brink(granted: float, limits: Limits) -> float:
    """Used tokens that we alone can never cause: pace and burst together."""
    return granted * (1 + limits.share) / 2


def _pace(bucket: Bucket, limits: Limits, now: float) -> tuple[float, float]:
    """Tokens per second, and the burst in tokens. What is owed in tokens stays the same when the pace changes."""
    granted = _granted(bucket, limits)
    others = bucket.others if now < bucket.others_at + MEMORY else 0.0
    pace = max(granted * limits.share - others, granted * FLOOR) / 60
    if bucket.pace not in (0.0, pace) and bucket.tat > now:
        bucket.tat = now + (bucket.tat - now) * bucket.pace / pace
    bucket.pace = pace
    return pace, granted * (1 - limits.share) / 2


def _spend(bucket: Bucket, tokens: float, now: float) -> None:
    index = math.floor(now / SLICE)
    bucket.slices[index] = bucket.slices.get(index, 0.0) + tokens
    for old in [k for k in bucket.slices if k < index - SLICES]:
        del bucket.slices[old]


def _calls(bucket: Bucket, now: float) -> int:
    first = math.floor(now / DAY_SLICE) - DAY_SLICES
    for old in [k for k in bucket.days if k < first]:
        del bucket.days[old]
    return sum(bucket.days.values())


def _until_freed(bucket: Bucket, now: float) -> float:
    return (min(bucket.days) + DAY_SLICES + 1) * DAY_SLICE - now
