"""Reason codes as headings and next steps."""

from collections.abc import Mapping

from rich.console import RenderableType
from rich.text import Text

from worker.cli.formatting import table
from worker.economic.mapping.reasons import REASONS


def title(reason: str) -> str:
    """Return its table's heading; the code itself when another version wrote it."""
    return REASONS[reason].heading if reason in REASONS else reason


def next_step(reason: str) -> str:
    """Return what a person does now; empty when another version wrote the code."""
    return REASONS[reason].next_step if reason in REASONS else ""


def by_reason(counts: Mapping[str, int]) -> RenderableType:
    """Return a table of reasons with their counts and next steps."""
    rows = table("Invoices", "Reason", "Next step", numbers=("Invoices",))
    for reason, number in counts.items():
        heading = Text.assemble(title(reason), "\n", (reason, "quiet"))
        rows.add_row(Text(str(number), style="strong"), heading, next_step(reason))
    return rows
