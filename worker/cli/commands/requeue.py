"""``requeue`` and ``mark-exported``: what a person does about failed invoices."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated

import typer
from rich.text import Text

from config.names import export_of
from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import print_json
from worker.cli.lookup import (
    AsJson,
    By,
    InvoiceId,
    InvoiceIds,
    Period,
    Reason,
    dead_letters,
    find_invoice,
    invoice_id,
    require_known,
)
from worker.domain.record import State

All = Annotated[bool, typer.Option("--all", help="Every failed invoice.")]
Why = Annotated[str, typer.Option("--why", help="Why, for the history.")]
_NOT_MARKED = {
    State.EXPORTED: "it counts as exported already",
    State.EXPORTING: "a worker is exporting it at this moment, so try again",
}


def requeue(  # noqa: PLR0913  # one parameter for each way to choose
    ctx: typer.Context,
    ids: InvoiceIds = None,
    period: Period = None,
    reason: Reason = None,
    *,
    by: By,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Queue failed invoices again, once the cause is fixed; they are checked anew first.

    Name them, or choose by period and reason. Whatever e-conomic has already is found there, never posted twice.
    """
    context: CommandContext = ctx.obj
    named = [invoice_id(text) for text in ids or ()]
    _check(named, chosen=bool(period or reason), everything=everything)
    with context.store() as store:
        wanted = named or [record.id for record in dead_letters(store, period, reason)]
        require_known(store, named)
        moved = store.requeue(wanted, by=by)
        paused = store.paused()
    if as_json:
        print_json(context.out, {"requeued": list(moved), "notFailed": sorted(set(wanted) - set(moved))})
    else:
        _report(context, wanted, moved)
        report_paused(context, moved, paused.keys())
    raise typer.Exit(ExitCode.PERSON if set(wanted) - set(moved) else ExitCode.OK)


def mark_exported(ctx: typer.Context, key: InvoiceId, *, why: Why, by: By) -> None:
    """Count an invoice as exported, because it was entered in e-conomic by hand. It will not be posted.

    It must have failed, or not have begun: what may be on its way to e-conomic comes to its own end first.
    """
    context: CommandContext = ctx.obj
    with context.store() as store:
        record = find_invoice(store, invoice_id(key))
        marked = store.mark_exported(record.id, by=by, why=why)
    if not marked:
        why_not = _NOT_MARKED.get(record.state, "part of it may be in e-conomic, which the worker looks up by itself")
        context.err.print(Text(f"{record.id} is {record.state.value}: {why_not}. Nothing was changed.", "bad"))
        raise typer.Exit(ExitCode.PERSON)
    context.out.print(Text.assemble((record.id, "strong"), " counts as exported, entered by hand."))


def report_paused(context: CommandContext, moved: Sequence[str], paused: AbstractSet[str]) -> None:
    """Say which of the invoices that were just queued will wait, as their export is paused."""
    for name in sorted({export_of(invoice) for invoice in moved} & paused):
        text = f"Export {name} is paused: they wait until `opter-economic export resume {name}`."
        context.out.print(Text(text, "bad"))


def _check(named: Sequence[str], *, chosen: bool, everything: bool) -> None:
    if [bool(named), chosen, everything].count(True) != 1:
        raise WrongUsage(
            "Say which failed invoices: their ids, or --period and --reason, or --all.",
            "`opter-economic failed list` shows them.",
        )


def _report(context: CommandContext, wanted: Sequence[str], moved: Sequence[str]) -> None:
    if not wanted:
        context.out.print(Text("No failed invoice fits; nothing to re-queue.", "good"))
        return
    context.out.print(Text(f"{formatting.count(len(moved), 'invoice')} re-queued.", "good"))
    left = sorted(set(wanted) - set(moved))
    if left:
        context.out.print(Text(f"Left alone, as they have not failed: {', '.join(left)}.", "wait"), soft_wrap=True)
