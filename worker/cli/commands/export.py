"""``export``: the entries of the exports file, their set-up checked against their agreements, paused and resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from config.exports import ExportConfig
from config.settings import names_redis
from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode
from worker.cli.event_files import read_invoices
from worker.cli.formatting import data_of, indented, page, print_json, printable, table
from worker.cli.language import mark, say
from worker.cli.lookup import AsJson, By, Name
from worker.cli.processes import require_own_stores
from worker.cli.words import described
from worker.domain.invoice import Invoice
from worker.domain.reasons import ProcessReason, failure
from worker.economic.mapping.setup_check import Check
from worker.errors import (
    Failure,
    StoreUnavailable,
)
from worker.reconcile.setup_report import SetupReport, report_setup, with_agreement

export = typer.Typer(help="Look after the entries of the exports file.", no_args_is_help=True)

OptionalName = Annotated[str | None, typer.Argument(metavar="NAME", help="One export; none: all of them.")]
Samples = Annotated[
    list[Path] | None,
    typer.Option(
        "--event", metavar="FILE", help="An event, or invoices in a file or folder, to check the set-up with."
    ),
]
Why = Annotated[str, typer.Option("--why", help="Why, for whoever looks at `status`.")]
AcceptDrift = Annotated[
    bool, typer.Option("--accept-drift", help="Take e-conomic's answers as they are now for what is expected.")
]
_NOT_CHECKED = mark(
    "(not checked: invoices of the store, the agreement of the first use, services and their versions, clocks)"
)


@export.command("list")
def export_list(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List all exports. Exit code 1 when one of them is paused."""
    context: CommandContext = ctx.obj
    context.warn_non_production()
    with context.store() as store:
        paused = store.paused()
    if as_json:
        print_json(context.out, exports_data(context.exports, paused))
    else:
        context.out.print(exports_view(context.exports, paused))
    raise typer.Exit(ExitCode.PERSON if paused.keys() & context.exports.keys() else ExitCode.OK)


@export.command("check")
def export_check(
    ctx: typer.Context,
    name: OptionalName = None,
    samples: Samples = None,
    *,
    accept_drift: AcceptDrift = False,
    as_json: AsJson = False,
) -> None:
    """Check the set-up against the agreement and list everything that is missing, in one go.

    Looks at tokens and roles, customer group, layout, payment terms, VAT zones and accounts, accounting years, and at
    the product groups of all sales accounts that the exports file, the store or --event know. Says what the agreement
    grants (plan, roles, modules), which services can be read in which version, what has changed in e-conomic's answers
    since the last daily check, and how far its clock is from ours. Creates nothing.
    """
    context: CommandContext = ctx.obj
    context.warn_non_production()
    exports = [context.export(name)] if name else [context.exports[known] for known in sorted(context.exports)]
    invoices = [invoice for path in samples or () for invoice in read_invoices(path)]
    today = datetime.fromtimestamp(context.clock(), UTC).date()
    try:
        with context.runtimes() as runtimes:
            require_own_stores(context.settings, context.exports)
            reports = [
                with_agreement(
                    report_setup(export, runtime.clients[export.name], runtime.store, invoices, today),
                    runtime.agreements,
                    accept=accept_drift,
                )
                for export, runtime in ((export, runtimes.of(export.name)) for export in exports)
            ]
    except StoreUnavailable as error:
        if accept_drift:
            raise
        reports = [_without_store(context, export, invoices, today, error.failure) for export in exports]
    if as_json:
        print_json(context.out, [checks_data(report) for report in reports])
    else:
        context.out.print(*map(checks_view, reports), sep="\n")
    raise typer.Exit(_exit_code(reports))


