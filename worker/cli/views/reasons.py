"""Reason codes as headings and next steps."""

from collections.abc import Mapping

from rich.console import RenderableType
from rich.text import Text

from worker.cli.views.tables import table
from worker.invoicing.reasons import CATALOGUE, Reason

_KNOWN = {reason.value: entry for reason, entry in CATALOGUE.items()}


def title(reason: str) -> str:
    """Return the catalogue's heading; the code itself when another version wrote it."""
    return _KNOWN[reason].title if reason in _KNOWN else reason


def next_step(reason: str) -> str:
    """Return what a person does now; empty when another version wrote the code."""
    return _KNOWN[reason].next_step if reason in _KNOWN else ""


def known(reason: str) -> bool:
    """Tell whether this is a reason code of this version."""
    return reason in _KNOWN


def codes() -> list[str]:
    """Return all reason codes."""
    return [reason.value for reason in Reason]


def by_reason(counts: Mapping[str, int]) -> RenderableType:
    """Return a table of reasons with their counts and next steps."""
    made = table("Invoices", "Reason", "Next step", numbers=("Invoices",))
    for reason, number in counts.items():
        heading = Text.assemble(title(reason), "\n", (reason, "quiet"))
        made.add_row(Text(str(number), style="strong"), heading, next_step(reason))
    return made
