"""``failed``: the invoices that failed, grouped by reason, and one in full."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.causes import ask, causes_data, causes_of, causes_view
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode
from worker.cli.formatting import page, print_json, print_json_rows, section, table
from worker.cli.language import say
from worker.cli.lookup import (
    AsJson,
    Customer,
    InvoiceId,
    Period,
    Reason,
    dead_letters,
    find_invoice,
    title,
)
from worker.cli.views.invoice import failure_data, gross_of, invoice_data, invoice_view
from worker.cli.words import described
from worker.domain.causes import CauseState
from worker.domain.record import InvoiceRecord, State
from worker.economic.mapping.reasons import REASONS

failed = typer.Typer(help="Show invoices that failed: by reason, or one in full.", invoke_without_command=True)

#: Invoices shown for one reason; ``--json`` gives all.
SHOWN = 12


@failed.callback()
def failed_default(
    ctx: typer.Context,
    period: Period = None,
    reason: Reason = None,
    customer: Customer = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show invoices that failed: by reason, or one in full. Alone, it lists them."""
    if ctx.invoked_subcommand is None:
        _list(ctx.obj, period=period, reason=reason, customer=customer, as_json=as_json)


@failed.command("list")
def failed_list(
    ctx: typer.Context,
    period: Period = None,
    reason: Reason = None,
    customer: Customer = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List failed invoices under their reasons, with the next step of each. Exit code 1 when there are any."""
    _list(ctx.obj, period=period, reason=reason, customer=customer, as_json=as_json)


@failed.command("show")
def failed_show(ctx: typer.Context, key: InvoiceId, *, as_json: AsJson = False) -> None:
    """Show one invoice in full: what is wrong, in which field, what e-conomic said, what to do, its history."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        record = find_invoice(store, key)
    if as_json:
        print_json(context.out, invoice_data(record))
    else:
        context.out.print(invoice_view(record))
    raise typer.Exit(ExitCode.PERSON if record.state is State.DEAD else ExitCode.OK)


@failed.command("check")
def failed_check(
    ctx: typer.Context,
    period: Period = None,
    reason: Reason = None,
    customer: Customer = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask e-conomic whether the causes of failed invoices are gone: one question each, however many failed for it.

    Nothing is re-queued. Exit code 1 when a cause is still there, or cannot be told.
    """
    context: CommandContext = ctx.obj
    with context.store() as store:
        causes = ask(context, store, causes_of(store, list(dead_letters(store, period, reason, customer))))
    gone = all(cause.answer and cause.answer.state is CauseState.GONE for cause in causes)
    if as_json:
        print_json(context.out, causes_data(causes))
    else:
        context.out.print(causes_view(causes) if causes else Text(say("Nothing has failed."), style="good"))
    raise typer.Exit(ExitCode.OK if gone else ExitCode.PERSON)


def _list(
    context: CommandContext, *, period: str | None, reason: str | None, customer: str | None, as_json: bool
) -> None:
    with context.store() as store:
        records = dead_letters(store, period, reason, customer)
        if as_json:
            number = print_json_rows(context.out, map(failed_row, records))
        else:
            groups = _grouped(records)
            number = sum(group.number for group in groups)
            context.out.print(failed_view(groups))
    raise typer.Exit(ExitCode.PERSON if number else ExitCode.OK)


@dataclass(kw_only=True, slots=True)
class FailedGroup:
    """Invoices that failed for one reason, of which the first are kept: there may be any number."""

    reason: str
    number: int = 0
    first: list[InvoiceRecord] = field(default_factory=list)
    #: What is to be done about them; more than one where it depends on the invoice.
    steps: set[str] = field(default_factory=set)

    def add(self, record: InvoiceRecord) -> None:
        """Count one more."""
        self.number += 1
        if len(self.first) < SHOWN:
            self.first.append(record)
        if record.failure and len(self.steps) <= 1:
            self.steps.add(record.failure.next_step)


def _grouped(records: Iterable[InvoiceRecord]) -> list[FailedGroup]:
    """Return the groups, the largest first."""
    groups: dict[str, FailedGroup] = {}
    for record in records:
        reason = record.failure.reason if record.failure else ""
        groups.setdefault(reason, FailedGroup(reason=reason)).add(record)
    return sorted(groups.values(), key=lambda group: -group.number)


def failed_view(groups: Sequence[FailedGroup]) -> RenderableType:
    """Return the failed invoices under their reasons, with what to do about each."""
    return page(*map(_group, groups)) if groups else Text(say("Nothing has failed."), style="good")


def failed_row(record: InvoiceRecord) -> dict[str, Any]:
    """Return one of them for scripts."""
    content = _content(record)
    return {
        "id": record.id,
        "export": record.export,
        "periods": list(record.periods),
        "invoiceNumber": record.invoice_number,
        "customer": content["customer"]["name"],
        "customerCode": content["customer"]["code"],
        "gross": content["gross"],
        "currency": content["currency"],
        "attempts": record.attempts,
        "since": formatting.iso(record.updated_at),
        "failure": failure_data(record.failure),
    }


def _group(group: FailedGroup) -> RenderableType:
    key, amount = say("Invoice"), say("Gross")
    rows = table(key, say("Customer"), amount, say("What is wrong"), numbers=(amount,), keys=(key,))
    for record in group.first:
        wrong = described(record.failure.description) if record.failure else ""
        rows.add_row(record.id, _content(record)["customer"]["name"], gross_of(record), wrong)
    hidden = group.number - len(group.first)
    rest = say("… and {number} more: --json lists all, `invoices PERIOD --state dead` a period's", number=hidden)
    more = Text(rest, "quiet")
    step = next(iter(group.steps)) if len(group.steps) == 1 else _own_step(group.reason)
    heading = f"{title(group.reason)} · {formatting.count(group.number, 'invoice')}"
    then = Text.assemble(f"  {say('then')} ", (f"opter-economic requeue --reason {group.reason}", "command"))
    clears = [then] if "re-queue" in step.lower() else []
    reason = Text(group.reason, style="quiet")
    return section(heading, reason, f"→ {say(step)}", *clears, "", rows, *[more] * (hidden > 0))


def _content(record: InvoiceRecord) -> Any:
    return json.loads(record.content)


def _own_step(reason: str) -> str:
    """Return a reason's next step as its table has it; empty when another version wrote the code."""
    return REASONS[reason].next_step if reason in REASONS else ""
