"""What ``make chaos`` prints and writes: the bars of the promise, and what was measured against them."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.chaos.outcome import Outcome
from support.chaos.town import SHORT


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One line of the table."""

    what: str
    bar: str
    measured: str
    held: bool


@dataclass(kw_only=True)
class Report:
    """Everything of one session."""

    runs: list[Outcome] = field(default_factory=list)
    #: In-process schedules played, by kind.
    schedules: Counter[str] = field(default_factory=Counter)
    bars: list[Bar] = field(default_factory=list)
    #: Guard -> the schedule that catches its absence.
    guards: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, bar: str, measured: str, *, held: bool) -> None:
        """Note a measured bar."""
        self.bars.append(Bar(what=what, bar=bar, measured=measured, held=held))

    def table(self) -> str:
        """Return the table as Markdown."""
        lines = ["| | bar | measured | |", "|---|---|---|---|"]
        lines += [f"| {one.what} | {one.bar} | {one.measured} | {_word(held=one.held)} |" for one in self._every_bar()]
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(self._document(), indent=1, ensure_ascii=False) + "\n")

    def _document(self) -> dict[str, Any]:
        return {
            "bars": [vars(one) for one in self._every_bar()],
            "schedules": dict(self.schedules),
            "guards": self.guards,
            "settings_of_runs": SHORT,
            "runs": [vars(one) | {"wrong": one.wrong} for one in self.runs],
        }

    def _every_bar(self) -> list[Bar]:
        return [*self._of_runs(), *self.bars] if self.runs else self.bars

    def _of_runs(self) -> list[Bar]:
        lost, doubled, unequal = (
            sum(len(getattr(one, kind)) for one in self.runs) for kind in ("lost", "doubled", "unequal")
        )
        other = sum(len(one.other) for one in self.runs)
        methods = ", ".join(f"{count} by {name}" for name, count in Counter(one.method for one in self.runs).items())
        seen = f"{len(self.runs)} runs: {methods}; {sum(one.invoices for one in self.runs)} invoices"
        return [
            Bar(
                what="invoices lost / doubled / with unequal totals over all runs",
                bar="0 / 0 / 0",
                measured=f"{lost} / {doubled} / {unequal} ({seen})",
                held=not (lost or doubled or unequal),
            ),
            Bar(what="stray drafts, duplicate customers or products", bar="0", measured=str(other), held=not other),
        ]


def _word(*, held: bool) -> str:
    return "held" if held else "**missed**"
