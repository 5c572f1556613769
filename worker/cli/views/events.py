"""Refused events."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.console import data_of
from worker.cli.formatting import facts, page, section, table
from worker.cli.views.reasons import title
from worker.intake.dead_letters import DeadEvent


def dead_events_view(events: Sequence[DeadEvent]) -> RenderableType:
    """Return a table of refused events, newest first as given."""
    if not events:
        return Text("No event was refused.", style="good")
    made = table("Id", "Refused", "Export", "Period", "Reason", "What is wrong")
    for event in events:
        more = f" (and {len(event.problems) - 1} more)" if len(event.problems) > 1 else ""
        what = event.problems[0].description + more
        made.add_row(event.id, formatting.moment(event.at), event.export, event.period, title(event.reason), what)
    return made


def dead_event_view(event: DeadEvent) -> RenderableType:
    """Return everything that is wrong with one event, and what to do."""
    made = table("Invoice", "Field", "What is wrong")
    for problem in event.problems:
        made.add_row(str(problem.invoice_number or ""), problem.field, problem.description)
    about: list[tuple[str, RenderableType]] = [
        ("Event", event.event_key),
        ("Refused", formatting.moment(event.at)),
        ("Export", event.export),
        ("Period", event.period),
        ("Size", f"{event.bytes} bytes"),
        ("Reason", Text.assemble((title(event.reason), "bad"), (f"  {event.reason}", "quiet"))),
    ]
    return page(
        Text(f"Refused event {event.id}", style="title"),
        facts(about),
        section(formatting.count(len(event.problems), "problem"), made),
        section("What to do", Text(event.next_step, style="strong")),
    )


def event_data(event: DeadEvent) -> dict[str, Any]:
    """Return the same for scripts."""
    return {
        "id": event.id,
        "eventKey": event.event_key,
        "export": event.export,
        "period": event.period,
        "bytes": event.bytes,
        "refusedAt": formatting.iso(event.at),
        "reason": event.reason.value,
        "nextStep": event.next_step,
        "problems": [data_of(problem) for problem in event.problems],
    }
