"""``export``: the entries of the exports file, proven, paused and resumed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.commands.processes import warn_non_production
from worker.cli.console import print_json
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode
from worker.cli.event_files import read_invoices
from worker.cli.options import AsJson, By, Name
from worker.cli.setup_report import SetupReport, attempt
from worker.cli.views.exports import checks_data, checks_view, exports_data, exports_view
from worker.domain.reasons import ProcessReason, failure

export = typer.Typer(help="Look after the entries of the exports file.", no_args_is_help=True)

OptionalName = Annotated[str | None, typer.Argument(metavar="NAME", help="One export; none: all of them.")]
Samples = Annotated[
    list[Path] | None,
    typer.Option(
        "--event", metavar="FILE", help="An event, or invoices in a file or folder, to check the set-up with."
    ),
]
Why = Annotated[str, typer.Option("--why", help="Why, for whoever looks at `status`.")]


@export.command("list")
def export_list(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List all exports. Exit code 1 when one of them is paused."""
    tools: CommandContext = ctx.obj
    warn_non_production(tools)
    with tools.store() as store:
        paused = store.paused()
    if as_json:
        print_json(tools.out, exports_data(tools.exports, paused))
    else:
        tools.out.print(exports_view(tools.exports, paused))
    raise typer.Exit(ExitCode.PERSON if paused.keys() & tools.exports.keys() else ExitCode.OK)


@export.command("check")
def export_check(
    ctx: typer.Context, name: OptionalName = None, samples: Samples = None, *, as_json: AsJson = False
) -> None:
    """Prove the set-up against the agreement and list everything that is missing, in one go.

    Looks at tokens and roles, customer group, layout, payment terms, VAT zones and accounts, accounting years, and at
    the product groups of all sales accounts that the exports file, the ledger or --event know. Creates nothing.
    """
    tools: CommandContext = ctx.obj
    warn_non_production(tools)
    exports = [tools.export(name)] if name else [tools.exports[one] for one in sorted(tools.exports)]
    given = [invoice for path in samples or () for invoice in read_invoices(path)]
    today = datetime.fromtimestamp(tools.clock(), UTC).date()
    with tools.runtime() as runtime:
        proofs = [attempt(one, runtime.clients[one.name], runtime.store, given, today) for one in exports]
    if as_json:
        print_json(tools.out, [checks_data(each.export, each.checks) for each in proofs])
    else:
        tools.out.print(*(checks_view(each.export, each.checks) for each in proofs), sep="\n")
    raise typer.Exit(_verdict(proofs))


@export.command("pause")
def export_pause(ctx: typer.Context, name: Name, *, by: By, why: Why = "no reason given") -> None:
    """Stop an export as a whole; what is under way is finished first. Nothing is lost, everything waits."""
    tools: CommandContext = ctx.obj
    with tools.store() as store:
        store.pause(tools.export(name).name, failure(ProcessReason.EXPORT_PAUSED, f"Paused by {by}: {why}."))
    tools.out.print(Text.assemble(("Paused. ", "wait"), f"`opter-economic export resume {name}` lets it go on."))


@export.command("resume")
def export_resume(ctx: typer.Context, name: Name) -> None:
    """Let a paused export go on. What waits is picked up by itself."""
    tools: CommandContext = ctx.obj
    with tools.store() as store:
        resumed = store.resume(name)
    tools.out.print(Text("Resumed.", "good") if resumed else Text(f"Export {name} was not paused."))


def _verdict(proofs: Sequence[SetupReport]) -> ExitCode:
    if not all(proof.reached for proof in proofs):
        return ExitCode.UNREACHABLE
    return ExitCode.OK if all(check.ok for proof in proofs for check in proof.checks) else ExitCode.PERSON
