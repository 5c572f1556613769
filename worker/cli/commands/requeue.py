"""Invoices queued once more: ``requeue`` and ``mark-exported`` for failed ones, ``reexport`` for exported ones."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from worker.cli.batches import batch_data, confirm, previews
from worker.cli.commands.batch import refuse_what_is_still_there, report
from worker.cli.commands.status import LOOK_EVERY
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import data_of, print_json
from worker.cli.four_eyes import require_no_second_person
from worker.cli.language import mark, say
from worker.cli.lookup import (
    AsJson,
    By,
    Customer,
    InvoiceId,
    InvoiceIds,
    Period,
    Reason,
    Value,
    Why,
    dead_letters,
    find_invoice,
    find_period,
    require_known,
    resolve_all,
)
from worker.cli.views.moved import reexported_view, requeued_view, run_view
from worker.cli.words import state_word
from worker.domain.batch import Batch, BatchAction, BatchState
from worker.domain.period_report import ReexportReport, report_reexport
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import Store

All = Annotated[bool, typer.Option("--all", help="Every failed invoice.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Wait until none of them moves, and report on the run.")]
ByHand = Annotated[
    bool,
    typer.Option(
        "--by-hand",
        help="Also one that was marked as exported by hand: it is posted, unless e-conomic has it with its reference.",
    ),
]
Anyway = Annotated[
    str, typer.Option("--why", help="Why they are queued although the cause is still there, for the history.")
]
_NOT_MARKED = {
    State.EXPORTED: mark("it counts as exported already"),
    State.EXPORTING: mark("a worker is exporting it at this moment, so try again"),
}


def requeue(  # noqa: PLR0913, PLR0917  # one parameter for each way to choose
    ctx: typer.Context,
    ids: InvoiceIds = None,
    period: Period = None,
    reason: Reason = None,
    customer: Customer = None,
    value: Value = None,
    *,
    by: By,
    why: Anyway = "",
    everything: All = False,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Queue failed invoices again, once the cause is fixed; they are checked anew first.

    Name them, or choose by period, reason, customer and the value that was wrong: these go as a batch, unless
    e-conomic says that a cause is still there. Whatever e-conomic has already is found there, never posted twice. Exit
    code 1 when one was left alone, a cause is still there, or one failed again under --watch.
    """
    context: CommandContext = ctx.obj
    if [bool(ids), bool(period or reason or customer or value), everything].count(True) != 1:
        which = say(
            "Say which failed invoices: their numbers, or --period, --reason, --customer and --value, or --all."
        )
        raise WrongUsage(which, say("`opter-economic failed list` shows them."))
    with context.store() as store:
        named, batches = resolve_all(store, ids or ()), list[Batch]()
        if named:
            require_known(store, named)
            failed = [record for record in _records(store, named) if record.state is State.DEAD]
            require_no_second_person(context, store, BatchAction.REQUEUE, failed, by=by, why=why)
            wanted, moved = named, store.requeue(named, by=f"{by}: {why}" if why else by)
        else:
            records = list(dead_letters(store, period, reason, customer, value))
            batches = _as_batches(context, store, BatchAction.REQUEUE, records, by=by, why=why)
            wanted = [record.id for record in records]
            moved = _taken(store, batches)
        left = sorted(set(wanted) - set(moved))
        if not as_json and wanted:
            context.out.print(requeued_view(moved, left, store.paused().keys()), soft_wrap=True)
            report(context, batches)
        run = _follow(context, store, moved, batches) if watch else None
    if as_json:
        print_json(context.out, {"requeued": list(moved), "notFailed": left, **_data(batches, run)})
    elif not wanted:
        context.out.print(Text(say("No failed invoice fits; nothing to re-queue."), "good"))
    elif run:
        context.out.print(run_view(run))
    raise typer.Exit(ExitCode.PERSON if left or (run and run.failed) else ExitCode.OK)


def mark_exported(ctx: typer.Context, key: InvoiceId, *, why: Why, by: By) -> None:
    """Count an invoice as exported, because it was entered in e-conomic by hand. It will not be posted.

    It must have failed, or not have begun: what may be on its way to e-conomic comes to its own end first.
    """
    context: CommandContext = ctx.obj
    if not why.strip():
        raise WrongUsage(
            say("--why is empty."),
            say("Say why, for whoever reads the history: for example the number it has there."),
        )
    with context.store() as store:
        record = find_invoice(store, key)
        require_no_second_person(context, store, BatchAction.MARK_EXPORTED, [record], by=by, why=why)
        marked = store.mark_exported(record.id, by=by, why=why)
    if not marked:
        context.err.print(Text(_why_not_marked(record), "bad"))
        raise typer.Exit(ExitCode.PERSON)
    text = Text(
        say(
            "{invoice} counts as exported on the word of {name}; nobody looked in e-conomic.",
            invoice=record.id,
            name=by,
        )
    )
    text.highlight_words((record.id,), "strong")
    context.out.print(text)


