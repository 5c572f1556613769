"""The clocks that workers have compared: Redis', which decides, e-conomic's, and their own."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import printable, section
from worker.cli.language import say
from worker.domain.clocks import ClockReading, gap_size

#: A gap below this many seconds is not worth a word.
_NOTABLE = 5.0


def disagree(readings: Sequence[ClockReading], bound: float) -> bool:
    """Tell whether some export creates nothing, as the clocks of Redis and e-conomic are too far apart."""
    return any(abs(reading.accounting_ahead) > bound for reading in _latest(readings))


def clocks_view(readings: Sequence[ClockReading], bound: float) -> RenderableType | None:
    """Return the gaps that are worth a word, the one that stops exports with its next step; None: there are none."""
    lines = [line for reading in _latest(readings) for line in _accounting(reading, bound)]
    lines += [_worker(reading) for reading in readings if abs(reading.worker_ahead) >= _NOTABLE]
    return section(say("Clocks"), *lines) if lines else None


def _latest(readings: Sequence[ClockReading]) -> list[ClockReading]:
    """Return the latest of each export: every worker compares the same two, Redis' clock and e-conomic's."""
    by_export = {reading.export: reading for reading in sorted(readings, key=lambda reading: reading.at)}
    return [by_export[export] for export in sorted(by_export)]


def _accounting(reading: ClockReading, bound: float) -> Iterator[Text]:
    name, gap = printable(reading.export), gap_said(reading.accounting_ahead)
    if abs(reading.accounting_ahead) > bound:
        why = say("e-conomic's clock is {gap}: beyond {bound} s nothing is created.", gap=gap, bound=f"{bound:g}")
        step = say("Set the clock of the host of Redis (NTP); everything goes on by itself once the two agree.")
        yield Text.assemble((f"{name}  ", "bad"), why, ("\n→ ", "quiet"), step)
    elif abs(reading.accounting_ahead) >= _NOTABLE:
        allowed = say("e-conomic's clock is {gap}; up to {bound} s are allowed.", gap=gap, bound=f"{bound:g}")
        yield Text(f"{name}  {allowed}", style="wait")


def _worker(reading: ClockReading) -> Text:
    gap = gap_said(reading.worker_ahead)
    text = say("The clock of worker {worker} is {gap}. It decides nothing.", worker=printable(reading.worker), gap=gap)
    return Text(f"{printable(reading.export)}  {text}", style="wait")


def gap_said(seconds: float) -> str:
    """Return a gap to Redis' clock in words."""
    size = gap_size(seconds)
    return say("{size} behind Redis'", size=size) if seconds < 0 else say("{size} ahead of Redis'", size=size)


def clocks_data(readings: Sequence[ClockReading], bound: float) -> dict[str, Any]:
    """Return the same for scripts."""
    return {
        "bound": bound,
        "measured": [
            {
                "export": reading.export,
                "worker": reading.worker,
                "at": formatting.iso(reading.at),
                "economicAhead": round(reading.accounting_ahead, 3),
                "workerAhead": round(reading.worker_ahead, 3),
                "agree": abs(reading.accounting_ahead) <= bound,
            }
            for reading in readings
        ],
    }
