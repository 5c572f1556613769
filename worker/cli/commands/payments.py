"""``payments``: what was paid since the last run, reported to Opter once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from config.exports import ExportConfig
from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import page, print_json, section, table
from worker.cli.language import say
from worker.cli.lookup import AsJson
from worker.cli.processes import stop_on_signal
from worker.domain.payments import PaymentRun, RunRules, collect, totals
from worker.domain.record import State
from worker.domain.store_port import Store
from worker.reconcile.payment_files import payment_data
from worker.reconcile.settled import SettledReading, read_settled
from worker.runtime.payment_delivery import deliver
from worker.workflow.preflight import read_invoices

_DELIVERED = "delivered"

ExportName = Annotated[str | None, typer.Option("--export", metavar="NAME", help="Only this export.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be reported; nothing is handed over or noted.")
]
Every = Annotated[
    float | None, typer.Option("--every", metavar="MINUTES", help="Run again and again until stopped.", min=1)
]


def payments(
    ctx: typer.Context,
    export: ExportName = None,
    every: Every = None,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Tell Opter what was paid since the last run: each payment once, a reversal with its sign turned.

    Files are put into `payments.folder`, or the run is sent to `payments.url`, as the exports file says. A run that
    could not be handed over is handed over first by the next one. Exit code 1 when something of an invoice is unclear.
    """
    context: CommandContext = ctx.obj
    names = [export] if export else sorted(context.exports)
    chosen = [context.export(name) for name in names]
    wanted = [each for each in chosen if dry_run or each.payments.folder or each.payments.url]
    if not wanted:
        raise WrongUsage(
            say("No export says where payments go."),
            say("Set payments.folder or payments.url in the exports file."),
        )
    if every is None:
        raise typer.Exit(_run(context, wanted, dry_run=dry_run, as_json=as_json))
    with stop_on_signal() as stop:
        while not stop.is_set():
            _run(context, wanted, dry_run=dry_run, as_json=as_json)
            stop.wait(every * 60)


def _run(context: CommandContext, exports: Sequence[ExportConfig], *, dry_run: bool, as_json: bool) -> ExitCode:
    with context.store() as store:
        done = [_one(context, store, export, dry_run=dry_run) for export in exports]
    if as_json:
        print_json(context.out, [_data(run, reading) for run, reading in done])
    else:
        context.out.print(page(*(_view(run, reading) for run, reading in done)))
    return ExitCode.PERSON if any(reading.unclear for _, reading in done) else ExitCode.OK


def _one(
    context: CommandContext, store: Store, export: ExportConfig, *, dry_run: bool
) -> tuple[PaymentRun, SettledReading]:
    last = store.payment_run(export.name)
    if last and last.phase != _DELIVERED and not dry_run:
        _deliver(store, export, last)
    now = datetime.fromtimestamp(context.clock(), UTC)
    number = (last.number if last else 0) + 1
    reading = _reading(context, store, export, since=(now - timedelta(days=export.payments.days)).timestamp())
    rules = RunRules(run=number, day=f"{now:%Y-%m-%d}", credit_notes=export.payments.credit_notes)
    new, reported = collect(reading.settled, store.reported_payments(export.name), rules)
    run = PaymentRun(export=export.name, number=number, at=now.isoformat(timespec="seconds"), payments=new)
    if reported and not dry_run:
        if not store.begin_payments(run, reported):
            raise WrongUsage(
                say("Another run for export {export} is under way.", export=export.name), say("Run one at a time.")
            )
        _deliver(store, export, run)
    return run, reading


def _deliver(store: Store, export: ExportConfig, run: PaymentRun) -> None:
    deliver(run, export.payments, lambda phase: store.advance_payments(export.name, run.number, phase))


def _reading(context: CommandContext, store: Store, export: ExportConfig, *, since: float) -> SettledReading:
    every = (*store.periods(), *store.archived_periods(export=export.name))
    periods = [each for each in every if each.export == export.name and each.received_at >= since]
    found = {record.id: record for each in periods for record in store.invoices(each.id, State.EXPORTED)}
    invoices, _ = read_invoices(list(found.values()))
    records = [record for record in found.values() if record.id in invoices]
    with context.reconciler(export) as reconciler:
        base = reconciler.context.economic.master_data(frozenset()).base_currency
        return read_settled(records, invoices, export, reconciler.ledger, base_currency=base)


def _view(run: PaymentRun, reading: SettledReading) -> RenderableType:
    numbers = (say("Payments"), say("Amount"))
    rows = table(say("Currency"), *numbers, numbers=numbers)
    for currency, number, amount in totals(run.payments):
        rows.add_row(currency, str(number), formatting.money(amount))
    shown = rows if run.payments else Text(say("Nothing was paid since the last run."), style="good")
    unclear = say(
        "Not reported, as the ledger has no single entry with Opter's amount: {invoices}.",
        invoices=", ".join(reading.unclear),
    )
    title = say("Payments of export {export}, run {number}", export=run.export, number=run.number)
    return section(title, shown, *([Text(unclear, style="bad")] if reading.unclear else []))


def _data(run: PaymentRun, reading: SettledReading) -> dict[str, Any]:
    return {
        "export": run.export,
        "run": run.number,
        "at": run.at,
        "payments": [payment_data(each) for each in run.payments],
        "unclear": list(reading.unclear),
    }
