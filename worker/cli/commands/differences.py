"""``differences``: what certificates have left to persons, and the acceptance of a difference."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import print_json
from worker.cli.language import say
from worker.cli.lookup import AsJson, By, InvoiceId, Period, find_period, resolve
from worker.cli.views.certificate import difference_data, differences_view
from worker.domain.certificate import Acceptance

differences = typer.Typer(
    help="Show what certificates have found to differ, and accept it.", invoke_without_command=True
)

Why = Annotated[str, typer.Option("--why", help="Why it is right as it stands in e-conomic; kept in the certificate.")]


@differences.callback()
def differences_default(ctx: typer.Context, period: Period = None, *, as_json: AsJson = False) -> None:
    """Show what certificates have found to differ, with the next step of each. Exit code 1 when there is any."""
    if ctx.invoked_subcommand is not None:
        return
    context: CommandContext = ctx.obj
    with context.store() as store:
        found = store.differences(find_period(store, period).id if period else None)
    if as_json:
        print_json(context.out, [difference_data(each) for each in found])
    else:
        context.out.print(differences_view(found))
    raise typer.Exit(ExitCode.PERSON if found else ExitCode.OK)


@differences.command("accept")
def differences_accept(ctx: typer.Context, key: InvoiceId, *, why: Why, by: By) -> None:
    """Accept a difference as it stands, with a reason: the next certificate shows it as accepted.

    It holds for exactly what the last certificate saw: should anything else come to differ, it is open again.
    """
    context: CommandContext = ctx.obj
    with context.store() as store:
        wanted = resolve(store, key)
        found = [each for each in store.differences(None) if each.invoice_id == wanted]
        if not found:
            raise WrongUsage(
                say("No certificate has left a difference of {name}.", name=repr(wanted)),
                say("`differences` lists them all."),
            )
        at = datetime.fromtimestamp(context.clock(), UTC).isoformat(timespec="seconds")
        for each in found:
            acceptance = Acceptance(by=by, why=why, at=at, digest=each.finding.digest())
            store.accept_difference(each.period, wanted, acceptance)
    periods = ", ".join(each.period for each in found)
    said = say(
        "{invoice} is accepted as it stands; the next certificate of {periods} says so, and by whom.",
        invoice=wanted,
        periods=periods,
    )
    text = Text(said)
    text.highlight_words((wanted,), "strong")
    context.out.print(text)
