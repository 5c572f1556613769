"""``plan``: what an export would do, found out by reading alone, and the plan file that is approved."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

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
    load_events,
    parse_event,
    read_whole,
)
from worker.cli.formatting import print_json
from worker.cli.language import say
from worker.cli.lookup import AsJson, find_period
from worker.cli.views.plan import plan_data, plan_view
from worker.domain.invoice_period import NewInvoice
from worker.domain.record import InvoiceRecord
from worker.dry_run import plan_file
from worker.dry_run.plan import Plan


def plan_event(context: CommandContext, raw: bytes, *, again: bool = False) -> Plan:
    """Return the plan of an event, with the files that it refers to. Raises ``WrongUsage`` and ``ExportError``."""
    export = context.export(parse_event(context, raw).data.export)
    event = read_whole(context, raw)
    with context.planner(export) as planner:
        return planner.plan(event.period.id, event.invoices, again=again)


def _new_invoice(record: InvoiceRecord) -> NewInvoice:
    return NewInvoice(
        id=record.id,
        export=record.export,
        invoice_number=record.invoice_number,
        invoice_type=record.invoice_type,
        region=record.region,
        content=record.content,
        content_hash=record.content_hash,
    )


What = Annotated[
    list[str],
    typer.Argument(
        metavar="EVENT|PERIOD",
        help="An event or invoices as `publish` takes them, or a period's id (main-p881) or Opter's name of it.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        dir_okay=False,
        help="Write the plan file, to be approved and given to `publish --plan`. It holds customers' names, addresses "
        "and amounts, so only you can read it (mode 0600): hand it on as you would the invoices.",
    ),
]
Again = Annotated[
    bool, typer.Option("--again", help="As `publish --again` and `reexport`: exported ones are looked up.")
]
Full = Annotated[bool, typer.Option("--full", help="Show every invoice with its requests, not only the first ones.")]


def plan(  # noqa: PLR0913, PLR0917  # one parameter for each option of the command
    ctx: typer.Context,
    what: What,
    export: ExportOption = None,
    period: Number = None,
    name: PeriodName = None,
    region: Region = None,
    out: Out = None,
    mapping: MappingFile = None,
    stylesheet: StylesheetFile = None,
    *,
    again: Again = False,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Show what an export would send and create, and what would fail. Nothing is written to e-conomic or Redis.

    With --out the plan is written to a file; `publish --plan FILE` then publishes only if nothing that matters has
    changed since. The last line names the plan by the file's SHA-256. Exit code 1 when something needs a person.
    """
    context: CommandContext = ctx.obj
    options = EventOptions(
        export=export, period=period, name=name, region=region, source="/plan", mapping=mapping, stylesheet=stylesheet
    )
    made = _plan(context, what, options, again=again)
    raw = plan_file.write(made)
    if out:
        _write(out, raw)
    if as_json:
        print_json(context.out, plan_data(made, plan_file.file_name(raw)))
    else:
        context.out.print(plan_view(made, full=full, out=out))
        context.out.print(f"plan {plan_file.file_name(raw)}", soft_wrap=True)  # one line, to be copied as a whole
    raise typer.Exit(ExitCode.PERSON if made.failing else ExitCode.OK)


def _plan(context: CommandContext, what: list[str], options: EventOptions, *, again: bool) -> Plan:
    files = [Path(name) for name in what]
    if not any(file.exists() for file in files):
        if len(what) != 1:
            raise WrongUsage(say("A plan is made for one period."), say("Plan them one by one."))
        if files[0].suffix or len(files[0].parts) > 1:
            raise WrongUsage(
                say("There is no file {what}.", what=repr(what[0])),
                say("Name an event or file that is there, or a period."),
            )
        with context.store() as store:
            period = find_period(store, what[0])
            invoices = [_new_invoice(record) for record in store.invoices(period.id, None)]
        with context.planner(context.export(period.export)) as planner:
            return planner.plan(period.id, invoices, again=again)
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        raise WrongUsage(say("There is no file {names}.", names=", ".join(missing)))
    events = load_events(context, files, options)
    if len(events) != 1:
        raise WrongUsage(say("A plan is made for one event."), say("Plan them one by one."))
    return plan_event(context, events[0], again=again)


def _write(out: Path, raw: bytes) -> None:
    """Write the file as a whole or not at all, readable by its owner alone. Raises ``WrongUsage``."""
    try:
        # ``mkstemp`` creates with mode 0600; replacing also narrows the mode of a file that was there before.
        handle, temporary = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
            Path(temporary).replace(out)
        except OSError:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise WrongUsage(
            say("{out} cannot be written: {strerror}.", out=out, strerror=error.strerror),
            say("Name another file with --out."),
        ) from None
