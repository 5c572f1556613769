"""``failed``: the invoices that failed, and why."""

import typer

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode
from worker.cli.formatting import print_json
from worker.cli.lookup import AsJson, InvoiceId, Period, Reason, dead_letters, find_invoice, invoice_id
from worker.cli.views.failed import failed_data, failed_view, invoice_data, invoice_view
from worker.domain.record import State

failed = typer.Typer(help="Show invoices that failed: by reason, or one in full.", invoke_without_command=True)


@failed.callback()
def failed_default(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show invoices that failed: by reason, or one in full. Alone, it lists them."""
    if ctx.invoked_subcommand is None:
        _list(ctx.obj, period=None, reason=None, as_json=as_json)


@failed.command("list")
def failed_list(ctx: typer.Context, period: Period = None, reason: Reason = None, *, as_json: AsJson = False) -> None:
    """List failed invoices under their reasons, with the next step of each. Exit code 1 when there are any."""
    _list(ctx.obj, period=period, reason=reason, as_json=as_json)


@failed.command("show")
def failed_show(ctx: typer.Context, key: InvoiceId, *, as_json: AsJson = False) -> None:
    """Show one invoice in full: what is wrong, in which field, what e-conomic said, what to do, its history."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        record = find_invoice(store, invoice_id(key))
    if as_json:
        print_json(context.out, invoice_data(record))
    else:
        context.out.print(invoice_view(record))
    raise typer.Exit(ExitCode.PERSON if record.state is State.DEAD else ExitCode.OK)


def _list(context: CommandContext, *, period: str | None, reason: str | None, as_json: bool) -> None:
    with context.store() as store:
        records = dead_letters(store, period, reason)
    if as_json:
        print_json(context.out, failed_data(records))
    else:
        context.out.print(failed_view(records))
    raise typer.Exit(ExitCode.PERSON if records else ExitCode.OK)
