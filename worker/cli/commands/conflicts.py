"""``conflicts``: invoices that came again with other content after they were posted."""

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Annotated, Any

import structlog
import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import page, print_json, section, table
from worker.cli.language import say, say_count
from worker.cli.lookup import AsJson, By, InvoiceId, Why, find_invoice
from worker.domain.action_log import Act
from worker.domain.content_differences import differences
from worker.domain.invoice_period import Conflict
from worker.domain.reasons import EventReason
from worker.domain.record import InvoiceRecord
from worker.domain.store_port import OperatorPort
from worker.intake.queue import dead_events, logged

log = structlog.get_logger()

conflicts = typer.Typer(
    help="Show invoices that came again with other content after they were posted, and accept them.",
    no_args_is_help=True,
)
_Invoices = Annotated[list[str], typer.Argument(metavar="INVOICE", help="Numbers or ids of invoices in conflict.")]
Accepted = Annotated[bool, typer.Option("--accepted", help="Those that a person has accepted, too.")]


@conflicts.command("list")
def conflicts_list(ctx: typer.Context, *, accepted: Accepted = False, as_json: AsJson = False) -> None:
    """List them with period and time. Exit code 1 when one waits for a person."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        found = [(period, it) for period, it in _all(store) if accepted or not it.accepted]
    if as_json:
        print_json(context.out, [_data(period, conflict) for period, conflict in found])
    elif found:
        keys = (say("Invoice"), say("Period"))
        rows = table(*keys, say("Came again"), say("Event"), say("Accepted"), keys=keys)
        for period, conflict in found:
            at = formatting.moment(conflict.at)
            rows.add_row(conflict.invoice_id, period, at, conflict.event_key, conflict.accepted)
        context.out.print(rows)
    else:
        context.out.print(Text(say("No conflict waits for a person."), style="good"))
    raise typer.Exit(ExitCode.PERSON if any(not it.accepted for _, it in found) else ExitCode.OK)


@conflicts.command("show")
def conflicts_show(ctx: typer.Context, key: InvoiceId, *, as_json: AsJson = False) -> None:
    """Show what was posted beside what came later, field by field."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        record = find_invoice(store, key)
        found = _of(store, record)
    if as_json:
        print_json(context.out, [_data(period, conflict, posted=record.content) for period, conflict in found])
    else:
        context.out.print(page(*(_view(record, conflict) for _, conflict in found)))


@conflicts.command("accept")
def conflicts_accept(ctx: typer.Context, keys: _Invoices, *, why: Why, by: By) -> None:
    """Take conflicts for seen, once e-conomic is right: what was posted stays, and both contents are kept.

    An event that came under an id used before waits for a person until its last conflict is accepted.
    """
    context: CommandContext = ctx.obj
    if not why.strip():
        raise WrongUsage(say("--why is empty."), say("Say what was done about it, for example: credited by 100371."))
    with context.store() as store:
        of_each = {record.id: _of(store, record) for record in [find_invoice(store, key) for key in keys]}
        for key, found in of_each.items():
            periods = sorted({period for period, _ in found})
            accepted = sum(store.accept_conflicts(period, key, by=by, why=why) for period in periods)
            log.info("conflicts_accepted", invoice=key, conflicts=accepted, by=by)
            count = formatting.count(accepted, "conflict")
            text = say("{conflicts} of {invoice} accepted; both contents are kept.", conflicts=count, invoice=key)
            context.out.print(text)
        waiting = {conflict.event_key for _, conflict in _all(store) if not conflict.accepted}
    events = {conflict.event_key for found in of_each.values() for _, conflict in found}
    done = _discard(context, events - waiting, why=why, by=by)
    if done:
        text = say_count(
            done,
            "{number} event that brought nothing else no longer waits for a person.",
            "{number} events that brought nothing else no longer wait for a person.",
        )
        context.out.print(text)


def _discard(context: CommandContext, keys: AbstractSet[str], *, why: str, by: str) -> int:
    """Discard the events of which nothing is left but that their id was used before; return how many."""
    done = 0
    with context.events() as queue:
        for event, content in dead_events(queue):
            if event.event_key in keys and all(each.reason is EventReason.EVENT_CONFLICT for each in event.problems):
                done += queue.discard(content, logged(event, Act.DISCARD_EVENT, by=by, at=context.clock(), why=why))
    return done


def _all(store: OperatorPort) -> Iterator[tuple[str, Conflict]]:
    for period in store.periods():
        for conflict in (*period.conflicts, *period.accepted_conflicts):
            yield period.id, conflict


def _of(store: OperatorPort, record: InvoiceRecord) -> list[tuple[str, Conflict]]:
    found = [(period, conflict) for period, conflict in _all(store) if conflict.invoice_id == record.id]
    if not found:
        raise WrongUsage(
            say("{invoice} has no conflict.", invoice=record.id), say("`opter-economic conflicts list` shows all.")
        )
    return found


def _view(record: InvoiceRecord, conflict: Conflict) -> RenderableType:
    rows = table(say("Field"), say("Posted"), say("Came later"), keys=(say("Field"),))
    for name, (posted, later) in differences(record.content, conflict.content).items():
        rows.add_row(name, posted, later)
    state = Text(say("waits for a person"), "bad")
    if conflict.accepted:
        state = Text(say("accepted by {name}", name=conflict.accepted), "good")
    title = f"{record.id} · {formatting.moment(conflict.at)} · {conflict.event_key}"
    return section(title, state, rows)


def _data(period: str, conflict: Conflict, *, posted: str | None = None) -> dict[str, Any]:
    contents = {} if posted is None else {"posted": json.loads(posted), "cameLater": json.loads(conflict.content)}
    return {
        "invoice": conflict.invoice_id,
        "period": period,
        "at": formatting.iso(conflict.at),
        "event": conflict.event_key,
        "accepted": conflict.accepted or None,
        **contents,
    }
