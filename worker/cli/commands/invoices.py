"""``invoice`` and ``invoices``: one invoice in full, and a period's as a list, whatever their state."""

import csv
import json
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import page, print_json, print_json_rows, table
from worker.cli.language import mark, say
from worker.cli.lookup import AsJson, Customer, InvoiceId, find_invoice, find_period, is_of, title
from worker.cli.views.invoice import gross_of, invoice_data, invoice_view
from worker.cli.words import state_word
from worker.domain.record import InvoiceRecord, Outcome, State

PeriodArgument = Annotated[
    str, typer.Argument(metavar="PERIOD", help="Opter's number (881) or name (2026-47A) of a period, or its id.")
]
OfState = Annotated[State | None, typer.Option("--state", help="Only invoices in this state.")]
Csv = Annotated[bool, typer.Option("--csv", help="Write CSV with a heading, for a spreadsheet.")]

#: A credit note's amount, which begins as a formula may.
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_COLUMNS = (
    "id",
    "invoiceNumber",
    "state",
    "outcome",
    "customerCode",
    "customer",
    "invoiceDate",
    "currency",
    "gross",
    "bookedNumber",
    "draftNumber",
    "voucher",
    "reason",
    "description",
)
#: How an exported invoice ended.
OUTCOMES = {
    Outcome.BOOKED: mark("booked"),
    Outcome.DRAFTED: mark("drafted"),
    Outcome.VOUCHER: mark("voucher"),
    Outcome.BY_HAND: mark("by-hand"),
    Outcome.EXCLUDED: mark("excluded"),
    Outcome.NOTHING_TO_BOOK: mark("nothing-to-book"),
    Outcome.DISCARDED: mark("discarded"),
}
#: Invoices that the table shows: all of its rows are laid out together.
SHOWN = 2000
_STYLES = {State.EXPORTED: "good", State.DEAD: "bad"}


def invoice(ctx: typer.Context, key: InvoiceId, *, as_json: AsJson = False) -> None:
    """Show one invoice in full, whatever its state: amounts, what e-conomic has, history.

    Exit code 1 when it has failed.
    """
    context: CommandContext = ctx.obj
    with context.store() as store:
        record = find_invoice(store, key)
    if as_json:
        print_json(context.out, invoice_data(record))
    else:
        context.out.print(invoice_view(record))
    raise typer.Exit(ExitCode.PERSON if record.state is State.DEAD else ExitCode.OK)


def invoices(  # noqa: PLR0913  # one parameter for each option of the command
    ctx: typer.Context,
    period: PeriodArgument,
    state: OfState = None,
    customer: Customer = None,
    *,
    as_csv: Csv = False,
    as_json: AsJson = False,
) -> None:
    """List the invoices of a period with state, customer and amount, as a table, CSV or JSON."""
    context: CommandContext = ctx.obj
    if as_csv and as_json:
        raise WrongUsage(say("--csv and --json exclude each other."), say("Choose one."))
    with context.store() as store:
        found = store.invoices(find_period(store, period).id, state)
        records = (record for record in found if customer is None or is_of(record, customer))
        if as_json:
            print_json_rows(context.out, map(invoice_row, records))
        elif as_csv:
            write_csv(context, records)
        else:
            shown = list(islice(records, SHOWN))
            context.out.print(invoices_view(shown, more=sum(1 for _ in records)))


def write_csv(context: CommandContext, records: Iterable[InvoiceRecord]) -> None:
    """Write the rows with semicolons, as spreadsheets of Danish readers take them, and a heading."""
    writer = csv.DictWriter(context.out.file, _COLUMNS, delimiter=";", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({name: _harmless(value) for name, value in invoice_row(record).items()})


def _harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula, whoever wrote its text (OWASP, CSV injection)."""
    formula = isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}
    return f"'{value}" if formula and not _AMOUNT.fullmatch(value) else value


def invoice_row(record: InvoiceRecord) -> dict[str, Any]:
    """Return one invoice as a flat row, for scripts and CSV."""
    content, progress = json.loads(record.content), record.progress
    values = (
        record.id,
        record.invoice_number,
        record.state.value,
        record.outcome.value if record.outcome else None,
        content["customer"]["code"],
        content["customer"]["name"],
        content["invoiceDate"],
        content["currency"],
        content["gross"],
        progress.booked_number,
        progress.draft_number,
        progress.voucher,
        record.failure.reason if record.failure else None,
        record.failure.description if record.failure else None,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def invoices_view(records: Sequence[InvoiceRecord], *, more: int = 0) -> RenderableType:
    """Return the table; what became of an invoice stands in its last column. ``more`` of them are not shown."""
    if not records:
        return Text(say("No invoice fits."))
    keys, amount = (say("Invoice"), say("State")), say("Gross")
    rows = table(*keys, say("Customer"), amount, say("Result"), numbers=(amount,), keys=keys)
    for record in records:
        customer = json.loads(record.content)["customer"]["name"]
        state = Text(state_word(record.state), style=_STYLES.get(record.state, "wait"))
        rows.add_row(record.id, state, customer, gross_of(record), result_of(record))
    total = formatting.count(len(records) + more, "invoice")
    hidden = say(" The first {number} are shown; --csv or --json lists all.", number=len(records)) if more else ""
    return page(rows, Text(f"\n{total}.{hidden}", style="quiet"))


def result_of(record: InvoiceRecord) -> str:
    """Return what became of an invoice, or what it waits for, in a few words."""
    if record.state is State.EXPORTED:
        return _ended(record)
    if record.failure is None:
        return ""
    reason = title(record.failure.reason)
    if record.state is State.WAITING and record.due_at:
        return say("{reason}, again {when}", reason=reason, when=formatting.moment(record.due_at))
    return reason


def _ended(record: InvoiceRecord) -> str:
    outcome, progress = say(OUTCOMES[record.outcome]) if record.outcome else "", record.progress
    if progress.booked_number:
        said = say("{outcome} {number}", outcome=outcome, number=progress.booked_number)
    elif progress.voucher:
        said = say("{outcome} voucher {number}", outcome=outcome, number=progress.voucher)
    elif progress.draft_number:
        said = say("{outcome} draft {number}", outcome=outcome, number=progress.draft_number)
    else:
        said = outcome
    return said.strip()
