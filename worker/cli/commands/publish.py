"""``publish``: invoices from files, put on the event queue; what has changed since their plan, as a readable diff."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from worker.cli import formatting
from worker.cli.commands.plan import plan_event
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.event_files import (
    EventOptions,
    ExportOption,
    MappingFile,
    Number,
    PeriodName,
    Region,
    StylesheetFile,
    check_invoices,
    load_events,
    read_whole,
)
from worker.cli.formatting import indented, page, printable, section
from worker.cli.language import mark, say
from worker.cli.lookup import By
from worker.cli.plan_approval import Publication, require_approval
from worker.dry_run import plan_file
from worker.dry_run.plan_file import Change, ItemDifference, Part, PartDifference

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", exists=True, help="Events, or invoices: JSON, XML, UBL, CSV, XLSX, or a folder."),
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

_PARTS = {
    Part.PLAN: mark("The plan itself"),
    Part.EXPORTS_FILE: mark("In the exports file"),
    Part.ECONOMIC: mark("In e-conomic"),
    Part.INVOICES: mark("Invoices"),
    Part.CUSTOMERS: mark("New customers"),
    Part.UPDATES: mark("Updated customers"),
    Part.PRODUCTS: mark("New products"),
}
#: Things shown of one part, changed fields of one thing, and names in one line; the rest is counted.
_ROWS, _MOST_FIELDS, _MOST_NAMES = 12, 12, 8


def publish(  # noqa: PLR0913, PLR0917  # one parameter for each option of the command
    ctx: typer.Context,
    files: Files,
    export: ExportOption = None,
    period: Number = None,
    name: PeriodName = None,
    region: Region = None,
    source: Source = "/opter-economic/publish",
    plan: PlanFile = None,
    mapping: MappingFile = None,
    stylesheet: StylesheetFile = None,
    *,
    again: Again = False,
    by: By,
) -> None:
    """Put invoices from files on the event queue, or whole events as they are. Everything is checked first.

    What e-conomic has already is recognised and never posted again, and the same content twice is nothing new. With
    --plan the plan is made anew: if anything that matters has changed, the differences are shown, nothing is published,
    and the exit code is 1. With --again, invoices that the store has as exported are looked up in e-conomic anew, and
    posted only if they are not there. What is over the limit of the settings needs a plan that a second person has
    approved on the page.
    """
    context: CommandContext = ctx.obj
    options = EventOptions(
        export=export,
        period=period,
        name=name,
        region=region,
        source=source,
        mapping=mapping,
        stylesheet=stylesheet,
    )
    events = load_events(context, files, options)
    invoices = sum(check_invoices(context, raw) for raw in events)
    planned = _require_unchanged(context, events, plan, again=again) if plan else None
    approval = require_approval(context, Publication(events=events, plan=planned, by=by))
    if again:
        ids = [invoice.id for raw in events for invoice in read_whole(context, raw).invoices]
        with context.store() as store:
            moved = formatting.count(len(store.reexport(ids, by=by)), "invoice")
        context.out.print(say("{moved} of them exported before, to be looked up and exported again.", moved=moved))
    with context.events() as queue:
        for raw in events:
            queue.publish(raw)
    if approval:
        with context.approvals() as approvals:
            approvals.mark_done(approval)
    text = say(
        "{events} with {invoices} put on {queue}. Follow it with `opter-economic status`.",
        events=formatting.count(len(events), "event"),
        invoices=formatting.count(invoices, "invoice"),
        queue=context.settings.intake.queue,
    )
    context.out.print(Text(text))


def _require_unchanged(context: CommandContext, events: list[bytes], path: Path, *, again: bool) -> bytes:
    """Return the plan's file, if nothing that matters has changed since it was written."""
    if len(events) != 1:
        raise WrongUsage(say("A plan is made for one event."), say("Plan and publish them one by one."))
    raw, planned = _read_plan(path)
    now = plan_file.document(plan_event(context, events[0], again=again))
    differences = plan_file.differences(planned, now)
    if differences:
        context.err.print(changes_view(differences, path))
        raise typer.Exit(ExitCode.PERSON)
    context.out.print(say("As planned: plan {file_name}", file_name=plan_file.file_name(raw)), soft_wrap=True)
    return raw


