import pytest

from worker.sandbox.rate import Meter, Reading
from worker.sandbox.switches import ProtocolSwitches

WINDOW = ProtocolSwitches(rate_limit=10)
REFILL = ProtocolSwitches(rate_limit=60, rate_mode="refill")  # one token a second


def takes(switches: ProtocolSwitches, calls: list[tuple[float, int]]) -> list[tuple[int, int | None]]:
    meter = Meter()
    return [(reading.used, reading.retry_after) for now, cost in calls for reading in [meter.take(now, cost, switches)]]


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([(0, 3), (1, 3), (2, 4)], [(3, None), (6, None), (10, None)]),  # 3 + 3 + 4 = 10: just fits
        ([(0, 10), (30, 1)], [(10, None), (11, 30)]),  # the window that opened at 0 closes at 60
        ([(0, 10), (59.5, 1)], [(10, None), (11, 1)]),  # never less than a second
        ([(0, 10), (60, 1)], [(10, None), (1, None)]),  # a new window is empty
        ([(0, 10), (1, 5), (2, 5)], [(10, None), (15, 59), (20, 58)]),  # a refused call costs as well
    ],
)
def test_a_window_of_sixty_seconds(calls: list[tuple[float, int]], expected: list[tuple[int, int | None]]) -> None:
    """Once the tokens are used up nothing passes until the window is over."""
    assert takes(WINDOW, calls) == expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([(0, 60), (10, 10)], [(60, None), (60, None)]),  # 60 - 10 + 10
        ([(0, 60), (10, 13)], [(60, None), (63, 16)]),  # 3 too many, and 13 more to come: 16 seconds
    ],
)
def test_a_continuous_refill(calls: list[tuple[float, int]], expected: list[tuple[int, int | None]]) -> None:
    """Tokens come back evenly over the minute."""
    assert takes(REFILL, calls) == expected


def test_the_headers() -> None:
    """The wording measured on a live agreement in August 2026; the first number is what is used."""
    reading = Reading(cost=3, used=120, limit=10_000)
    assert reading.headers() == {
        "x-callcost": "3",
        "x-ratelimiting": "token-limit-10000-per-60-seconds: 120/10000",
    }
    assert Reading(cost=3, used=10_003, limit=10_000, retry_after=42).headers()["retry-after"] == "42"


def test_fair_use_is_noticed_once_a_day() -> None:
    """The first call beyond the day's number is marked, and the count starts anew after 24 hours."""
    meter, switches = Meter(), ProtocolSwitches(daily_calls=2)
    marks = [meter.take(now, 1, switches).beyond_fair_use for now in (0, 1, 2, 3, 86_400, 86_401, 86_402)]
    assert marks == [False, False, True, False, False, False, True]
