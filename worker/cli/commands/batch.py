"""``batch``: many invoices moved by hand as one act: previewed, paced, and cancelled."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.batches import (
    ACTIONS,
    batch_data,
    batch_facts,
    cause_name,
    confirm,
    preview_view,
    previews,
    progress,
)
from worker.cli.causes import ask, causes_of, causes_view
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import moment, page, print_json, section, table
from worker.cli.four_eyes import require_no_second_person
from worker.cli.language import mark, say
from worker.cli.lookup import AsJson, By, Customer, Period, Reason, Value, Why, dead_letters, find_period
from worker.cli.words import batch_result_words, batch_state_word
from worker.domain.batch import Batch, BatchAction, BatchState
from worker.domain.causes import CauseState
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import Store

batch = typer.Typer(
    help="Move many invoices by hand as one act: previewed, run at a pace, kept with who and why.", no_args_is_help=True
)

#: Invoices of a batch that are shown; ``--json`` gives all.
_SHOWN = 50
_NOT_BEGUN = mark("not begun")
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Its id, as `batch list` shows it.")]
Action = Annotated[
    BatchAction,
    typer.Argument(
        help="requeue: failed ones again; reexport: exported ones of a period again; mark-exported: failed ones that "
        "were entered by hand; discard: failed ones that are to be in no books."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this the batch is only shown.")]


@batch.command("list")
def batch_list(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List batches, newest first: what, how many, how far, who, and why."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        found = store.batches()
    if as_json:
        print_json(context.out, [batch_data(each) for each in found])
    elif not found:
        context.out.print(Text(say("There are no batches."), style="good"))
    else:
        key, when = say("Batch"), say("Confirmed")
        rows = table(key, say("What"), say("State"), say("Progress"), when, say("By"), say("Why"), keys=(key,))
        for each in found:
            order = each.ordered
            why = " · ".join(filter(None, (cause_name(order.cause), order.why)))
            what, at = say(ACTIONS[order.action]), moment(each.confirmed_at)
            rows.add_row(order.id, what, batch_state_word(each.state), progress(each), at, order.by, why)
        context.out.print(rows)


@batch.command("show")
def batch_show(ctx: typer.Context, key: BatchId, *, as_json: AsJson = False) -> None:
    """Show one batch with the result of each invoice. Exit code 1 when some failed again or were left alone."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        found = _find(store, key)
        items = store.batch_items(key, most=-1 if as_json else _SHOWN)
    if as_json:
        results = [{"id": item.invoice_id, "result": item.result or _NOT_BEGUN} for item in items]
        print_json(context.out, {**batch_data(found), "invoices": results})
    else:
        rows = table(say("Invoice"), say("Result"), keys=(say("Invoice"),))
        for item in items:
            rows.add_row(item.invoice_id, batch_result_words(item.result) or say(_NOT_BEGUN))
        more = found.total - len(items)
        rest = Text(say("… and {number} more: --json lists all", number=more), "quiet") if more else None
        context.out.print(page(batch_facts(found), section(say("Invoices"), rows, *((rest,) if rest else ()))))
    raise typer.Exit(ExitCode.PERSON if found.failed or found.left else ExitCode.OK)


@batch.command("cancel")
def batch_cancel(ctx: typer.Context, key: BatchId, *, by: By) -> None:
    """Begin no further invoice of a batch: those under way come to their end, the others stay as they are."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        found = _find(store, key)
        cancelled = store.cancel_batch(key, by=by)
        found = _find(store, key)
    if not cancelled:
        state = batch_state_word(found.state)
        text = say("{batch} is {state} already. Nothing was changed.", batch=key, state=state)
        context.err.print(Text(text, "bad"))
        raise typer.Exit(ExitCode.PERSON)
    text = say(
        "{batch} is cancelled: {begun} under way come to their end, {rest} stay as they were.",
        batch=key,
        begun=found.under_way,
        rest=found.not_begun,
    )
    context.out.print(Text(text, "good"))


@batch.command("start")
def batch_start(  # noqa: PLR0913, PLR0917  # one parameter for each way to choose
    ctx: typer.Context,
    action: Action,
    period: Period = None,
    reason: Reason = None,
    customer: Customer = None,
    value: Value = None,
    *,
    why: Why,
    by: By,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Show what a batch would do, and with --yes do it: all invoices that fit, frozen at this moment.

    Exit code 1 when nothing fits, or it was only shown.
    """
    context: CommandContext = ctx.obj
    if not why.strip():
        raise WrongUsage(say("--why is empty."), say("Say why, for whoever reads of the batch later."))
    with context.store() as store:
        records = _chosen(store, action, period, reason, customer, value)
        planned = previews(context, store, action, records)
        if yes:
            require_no_second_person(context, store, action, records, by=by, why=why.strip())
        started = confirm(store, planned, by=by, why=why.strip()) if yes else []
        if as_json:
            shown = [
                {"export": it.export, "invoices": it.invoices, "calls": it.calls, "minutes": round(it.minutes, 1)}
                for it in planned
            ]
            print_json(context.out, {"preview": shown, "batches": [batch_data(each) for each in started]})
        elif not records:
            context.out.print(Text(say("No invoice fits; there is nothing to do."), "good"))
        else:
            context.out.print(preview_view(planned))
            if action is BatchAction.REQUEUE and not yes:
                context.out.print(causes_view(ask(context, store, causes_of(store, records))))
            report(context, started)
    if not yes and records and not as_json:
        context.out.print(Text(say("Nothing was done. Say --yes to do it."), "wait"))
    raise typer.Exit(ExitCode.OK if started else ExitCode.PERSON)


def report(context: CommandContext, started: Sequence[Batch]) -> None:
    """Say which batches run, and where to look."""
    for each in started:
        context.out.print(Text.assemble((each.ordered.id, "strong"), f"  {progress(each)}"))
        if each.state is BatchState.RUNNING and each.not_begun:
            text = say("The others follow by themselves: `opter-economic batch show {batch}`.", batch=each.ordered.id)
            context.out.print(Text(text, "wait"))


def refuse_what_is_still_there(context: CommandContext, store: Store, records: Sequence[InvoiceRecord]) -> None:
    """Ask about the causes of failed invoices. Raises ``WrongUsage`` when one is still there: they would fail again."""
    now = context.clock()
    causes = [cause for cause in causes_of(store, records) if not cause.gone(now)]
    still = [cause for cause in ask(context, store, causes) if cause.answer and cause.answer.state is CauseState.STILL]
    if still:
        context.err.print(causes_view(still))
        raise WrongUsage(
            say("The cause is still there, so the invoices would fail again. Nothing was changed."),
            say("Remove it, or say with --why TEXT why they are to be queued all the same."),
            code=ExitCode.PERSON,
        )


def _chosen(  # noqa: PLR0913, PLR0917  # one parameter for each way to choose
    store: Store,
    action: BatchAction,
    period: str | None,
    reason: str | None,
    customer: str | None,
    value: str | None,
) -> list[InvoiceRecord]:
    if action is not BatchAction.REEXPORT:
        return list(dead_letters(store, period, reason, customer, value))
    if not period or reason or customer or value:
        raise WrongUsage(say("A re-export is of a period."), say("Say --period, and no other choice."))
    return list(store.invoices(find_period(store, period).id, State.EXPORTED))


def _find(store: Store, key: str) -> Batch:
    found = store.batch(key)
    if found is None:
        raise WrongUsage(
            say("There is no batch {name}.", name=repr(key)), say("`opter-economic batch list` shows them.")
        )
    return found
