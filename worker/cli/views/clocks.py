"""The clocks that workers have compared: Redis', which decides, e-conomic's, and their own."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import printable, section
from worker.domain.clocks import ClockReading, gap_text

#: A gap below this many seconds is not worth a word.
_NOTABLE = 5.0


def disagree(readings: Sequence[ClockReading], bound: float) -> bool:
    """Tell whether some export creates nothing, as the clocks of Redis and e-conomic are too far apart."""
    return any(abs(reading.accounting_ahead) > bound for reading in _latest(readings))


def clocks_view(readings: Sequence[ClockReading], bound: float) -> RenderableType | None:
    """Return the gaps that are worth a word, the one that stops exports with its next step; None: there are none."""
    lines = [line for reading in _latest(readings) for line in _accounting(reading, bound)]
    lines += [_worker(reading) for reading in readings if abs(reading.worker_ahead) >= _NOTABLE]
    return section("Clocks", *lines) if lines else None


def _latest(readings: Sequence[ClockReading]) -> list[ClockReading]:
    """Return the latest of each export: every worker compares the same two, Redis' clock and e-conomic's."""
    by_export = {reading.export: reading for reading in sorted(readings, key=lambda reading: reading.at)}
    return [by_export[export] for export in sorted(by_export)]


def _accounting(reading: ClockReading, bound: float) -> Iterator[Text]:
    name, gap = printable(reading.export), gap_text(reading.accounting_ahead, "Redis'")
    if abs(reading.accounting_ahead) > bound:
        why = f"e-conomic's clock is {gap}: beyond {bound:g} s nothing is created."
        step = "Set the clock of the host of Redis (NTP); everything goes on by itself once the two agree."
        yield Text.assemble((f"{name}  ", "bad"), why, ("\n→ ", "quiet"), step)
    elif abs(reading.accounting_ahead) >= _NOTABLE:
        yield Text(f"{name}  e-conomic's clock is {gap}; up to {bound:g} s are allowed.", style="wait")


def _worker(reading: ClockReading) -> Text:
    gap = gap_text(reading.worker_ahead, "Redis'")
    name = f"{printable(reading.export)}  "
    return Text(f"{name}The clock of worker {printable(reading.worker)} is {gap}. It decides nothing.", style="wait")


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