@export.command("pause")
def export_pause(ctx: typer.Context, name: Name, *, by: By, why: Why = "no reason given") -> None:
    """Stop an export as a whole; what is under way is finished first. Nothing is lost, everything waits."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        stopped = failure(ProcessReason.EXPORT_PAUSED, f"Paused by {by}: {why}.")
        store.pause(context.export(name).name, stopped, by=by, why=why)
    context.out.print(
        Text.assemble(
            (say("Paused."), "wait"), " ", say("`opter-economic export resume {name}` starts it again.", name=name)
        )
    )


@export.command("resume")
def export_resume(ctx: typer.Context, name: Name, *, by: By) -> None:
    """Resume a paused export. What waits is picked up by itself."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        if name not in store.paused():
            context.export(name)  # one that is paused may be gone from the file
        resumed = store.resume(name, by=by)
    context.out.print(
        Text(say("Resumed."), "good") if resumed else Text(say("Export {name} was not paused.", name=name))
    )


def _without_store(
    context: CommandContext, export: ExportConfig, invoices: Sequence[Invoice], today: date, why: Failure
) -> SetupReport:
    """Check what can be checked without Redis, and say what could not be.

    Before the first `up`, which starts a Redis of its own, none is there to be expected.
    """
    with context.lone_client(export) as client:
        report = report_setup(export, client, None, invoices, today)
    expected = names_redis(context.settings)
    found = described(why.description) if expected else say("not started yet: `opter-economic up` starts one")
    text = f"{found} {say(_NOT_CHECKED)}"
    check = Check(item="Redis", ok=not expected, found=text, next_step=why.next_step * expected)
    return replace(report, checks=(*report.checks, check), reached=report.reached and not expected)


def _exit_code(reports: Sequence[SetupReport]) -> ExitCode:
    if not all(report.reached for report in reports):
        return ExitCode.UNREACHABLE
    return ExitCode.OK if all(check.ok for report in reports for check in report.checks) else ExitCode.PERSON


def exports_view(exports: Mapping[str, ExportConfig], paused: Mapping[str, Failure]) -> RenderableType:
    """Return a table of all exports; tokens are not in it."""
    rows = table(
        say("Export"),
        say("Method"),
        say("Agreement"),
        say("e-conomic at"),
        say("State"),
        keys=(say("Export"), say("Agreement")),
    )
    for name, export in sorted(exports.items()):
        why = paused.get(name)
        state = (
            Text.assemble((say("paused:"), "bad"), " ", described(why.description))
            if why
            else Text(say("running"), style="good")
        )
        rows.add_row(
            Text(name, style="strong"), export.method, str(export.agreement or say("not pinned")), export.api_url, state
        )
    steps = (
        Text(f"→ {name}: {say(paused[name].next_step)} {formatting.resuming(name)}")
        for name in sorted(paused.keys() & exports.keys())
    )
    return page(rows, *steps)


def exports_data(exports: Mapping[str, ExportConfig], paused: Mapping[str, Failure]) -> list[dict[str, Any]]:
    """Return the same for scripts."""
    return [
        {
            "name": name,
            "method": export.method,
            "agreement": export.agreement,
            "apiUrl": export.api_url,
            "paused": data_of(paused[name]) if name in paused else None,
        }
        for name, export in sorted(exports.items())
    ]


def checks_view(report: SetupReport) -> RenderableType:
    """Return what was checked and, below, whether the set-up is good."""
    rows = table("", say("What"), say("Found"))
    for check in report.checks:
        if check.ok:
            rows.add_row(Text("✓", style="good"), check.item, check.found)
    faults = [_fault(check) for check in report.checks if not check.ok]
    wrong = len(faults)
    result = (
        Text("\n" + say("{things} to put right.", things=formatting.count(wrong, "thing")), style="bad")
        if wrong
        else Text("\n" + say("The set-up is complete."), style="good")
    )
    return page(
        Text(say("Export {export}", export=report.export), style="title"),
        *faults,
        rows if rows.rows else None,
        result,
        Text(),
    )


def _fault(check: Check) -> RenderableType:
    return Group(
        Text.assemble(("✗ ", "bad"), (printable(check.item), "strong")),
        indented(Text(printable(check.found))),
        indented(Text(f"→ {printable(check.next_step)}" if check.next_step else "")),
        Text(),
    )


def checks_data(report: SetupReport) -> dict[str, Any]:
    """Return the same for scripts."""
    checks = [data_of(check) for check in report.checks]
    return {"export": report.export, "ok": all(check.ok for check in report.checks), "checks": checks}
