"""``events``: events that wait for a person, bytes intact."""

from collections.abc import Sequence
from typing import Annotated, Any

import structlog
import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import data_of, facts, page, print_json, section, table
from worker.cli.language import say
from worker.cli.lookup import AsJson, By, Why, title
from worker.cli.words import described
from worker.domain.action_log import Act
from worker.intake.queue import DeadEvent, dead_events, logged, revive

log = structlog.get_logger()

events = typer.Typer(help="Look after the event queue.", no_args_is_help=True)
dead = typer.Typer(
    help="Events that wait for a person: refused, in part or as a whole, or in conflict with an earlier one.",
    no_args_is_help=True,
)
events.add_typer(dead, name="dead")

EventId = Annotated[str, typer.Argument(metavar="ID", help="The id that `events dead list` shows, or its beginning.")]
Raw = Annotated[bool, typer.Option("--raw", help="Write the event's bytes as they came, and nothing else.")]


@dead.command("list")
def dead_list(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List refused events with the reason of each. Exit code 1 when there are any."""
    context: CommandContext = ctx.obj
    with context.events() as queue:
        refused = [event for event, _ in dead_events(queue)]
    if as_json:
        print_json(context.out, [event_data(event) for event in refused])
    else:
        context.out.print(dead_events_view(refused))
    raise typer.Exit(ExitCode.PERSON if refused else ExitCode.OK)


@dead.command("show")
def dead_show(ctx: typer.Context, key: EventId, *, raw: Raw = False, as_json: AsJson = False) -> None:
    """Show everything that is wrong with one refused event."""
    context: CommandContext = ctx.obj
    with context.events() as queue:
        event, content = _find(dead_events(queue), key)
    if raw:
        context.out.file.write(content.decode("utf-8", errors="replace"))
    elif as_json:
        print_json(context.out, event_data(event))
    else:
        context.out.print(dead_event_view(event))


@dead.command("requeue")
def dead_requeue(ctx: typer.Context, key: EventId, *, by: By) -> None:
    """Put such an event back on the queue, for example when its file or its export is in place now."""
    context: CommandContext = ctx.obj
    with context.events() as queue:
        event, _ = _find(dead_events(queue), key)
        moved = revive(queue, [event.id], by=by, at=context.clock())
    context.out.print(say("{events} back on the queue.", events=formatting.count(len(moved), "event")))


@dead.command("discard")
def dead_discard(ctx: typer.Context, key: EventId, *, why: Why, by: By) -> None:
    """Forget a refused event for good: it was sent again correctly, or its period has been compared with Opter.

    Who and why is written to the log.
    """
    context: CommandContext = ctx.obj
    if not why.strip():
        raise WrongUsage(say("--why is empty."), say("Say why nothing of the event is needed any more."))
    with context.events() as queue:
        event, content = _find(dead_events(queue), key)
        gone = queue.discard(content, logged(event, Act.DISCARD_EVENT, by=by, at=context.clock(), why=why))
    log.info("dead_event_discarded", dead_event=event.id, event_key=event.event_key, by=by, why=why)
    context.out.print(say("{events} discarded.", events=formatting.count(int(gone), "event")))


def _find(events: list[tuple[DeadEvent, bytes]], key: str) -> tuple[DeadEvent, bytes]:
    matches = [pair for pair in events if pair[0].id.startswith(key)]
    if len(matches) != 1:
        several = say("Several refused events begin with {key}.", key=repr(key))
        problem = several if matches else say("There is no refused event {key}.", key=repr(key))
        raise WrongUsage(problem, say("`opter-economic events dead list` shows them."))
    return matches[0]


def dead_events_view(events: Sequence[DeadEvent]) -> RenderableType:
    """Return a table of refused events, in the given order."""
    if not events:
        return Text(say("No event was refused."), style="good")
    rows = table(
        say("Id"),
        say("Refused"),
        say("Export"),
        say("Period"),
        say("Reason"),
        say("What is wrong"),
        keys=(say("Id"), say("Period")),
    )
    for event in events:
        more = say(" (and {number} more)", number=len(event.problems) - 1) if len(event.problems) > 1 else ""
        what = described(event.problems[0].description) + more
        rows.add_row(event.id, formatting.moment(event.at), event.export, event.period, title(event.reason), what)
    return rows


def dead_event_view(event: DeadEvent) -> RenderableType:
    """Return everything that is wrong with one event, and what to do."""
    problems = table(say("Invoice"), say("Field"), say("What is wrong"), keys=(say("Invoice"),))
    for problem in event.problems:
        problems.add_row(str(problem.invoice_number or ""), problem.field, described(problem.description))
    about: list[tuple[str, RenderableType]] = [
        (say("Event"), event.event_key),
        (say("Refused"), formatting.moment(event.at)),
        (say("Export"), event.export),
        (say("Period"), event.period),
        (say("Size"), say("{number} bytes", number=event.bytes)),
        (say("Reason"), Text.assemble((title(event.reason), "bad"), (f"  {event.reason}", "quiet"))),
    ]
    return page(
        Text(say("Refused event {id}", id=event.id), style="title"),
        facts(about),
        section(formatting.count(len(event.problems), "problem"), problems),
        section(say("What to do"), Text(say(event.next_step), style="strong")),
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
