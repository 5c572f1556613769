"""What ``make chaos`` prints and writes: the bars of the promise, and what was measured against them."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.chaos.cluster import SHORT
from support.chaos.outcome import Outcome

#: Characters of a line about one schedule; ``build/chaos.json`` has all of it.
_WIDTH = 200


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
    wrong_schedules: int = 0
    bars: list[Bar] = field(default_factory=list)
    #: Guard -> the schedule that catches its absence.
    guards: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, bar: str, measured: str, *, held: bool) -> None:
        """Note a measured bar; what was measured in several ways stands in one line."""
        self.bars.append(Bar(what=what, bar=bar, measured=measured, held=held))

    def played(self, kind: str, count: int, failed: int) -> None:
        """Note so many schedules of a kind, and how many of them went wrong."""
        self.schedules[kind] += count
        self.wrong_schedules += failed

    def plain(self) -> dict[str, Any]:
        """Return everything as what another process can be sent."""
        return {
            "runs": [vars(run) for run in self.runs],
            "schedules": dict(self.schedules),
            "wrong_schedules": self.wrong_schedules,
            "bars": [vars(bar) for bar in self.bars],
            "guards": self.guards,
        }

    def take_over(self, part: Mapping[str, Any]) -> None:
        """Add what ``plain`` gave in another process."""
        self.runs += [Outcome(**run) for run in part["runs"]]
        self.schedules.update(part["schedules"])
        self.wrong_schedules += part["wrong_schedules"]
        self.bars += [Bar(**bar) for bar in part["bars"]]
        self.guards |= part["guards"]

    @property
    def whole(self) -> bool:
        """Whether this was a whole session, not the repetition of a part."""
        return bool(self.bars and self.runs and self.schedules and self.guards)

    def lines(self) -> list[str]:
        """Return what is printed: the details, then the table as Markdown."""
        lines = [f"{count} schedules in process: {kind}" for kind, count in self.schedules.items()]
        lines += [f"without {guard}: {schedule or 'NOT NOTICED'}"[:_WIDTH] for guard, schedule in self.guards.items()]
        lines += [
            f"seed {run.seed} ({run.method}): {len(run.wrong)} wrong in {run.seconds} s; make chaos SEED={run.seed}"
            for run in self.runs
        ]
        rows = [f"| {bar.what} | {bar.bar} | {bar.measured} | {_word(held=bar.held)} |" for bar in self._every_bar()]
        return [*lines, "", "| | bar | measured | |", "|---|---|---|---|", *rows]

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(self._document(), indent=1, ensure_ascii=False) + "\n")

    def _document(self) -> dict[str, Any]:
        return {
            "bars": [vars(bar) for bar in self._every_bar()],
            "schedules": dict(self.schedules),
            "guards": self.guards,
            "settings_of_runs": SHORT,
            "runs": [vars(run) | {"wrong": run.wrong} for run in self.runs],
        }

    def _every_bar(self) -> list[Bar]:
        bars = [*(self._of_runs() if self.runs else ()), *_merged(self.bars)]
        return [*bars, self._of_guards()] if self.guards else bars

    def _of_runs(self) -> list[Bar]:
        kinds = ("lost", "doubled", "unequal", "misdirected")
        counts = [sum(len(getattr(run, kind)) for run in self.runs) for kind in kinds]
        other = sum(len(run.other) for run in self.runs)
        methods = ", ".join(f"{count} by {name}" for name, count in Counter(run.method for run in self.runs).items())
        invoices = sum(run.invoices for run in self.runs)
        seen = f"{len(self.runs)} runs: {methods}; {invoices:,} invoices"
        return [
            Bar(
                what="invoices lost / doubled / with unequal totals / on another's account over all runs",
                bar="0 / 0 / 0 / 0",
                measured=f"{' / '.join(map(str, counts))} ({seen})",
                held=not any(counts),
            ),
            Bar(what="stray drafts, duplicate customers or products", bar="0", measured=str(other), held=not other),
            *(self._of_hazard(name) for name in dict.fromkeys(name for run in self.runs for name in run.hazards)),
            Bar(
                what="schedules in process that end otherwise than once, or not at all with a reason",
                bar="0",
                measured=f"{self.wrong_schedules} of {sum(self.schedules.values()):,}",
                held=not self.wrong_schedules,
            ),
        ]

    def _of_hazard(self, name: str) -> Bar:
        runs = [run for run in self.runs if name in run.hazards]
        kinds = ("lost", "doubled", "unequal", "misdirected", "other")
        counts = [sum(len(getattr(run, kind)) for run in runs) for kind in kinds]
        return Bar(
            what=f"of these under {name}: lost / doubled / unequal / misdirected / stray",
            bar="0 / 0 / 0 / 0 / 0",
            measured=f"{' / '.join(map(str, counts))} ({len(runs)} runs)",
            held=not any(counts),
        )

    def _of_guards(self) -> Bar:
        noticed = sum(bool(schedule) for schedule in self.guards.values())
        return Bar(
            what="guards whose removal the schedules notice",
            bar="all",
            measured=f"{noticed} of {len(self.guards)}",
            held=noticed == len(self.guards),
        )


def _merged(bars: Sequence[Bar]) -> list[Bar]:
    alike = {bar.what: [other for other in bars if other.what == bar.what] for bar in bars}
    return [
        Bar(
            what=what,
            bar=ways[0].bar,
            measured="; ".join(bar.measured for bar in ways),
            held=all(bar.held for bar in ways),
        )
        for what, ways in alike.items()
    ]


def _word(*, held: bool) -> str:
    return "held" if held else "**missed**"
