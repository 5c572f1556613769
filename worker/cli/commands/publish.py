"""``publish``: whole periods or single invoices from files, put on the event queue."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from worker.cli import formatting
from worker.cli.commands.plan import plan_event
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.event_files import (
    EventOptions,
    ExportOption,
    Number,
    PeriodName,
    Region,
    check_invoices,
    load_events,
    read_whole,
)
from worker.cli.lookup import By
from worker.cli.views.plan_changes import changes_view
from worker.dry_run import plan_file

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", exists=True, help="Events, or invoices: JSON, NDJSON, or a folder.")
]
Source = Annotated[str, typer.Option("--source", help="Who sends this: the event's source.")]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="The file that `plan --out` wrote: publish only if nothing that matters has changed since.",
    ),
]
Again = Annotated[bool, typer.Option("--again", help="Also those that were exported before, whatever the store says.")]


def publish(  # noqa: PLR0913, PLR0917  # one parameter for each option of the command
    ctx: typer.Context,
    files: Files,
    export: ExportOption = None,
    period: Number = None,
    name: PeriodName = None,
    region: Region = None,
    source: Source = "/opter-economic/publish",
    plan: PlanFile = None,
    *,
    again: Again = False,
    by: By,
) -> None:
    """Put invoices from files on the event queue, or whole events as they are. Everything is checked first.

    What e-conomic has already is recognised and never posted again, and the same content twice is nothing new. With
    --plan the plan is made anew: if anything that matters has changed, the differences are shown, nothing is published,
    and the exit code is 1. With --again, invoices that the store has as exported are looked up in e-conomic anew, and
    posted only if they are not there.
    """
    context: CommandContext = ctx.obj
    options = EventOptions(export=export, period=period, name=name, region=region, source=source)
    events = load_events(context, files, options)
    invoices = sum(check_invoices(context, raw) for raw in events)
    if plan:
        _require_unchanged(context, events, plan, again=again)
    if again:
        _export_again(context, events, by)
    _send(context, events, invoices)


def _require_unchanged(context: CommandContext, events: list[bytes], path: Path, *, again: bool) -> None:
    if len(events) != 1:
        raise WrongUsage("A plan is made for one event.", "Plan and publish them one by one.")
    raw, planned = _read_plan(path)
    now = plan_file.document(plan_event(context, events[0], again=again))
    differences = plan_file.differences(planned, now)
    if differences:
        context.err.print(changes_view(differences, path))
        raise typer.Exit(ExitCode.PERSON)
    context.out.print(f"As planned: plan {plan_file.file_name(raw)}", soft_wrap=True)


def _read_plan(path: Path) -> tuple[bytes, Mapping[str, Any]]:
    """Return the file that was approved and what it holds. Raises ``WrongUsage``."""
    try:
        raw = path.read_bytes()
        return raw, plan_file.read(raw)
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}.") from None
    except plan_file.PlanFileError as error:
        advice = "Take the file as `opter-economic plan --out` wrote it, or make a new plan."
        raise WrongUsage(f"{path} is not usable as a plan; nothing was published. {error}", advice) from None


def _export_again(context: CommandContext, events: list[bytes], by: str) -> None:
    ids = [invoice.id for raw in events for invoice in read_whole(context, raw).invoices]
    with context.store() as store:
        moved = store.reexport(ids, by=by)
    context.out.print(
        f"{formatting.count(len(moved), 'invoice')} of them exported before, to be looked up and exported again."
    )


def _send(context: CommandContext, events: list[bytes], invoices: int) -> None:
    with context.events() as queue:
        for raw in events:
            queue.publish(raw)
    what = f"{formatting.count(len(events), 'event')} with {formatting.count(invoices, 'invoice')}"
    where = f" put on {context.settings.intake.queue}."
    context.out.print(Text.assemble((what, "strong"), where, " Follow it with `opter-economic status`."))
