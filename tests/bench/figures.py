"""The figures of one method, and how they are shown."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

#: Calls to e-conomic for an invoice of a known customer in a warm worker.
MOST_CALLS = 2.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What is promised and compared; the same keys for every method."""

    calls_per_invoice: float
    #: At ``api_latency_ms``, from the event to the last invoice.
    invoices_per_s: float
    #: Invoices exported at the same time.
    slots: int
    api_latency_ms: float
    #: Time taken, over the time that the calls alone take when every slot is busy with one.
    overhead_ratio: float
    #: Invoices a second without latency, over tasks a second of a bare Celery worker whose task does nothing.
    of_bare_celery: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the table."""

    what: str
    value: float
    #: Single measurements, where the figure is their median.
    measured: tuple[float, ...] = ()
    note: str = ""


def median(what: str, measured: Iterable[float], note: str = "") -> Line:
    """Return the line of a figure that was measured several times."""
    values = tuple(measured)
    return Line(what=what, value=statistics.median(values), measured=values, note=note)


def write(path: Path, report: Mapping[str, Mapping[str, float]]) -> None:
    """Write the figures for programs."""
    path.parent.mkdir(exist_ok=True)
    rounded = {part: {key: round(value, 3) for key, value in figures.items()} for part, figures in report.items()}
    path.write_text(json.dumps(rounded, indent=2) + "\n")


def show(title: str, lines: Sequence[Line]) -> None:
    """Print a table for people."""
    table = Table(title=title, title_justify="left", box=SIMPLE)
    table.add_column("", no_wrap=True)
    table.add_column("median", justify="right")
    table.add_column("measured", no_wrap=True)
    table.add_column("")
    for line in lines:
        table.add_row(line.what, _text(line.value), " ".join(map(_text, line.measured)), line.note)
    console = Console()
    console.width = max(console.width, 140)  # a log has no width of its own
    console.print(table)


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
