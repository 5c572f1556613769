"""What keeps invoices from going on although nothing failed, for people and scripts."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli.error_output import ExitCode
from worker.cli.formatting import printable, section
from worker.cli.language import say
from worker.cli.words import described
from worker.errors import Failure
from worker.workflow.hindrances import by_itself


def hindrances_view(found: Sequence[Failure]) -> RenderableType | None:
    """Return each with its next step; None when there are none."""
    return section(say("Standing still"), *map(hindrance_line, found)) if found else None


def hindrance_line(each: Failure) -> RenderableType:
    """Return one with its next step."""
    return Text.assemble(
        (printable(described(each.description)), "bad"), ("\n→ ", "quiet"), printable(say(each.next_step))
    )


def hindrances_data(found: Sequence[Failure]) -> list[dict[str, Any]]:
    """Return the same for scripts."""
    return [{"reason": each.reason, "description": each.description, "nextStep": each.next_step} for each in found]


def exit_code_of(found: Sequence[Failure]) -> ExitCode:
    """Return 3 where all of them are an e-conomic that is down, 1 where one needs a person."""
    if not found:
        return ExitCode.OK
    return ExitCode.UNREACHABLE if by_itself(found) else ExitCode.PERSON
