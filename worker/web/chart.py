"""How many invoices were exported over time, as the bars of a small picture. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.domain.period_sums import MINUTE

#: Bars of a picture at most, and its size in its own units.
MOST_BARS, WIDTH, HEIGHT = 60, 600, 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One stretch of time."""

    x: float
    y: float
    width: float
    height: float
    #: When it begins; seconds since the epoch, UTC.
    at: float
    exported: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Exported invoices from the first to the last one."""

    bars: Sequence[Bar]
    #: Minutes that one bar stands for.
    minutes: int
    #: Invoices of the highest bar.
    most: int
    first: float
    last: float


def chart_of(minutes: Mapping[int, int]) -> Chart | None:
    """Return the picture of ``PeriodSums.minutes``; None with fewer than two minutes, which have no course."""
    counted = {minute: number for minute, number in minutes.items() if number}
    if len(counted) < 2:  # noqa: PLR2004  # two make a course
        return None
    first, last = min(counted), max(counted)
    step = -(-(last - first + 1) // MOST_BARS)
    sums = [0] * ((last - first) // step + 1)
    for minute, number in counted.items():
        sums[(minute - first) // step] += number
    most, width = max(sums), WIDTH / len(sums)
    bars = [
        Bar(
            x=round(place * width, 2),
            y=round(HEIGHT - HEIGHT * number / most, 2),
            width=round(width * 0.8, 2),
            height=round(HEIGHT * number / most, 2),
            at=float((first + place * step) * MINUTE),
            exported=number,
        )
        for place, number in enumerate(sums)
    ]
    return Chart(bars=bars, minutes=step, most=most, first=float(first * MINUTE), last=float((last + 1) * MINUTE))
