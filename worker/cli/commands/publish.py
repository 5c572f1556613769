"""``publish``: the export of whole periods or single invoices later on, from files."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli import formatting
from worker.cli.commands.plan import plan_event
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.event_files import About, ExportOption, Number, PeriodName, Region, bring, check, read_whole
from worker.cli.lookup import By
from worker.cli.views.plan import changes_view
from worker.dry_run.fingerprint import NotAHash, differences

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", exists=True, help="Events, or invoices: JSON, NDJSON, or a folder.")
]
Source = Annotated[str, typer.Option("--source", help="Who sends this: the event's source.")]
PlanHash = Annotated[
    str | None,
    typer.Option("--plan", metavar="HASH", help="Publish only if `plan` would still come to this hash."),
]

Again = Annotated[bool, typer.Option("--again", help="Also those that were exported before, whatever the ledger says.")]


def publish(  # noqa: PLR0913, PLR0917  # one parameter for each option of the command
    ctx: typer.Context,
    files: Files,
    export: ExportOption = None,
    period: Number = None,
    name: PeriodName = None,
    region: Region = None,
    source: Source = "/opter-economic/publish",
    plan: PlanHash = None,
    *,
    again: Again = False,
    by: By,
) -> None:
    """Put invoices from files on the event queue, or whole events as they are. Everything is checked before.

    What e-conomic has already is recognised and never posted again, and the same content twice is nothing new. With
    --plan nothing is published if anything that matters has changed since; exit code 1. With --again, those among them
    that the ledger has as exported are looked up in e-conomic anew, and posted only if they are not there.
    """
    tools: CommandContext = ctx.obj
    events = bring(tools, files, About(export=export, period=period, name=name, region=region, source=source))
    invoices = sum(check(tools, raw) for raw in events)
    if plan:
        _require_unchanged(tools, events, plan, again=again)
    if again:
        _export_again(tools, events, by)
    _send(tools, events, invoices)


def _export_again(tools: CommandContext, events: list[bytes], by: str) -> None:
    given = [one.id for raw in events for one in read_whole(tools, raw).invoices]
    with tools.store() as store:
        moved = store.reexport(given, by=by)
    tools.out.print(
        f"{formatting.count(len(moved), 'invoice')} of them exported before, to be looked up and exported again."
    )


def _require_unchanged(tools: CommandContext, events: list[bytes], planned: str, *, again: bool) -> None:
    if len(events) != 1:
        raise WrongUsage("A plan is made for one event.", "Plan and publish them one by one.")
    try:
        changes = differences(planned, plan_event(tools, events[0], again=again))
    except NotAHash as error:
        raise WrongUsage(str(error), "Copy the last line of `opter-economic plan` as a whole.") from None
    if changes:
        tools.err.print(changes_view(changes))
        raise typer.Exit(ExitCode.PERSON)


def _send(tools: CommandContext, events: list[bytes], invoices: int) -> None:
    with tools.events() as context:
        for raw in events:
            context.publish(raw)
    what = f"{formatting.count(len(events), 'event')} with {formatting.count(invoices, 'invoice')}"
    where = f" put on {tools.settings.intake.queue}."
    tools.out.print(Text.assemble((what, "strong"), where, " Follow it with `opter-economic status`."))
