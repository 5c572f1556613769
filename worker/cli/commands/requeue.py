"""``requeue`` and ``settle``: what a person does about failed invoices."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated

import typer
from rich.text import Text

from config.names import export_of
from worker.cli import formatting
from worker.cli.console import print_json
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.lookup import dead_letters, find_invoice, missing
from worker.cli.options import AsJson, By, InvoiceId, Period, Reason, invoice_id
from worker.domain.record import State
from worker.domain.store_port import OperatorPort

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Invoices, or task ids from Flower.")]
All = Annotated[bool, typer.Option("--all", help="Every failed invoice.")]
Why = Annotated[str, typer.Option("--why", help="Why, for the history.")]
_NOT_MARKED = {
    State.EXPORTED: "there is nothing to settle",
    State.EXPORTING: "a worker is at it this moment, so try again",
}


def requeue(  # noqa: PLR0913  # one parameter for each way of saying which
    ctx: typer.Context,
    ids: Ids = None,
    period: Period = None,
    reason: Reason = None,
    *,
    by: By,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Send failed invoices on their way again, once the cause is mended; they are checked anew first.

    Name them, or choose by period and reason. Whatever e-conomic has already is found there, never posted twice.
    """
    tools: CommandContext = ctx.obj
    keys = [invoice_id(one) for one in ids or ()]
    _check(keys, chosen=bool(period or reason), everything=everything)
    with tools.store() as store:
        wanted = keys or [record.id for record in dead_letters(store, period, reason)]
        check_known(store, keys)
        moved = store.requeue(wanted, by=by)
        paused = store.paused()
    if as_json:
        print_json(tools.out, {"requeued": list(moved), "notFailed": sorted(set(wanted) - set(moved))})
    else:
        _tell(tools, wanted, moved)
        tell_paused(tools, moved, paused.keys())
    raise typer.Exit(ExitCode.PERSON if set(wanted) - set(moved) else ExitCode.OK)


def mark_exported(ctx: typer.Context, key: InvoiceId, *, why: Why, by: By) -> None:
    """Treat an invoice as exported, because it was entered in e-conomic by hand. It will not be posted.

    It must have failed, or not have begun: what may be on its way to e-conomic comes to its own end first.
    """
    tools: CommandContext = ctx.obj
    with tools.store() as store:
        record = find_invoice(store, invoice_id(key))
        done = store.mark_exported(record.id, by=by, why=why)
    if not done:
        why_not = _NOT_MARKED.get(record.state, "something of it may be in e-conomic: it is looked up by itself")
        tools.err.print(Text(f"{record.id} is {record.state.value}: {why_not}. Nothing was changed.", "bad"))
        raise typer.Exit(ExitCode.PERSON)
    tools.out.print(Text.assemble((record.id, "strong"), " counts as exported, entered by hand."))


def _check(keys: Sequence[str], *, chosen: bool, everything: bool) -> None:
    if [bool(keys), chosen, everything].count(True) != 1:
        raise WrongUsage(
            "Say which failed invoices: their ids, or --period and --reason, or --all.",
            "`opter-economic failed list` shows them.",
        )


def check_known(store: OperatorPort, keys: Sequence[str]) -> None:
    """Refuse ids that the ledger does not have, before anything is done. Raises ``WrongUsage``."""
    strangers = missing(store, keys)
    if strangers:
        raise WrongUsage(f"Not in the ledger: {', '.join(strangers)}.", "Nothing was changed. Correct the ids.")


def tell_paused(tools: CommandContext, moved: Sequence[str], paused: AbstractSet[str]) -> None:
    """Say which of the invoices that now should go on will not, as their export is paused."""
    for name in sorted({export_of(invoice) for invoice in moved} & paused):
        tools.out.print(Text(f"Export {name} is paused: they wait until `opter-economic export resume {name}`.", "bad"))


def _tell(tools: CommandContext, wanted: Sequence[str], moved: Sequence[str]) -> None:
    if not wanted:
        tools.out.print(Text("No failed invoice fits; nothing to re-queue.", "good"))
        return
    tools.out.print(Text(f"{formatting.count(len(moved), 'invoice')} re-queued.", "good"))
    left = sorted(set(wanted) - set(moved))
    if left:
        tools.out.print(Text(f"Left alone, as they have not failed: {', '.join(left)}.", "wait"), soft_wrap=True)