def _read_plan(path: Path) -> tuple[bytes, Mapping[str, Any]]:
    """Return the file that was approved and what it holds. Raises ``WrongUsage``."""
    try:
        raw = path.read_bytes()
        return raw, plan_file.read(raw)
    except OSError as error:
        raise WrongUsage(say("{path} cannot be read: {strerror}.", path=path, strerror=error.strerror)) from None
    except plan_file.PlanFileError as error:
        advice = say("Take the file as `opter-economic plan --out` wrote it, or make a new plan.")
        raise WrongUsage(
            say("{path} is not usable as a plan; nothing was published. {error}", path=path, error=error), advice
        ) from None


def changes_view(differences: Sequence[PartDifference], planned: Path) -> RenderableType:
    """Return what has changed since the plan in this file, and what to do."""
    out = f"--out {printable(str(planned))}"
    return page(
        Text.assemble(("✗ ", "bad"), (say("Something has changed since the plan; nothing was published."), "strong")),
        *(_part_changes(difference) for difference in differences),
        Text(
            say("\n→ If that is right, make a new plan: `opter-economic plan` with the same files and {out}.", out=out)
        ),
    )


def _part_changes(difference: PartDifference) -> RenderableType:
    """Show the first changes of one part; invoices whose changes are the same stand together."""
    groups: dict[object, list[ItemDifference]] = {}
    for item in difference.items:
        groups.setdefault(item.changes if difference.part is Part.INVOICES else item.name, []).append(item)
    shown = list(groups.values())[:_ROWS]
    whole: list[tuple[str, Change]] = []
    parts: list[RenderableType] = []
    for items in shown:
        name, changes = _names(items), items[0].changes
        if difference.part is Part.EXPORTS_FILE:  # named as in that file: booking.book
            whole += [(f"{name}.{change.field}".rstrip("."), change) for change in changes]
        elif not changes[0].field:
            whole.append((name, changes[0]))
        else:
            parts += [printable(name), indented(_grid([(change.field, change) for change in changes[:_MOST_FIELDS]]))]
            if len(changes) > _MOST_FIELDS:
                more = formatting.count(len(changes) - _MOST_FIELDS, "field")
                parts.append(Text("  " + say("… and {number} more", number=more), style="quiet"))
    left = len(difference.items) - sum(map(len, shown))
    rest = [Text(say("… and {number} more", number=left), style="quiet")] if left else []
    return section(_change_title(difference), *([_grid(whole)] if whole else []), *parts, *rest)


def _grid(rows: Sequence[tuple[str, Change]]) -> RenderableType:
    """Return names with what they were and are; nothing is cut, however long a name is."""
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(style="quiet", overflow="fold")
    grid.add_column(overflow="fold")
    for name, change in rows:
        grid.add_row(name, Text.assemble(printable(change.before), (" → ", "quiet"), printable(change.after)))
    return grid


def _names(items: Sequence[ItemDifference]) -> str:
    names = ", ".join(item.name for item in items[:_MOST_NAMES])
    if len(items) == 1:
        return names
    more = say(" and {number} more", number=len(items) - _MOST_NAMES) if len(items) > _MOST_NAMES else ""
    return f"{formatting.count(len(items), 'invoice')}: {names}{more}"


def _change_title(difference: PartDifference) -> str:
    title, planned, now = say(_PARTS[difference.part]), difference.planned, difference.now
    if difference.part in {Part.PLAN, Part.EXPORTS_FILE, Part.ECONOMIC}:
        return title
    if planned != now:
        return say("{title} · {planned} planned, {now} now", title=title, planned=planned, now=now)
    return say("{title} · {number} of {now} changed", title=title, number=len(difference.items), now=now)
