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


def known(reason: str) -> bool:
    """Tell whether this is a reason code of this version."""
    return reason in REASONS


def codes() -> list[str]:
    """Return all reason codes."""
    return list(REASONS)


def by_reason(counts: Mapping[str, int]) -> RenderableType:
    """Return a table of reasons with their counts and next steps."""
    made = table("Invoices", "Reason", "Next step", numbers=("Invoices",))
    for reason, number in counts.items():
        heading = Text.assemble(title(reason), "\n", (reason, "quiet"))
        made.add_row(Text(str(number), style="strong"), heading, next_step(reason))
    return made
