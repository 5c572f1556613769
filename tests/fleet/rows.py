"""What a part of the fleet's run has measured, held against its bar, and the table of all of it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table."""

    #: What was measured.
    what: str
    #: What is promised; empty: nothing is, the figure is for comparison.
    bar: str
    measured: str
    held: bool


def table(rows: Iterable[Row]) -> str:
    """Return the lines as Markdown."""
    lines = ["| | Bar | Measured | |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.bar} | {row.measured} | {_word(row)} |" for row in rows]
    return "\n".join(lines)


def _word(row: Row) -> str:
    if not row.bar:
        return ""
    return "held" if row.held else "**missed**"
