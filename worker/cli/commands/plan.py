"""``plan``: what an export would do, found out by reading alone."""

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.bringing import About, Export, Number, PeriodName, Region, bring
from worker.cli.console import print_json
from worker.cli.options import AsJson
from worker.cli.planning import plan_event, plan_period
from worker.cli.tools import Tools
from worker.cli.trouble import ExitCode, WrongUsage
from worker.cli.views.plan import plan_view
from worker.cli.views.plan_data import plan_data
from worker.invoicing.plans.fingerprint import plan_hash
from worker.invoicing.plans.plan import Plan

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
    export: Export = None,
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
    tools: Tools = ctx.obj
    found = _plan(
        tools, what, About(export=export, period=period, name=name, region=region, source="/plan"), again=again
    )
    if as_json:
        print_json(tools.out, plan_data(found))
    else:
        tools.out.print(plan_view(found, full=full))
        tools.out.print(plan_hash(found), soft_wrap=True)  # one line, whatever its length, to be copied as a whole
    raise typer.Exit(ExitCode.PERSON if found.failing else ExitCode.OK)


def _plan(tools: Tools, what: list[str], about: About, *, again: bool) -> Plan:
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
