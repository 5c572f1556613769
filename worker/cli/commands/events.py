"""``events``: events that were refused as a whole, bytes intact."""

from typing import Annotated

import typer

from worker.cli import formatting
from worker.cli.console import print_json
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.options import AsJson
from worker.cli.views.events import dead_event_view, dead_events_view, event_data
from worker.intake.dead_letters import DeadEvent, dead_events, revive

events = typer.Typer(help="Look after the event queue.", no_args_is_help=True)
dead = typer.Typer(help="Events that were refused as a whole: nothing of them was exported.", no_args_is_help=True)
events.add_typer(dead, name="dead")

EventId = Annotated[str, typer.Argument(metavar="ID", help="The id that `events dead list` shows, or its beginning.")]
Raw = Annotated[bool, typer.Option("--raw", help="Write the event's bytes as they came, and nothing else.")]


@dead.command("list")
def dead_list(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List refused events with the reason of each. Exit code 1 when there are any."""
    tools: CommandContext = ctx.obj
    with tools.events() as context:
        found = [event for event, _ in dead_events(context)]
    if as_json:
        print_json(tools.out, [event_data(event) for event in found])
    else:
        tools.out.print(dead_events_view(found))
    raise typer.Exit(ExitCode.PERSON if found else ExitCode.OK)


@dead.command("show")
def dead_show(ctx: typer.Context, key: EventId, *, raw: Raw = False, as_json: AsJson = False) -> None:
    """Show everything that is wrong with one refused event."""
    tools: CommandContext = ctx.obj
    with tools.events() as context:
        event, content = _find(dead_events(context), key)
    if raw:
        tools.out.file.write(content.decode("utf-8", errors="replace"))
    elif as_json:
        print_json(tools.out, event_data(event))
    else:
        tools.out.print(dead_event_view(event))


@dead.command("requeue")
def dead_requeue(ctx: typer.Context, key: EventId) -> None:
    """Put a refused event back on the queue, for example when its file or its export is in place now."""
    tools: CommandContext = ctx.obj
    with tools.events() as context:
        event, _ = _find(dead_events(context), key)
        moved = revive(context, [event.id])
    tools.out.print(f"{formatting.count(len(moved), 'event')} back on the queue.")


def _find(events: list[tuple[DeadEvent, bytes]], key: str) -> tuple[DeadEvent, bytes]:
    found = [pair for pair in events if pair[0].id.startswith(key)]
    if len(found) != 1:
        told = "There is no refused event" if not found else "Several refused events begin with"
        raise WrongUsage(f"{told} {key!r}.", "`opter-economic events dead list` shows them.")
    return found[0]
