"""What the daily checks of the agreements have found."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli.formatting import data_of, printable, section
from worker.cli.language import say
from worker.cli.words import described
from worker.errors import Failure


def agreements_view(failures: Mapping[str, Sequence[Failure]]) -> RenderableType | None:
    """Return what is not as the exports need it, each with its next step; None: there is nothing."""
    lines = [
        Text.assemble(
            (f"{printable(export)}  ", "bad"),
            printable(described(each.description)),
            ("\n→ ", "quiet"),
            say(each.next_step),
        )
        for export, of_export in sorted(failures.items())
        for each in of_export
    ]
    return section(say("Agreements"), *lines) if lines else None


def agreements_data(failures: Mapping[str, Sequence[Failure]]) -> dict[str, Any]:
    """Return the same for scripts."""
    return {export: [data_of(each) for each in of_export] for export, of_export in failures.items()}
