"""All periods at a glance."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.console import printable
from worker.cli.formatting import page, section, table
from worker.cli.period_report import MOVING, Phase, phase
from worker.domain.invoice_period import PeriodRecord
from worker.domain.record import State
from worker.errors import Failure

PHASE_STYLES = {Phase.DONE: "good", Phase.NEEDS_A_PERSON: "bad"}
_NUMBERS = ("To export", "Exported", "On its way", "Failed")


def periods_view(
    periods: Sequence[PeriodRecord], paused: Mapping[str, Failure], *, dead_events: int, waiting_events: int, now: float
) -> RenderableType:
    """Return the table of periods and below it what stands still as a whole."""
    return page(
        _table(periods, now) if periods else Text("No period has arrived yet."),
        _paused(paused) if paused else None,
        _events(dead_events, waiting_events) if dead_events or waiting_events else None,
    )


def periods_data(
    periods: Sequence[PeriodRecord], paused: Mapping[str, Failure], *, dead_events: int, waiting_events: int
) -> dict[str, Any]:
    """Return the same for scripts."""
    return {
        "periods": [period_data(period) for period in periods],
        "paused": {name: {"reason": why.reason, "description": why.description} for name, why in paused.items()},
        "deadEvents": dead_events,
        "waitingEvents": waiting_events,
    }


def period_data(period: PeriodRecord) -> dict[str, Any]:
    """Return what the period itself says, for scripts."""
    return {
        "id": period.id,
        "export": period.export,
        "number": period.number,
        "name": period.name,
        "region": period.region,
        "closedAt": period.closed_at,
        "receivedAt": formatting.iso(period.received_at),
        "phase": phase(period, period.counts).value,
        "toExport": max(period.total, period.invoice_count),
        "counts": {state.value: period.counts.get(state, 0) for state in State},
        "notice": period.notice,
        "conflicts": len(period.conflicts),
    }


def _table(periods: Sequence[PeriodRecord], now: float) -> RenderableType:
    made = table("Period", "Id", "State", *_NUMBERS, "Arrived", numbers=_NUMBERS)
    for period in periods:
        counts = period.counts
        stands = phase(period, counts)
        dead = counts.get(State.DEAD, 0)
        made.add_row(
            Text(printable(period.name), style="strong"),
            period.id,
            Text(stands.value, style=PHASE_STYLES.get(stands, "wait")),
            str(max(period.total, period.invoice_count)),
            str(counts.get(State.EXPORTED, 0)),
            str(sum(counts.get(state, 0) for state in MOVING)),
            Text(str(dead), style="bad" if dead else ""),
            formatting.ago(now - period.received_at),
        )
    return made


def _paused(paused: Mapping[str, Failure]) -> RenderableType:
    rows = [
        Text.assemble((f"{name}  ", "bad"), why.description, ("\n→ ", "quiet"), why.next_step)
        for name, why in sorted(paused.items())
    ]
    return section("Paused exports", *rows)


def _events(dead: int, waiting: int) -> RenderableType:
    lines = []
    if waiting:
        lines.append(Text(f"{formatting.count(waiting, 'event')} waiting to be taken in.", style="wait"))
    if dead:
        text = f"{formatting.count(dead, 'event')} refused as a whole: see `opter-economic events dead list`."
        lines.append(Text(text, style="bad"))
    return section("Event queue", *lines)
