"""``plan``: what an export would do, found out by reading alone."""

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.event_files import About, ExportOption, Number, PeriodName, Region, bring, read, read_whole
from worker.cli.formatting import print_json
from worker.cli.lookup import AsJson, find_period
from worker.cli.views.plan import plan_data, plan_view
from worker.domain.invoice_period import NewInvoice
from worker.domain.record import InvoiceRecord
from worker.dry_run.fingerprint import plan_hash
from worker.dry_run.plan import Plan


def plan_event(tools: CommandContext, raw: bytes, *, again: bool = False) -> Plan:
    """Return the plan of an event, files that it refers to included. Raises ``WrongUsage`` and ``ExportError``."""
    export = tools.export(read(tools, raw).data.export)
    found = read_whole(tools, raw)
    with tools.planner(export) as planner:
        return planner.plan(found.period.id, found.invoices, again=again)


def plan_period(tools: CommandContext, text: str, *, again: bool = False) -> Plan:
    """Return the plan of a period by its id, or Opter's name of it. Raises ``WrongUsage`` and ``ExportError``."""
    with tools.store() as store:
        period = find_period(store, text)
        invoices = [_given(record) for record in store.invoices(period.id, None)]
    with tools.planner(tools.export(period.export)) as planner:
        return planner.plan(period.id, invoices, again=again)


def _given(record: InvoiceRecord) -> NewInvoice:
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
    *,
    again: Again = False,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Show what an export would send, create and stumble over. Nothing is written, neither in e-conomic nor in Redis.

    The last line is the plan's hash; `publish --plan HASH` publishes only if nothing that matters has changed since.
    Exit code 1 when something needs a person.
    """
    tools: CommandContext = ctx.obj
    found = _plan(
        tools, what, About(export=export, period=period, name=name, region=region, source="/plan"), again=again
    )
    if as_json:
        print_json(tools.out, plan_data(found))
    else:
        tools.out.print(plan_view(found, full=full))
        tools.out.print(plan_hash(found), soft_wrap=True)  # one line, whatever its length, to be copied as a whole
    raise typer.Exit(ExitCode.PERSON if found.failing else ExitCode.OK)


def _plan(tools: CommandContext, what: list[str], about: About, *, again: bool) -> Plan:
    files = [Path(one) for one in what]
    if not any(file.exists() for file in files):
        if len(what) != 1:
            raise WrongUsage("A plan is made for one period.", "Plan them one by one.")
        return plan_period(tools, what[0], again=again)
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        raise WrongUsage(f"There is no file {', '.join(missing)}.")
    events = bring(tools, files, about)
    if len(events) != 1:
        raise WrongUsage("A plan is made for one event.", "Plan them one by one.")
    return plan_event(tools, events[0], again=again)