def _why_not_marked(record: InvoiceRecord) -> str:
    looked_up = mark("part of it may be in e-conomic, which the worker looks up by itself")
    return say(
        "{invoice} is {state}: {why}. Nothing was changed.",
        invoice=record.id,
        state=state_word(record.state),
        why=say(_NOT_MARKED.get(record.state, looked_up)),
    )


def reexport(  # noqa: PLR0913  # one parameter for each option of the command
    ctx: typer.Context,
    ids: InvoiceIds = None,
    period: Period = None,
    *,
    by: By,
    by_hand: ByHand = False,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Export invoices again that count as exported: single ones, or a whole period.

    Each is looked up in e-conomic first. What is there is adopted and never posted again; a draft that somebody
    deleted is made anew. Exit code 1 when one failed, or one that was named was left alone.
    """
    context: CommandContext = ctx.obj
    if bool(ids) == bool(period):
        raise WrongUsage(
            say("Say which invoices: their ids, or --period."), say("`opter-economic status` lists all periods.")
        )
    if by_hand and period:
        raise WrongUsage(
            say("--by-hand goes with ids only."), say("Name the invoices that were marked as exported by mistake.")
        )
    with context.store() as store:
        named, batches = resolve_all(store, ids or ()), list[Batch]()
        if named:
            require_known(store, named)
            exported = [record for record in _records(store, named) if record.state is State.EXPORTED]
            require_no_second_person(context, store, BatchAction.REEXPORT, exported, by=by, why="")
            wanted, moved = named, store.reexport(named, by=by, by_hand=by_hand)
        else:
            records = list(store.invoices(find_period(store, period or "").id, State.EXPORTED))
            batches = _as_batches(context, store, BatchAction.REEXPORT, records, by=by, why="")
            wanted = [record.id for record in records]
            moved = _taken(store, batches)
        left = sorted(set(wanted) - set(moved))
        if not as_json:
            context.out.print(reexported_view(moved, left, store.paused().keys()), soft_wrap=True)
            report(context, batches)
        run = _follow(context, store, moved, batches) if watch else None
    if as_json:
        print_json(context.out, {"reexported": list(moved), "leftAlone": left, **_data(batches, run)})
    elif run:
        context.out.print(run_view(run))
    raise typer.Exit(ExitCode.PERSON if set(named) - set(moved) or (run and run.failed) else ExitCode.OK)


def _as_batches(  # noqa: PLR0913  # what is done with which invoices, who does it and why
    context: CommandContext,
    store: Store,
    action: BatchAction,
    records: Sequence[InvoiceRecord],
    *,
    by: str,
    why: str,
) -> list[Batch]:
    """Start a batch for each export. Raises ``WrongUsage`` when a cause is still there and no reason was given."""
    if action is BatchAction.REQUEUE and not why.strip():
        refuse_what_is_still_there(context, store, records)
    require_no_second_person(context, store, action, records, by=by, why=why.strip())
    return confirm(store, previews(context, store, action, records), by=by, why=why.strip())


def _records(store: Store, ids: Sequence[str]) -> list[InvoiceRecord]:
    return [record for key in ids if (record := store.invoice(key))]


def _taken(store: Store, batches: Sequence[Batch]) -> list[str]:
    """Return the invoices of batches that were moved, or will be."""
    items = (item for each in batches for item in store.batch_items(each.ordered.id))
    return [item.invoice_id for item in items if not item.result.startswith("left ")]


def _follow(context: CommandContext, store: Store, ids: Sequence[str], batches: Sequence[Batch] = ()) -> ReexportReport:
    """Add these invoices up until none of them moves and all are begun; return the last report."""
    for each in batches:
        while (now := store.batch(each.ordered.id)) and now.state is BatchState.RUNNING and now.not_begun:
            context.sleep(LOOK_EVERY)
    while (run := report_reexport(record for key in ids if (record := store.invoice(key)))).moving:
        context.sleep(LOOK_EVERY)
    return run


def _data(batches: Sequence[Batch], run: ReexportReport | None) -> dict[str, Any]:
    return {
        **({"batches": [batch_data(each) for each in batches]} if batches else {}),
        **({"run": data_of(run)} if run else {}),
    }
