"""How long a comparison of e-conomic's clock with ours may be believed."""

import pytest

from worker.economic.api_calls import ClockGap

#: ``Date`` of the answer, and the same moment in seconds since the epoch.
DATE, AT = "Sat, 28 Nov 2026 12:00:00 GMT", 1_795_867_200.0


@pytest.mark.parametrize(
    ("own", "ours", "holds"),
    [
        (0.0, 0.0, True),
        (3600.0, 3600.0, True),  # an hour in which nothing was sent
        (100.0, 96.0, True),  # our clock is known no better than answers are quick
        (100.0, 30.0, False),  # set back by 70 seconds
        (100.0, -500.0, False),  # set back by ten minutes
        (0.1, 70.1, False),  # set forward
    ],
)
def test_a_clock_that_was_set_ends_the_comparison(own: float, ours: float, *, holds: bool) -> None:
    """``own`` seconds later by this host's monotonic clock, ``ours`` by the one that decides."""
    monotonic = [1000.0]
    gap = ClockGap(monotonic=lambda: monotonic[0])
    assert not gap.holds(AT)  # nothing is known yet

    gap.learn(DATE, sent=AT, received=AT)
    monotonic[0] += own

    assert (gap.seconds, gap.holds(AT + ours)) == (0.0, holds)
