"""Options that several commands share, and the lookup of what they name: periods, invoices, reason codes."""

from collections.abc import Mapping, Sequence
from getpass import getuser
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli.error_output import WrongUsage
from worker.cli.formatting import table
from worker.domain.invoice_period import PeriodRecord
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import OperatorPort
from worker.economic.mapping.reasons import REASONS

AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document instead of a table.")]
InvoiceId = Annotated[
    str, typer.Argument(metavar="ID", help="An invoice, for example main-100353, or a task id from Flower.")
]
InvoiceIds = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Invoices, or task ids from Flower.")]
By = Annotated[
    str,
    typer.Option(
        "--by", help="Who does this, for the history.", default_factory=getuser, show_default="your login name"
    ),
]
Period = Annotated[
    str | None, typer.Option("--period", metavar="PERIOD", help="Only this period: its id, or Opter's name of it.")
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="REASON", help="Only this reason code, for example totals-mismatch.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="An entry of the exports file.")]


def invoice_id(text: str) -> str:
    """Return the invoice's id; Flower's task ids are that, a dot and a few digits."""
    return text.partition(".")[0]


def find_period(store: OperatorPort, text: str) -> PeriodRecord:
    """Return the period with this id, or with this name in Opter. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    period = store.period(text)
    if period:
        return period
    named = [period for period in store.periods() if period.name.casefold() == text.casefold()]
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(period.id for period in named)
        raise WrongUsage(f"Several periods are called {text!r}.", f"Name one of them by its id: {ids}.")
    raise WrongUsage(f"There is no period {text!r}.", "`opter-economic status` lists all periods.")


def dead_letters(store: OperatorPort, period: str | None, reason: str | None) -> list[InvoiceRecord]:
    """Return dead invoices of a period and a reason, or of all. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    if reason is not None and reason not in REASONS:
        raise WrongUsage(f"There is no reason code {reason!r}.", f"The codes are: {', '.join(REASONS)}.")
    period_id = find_period(store, period).id if period else None
    records = store.invoices(period_id, State.DEAD)
    return [record for record in records if reason is None or (record.failure and record.failure.reason == reason)]


def find_invoice(store: OperatorPort, invoice_id: str) -> InvoiceRecord:
    """Return one invoice with its history. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    record = store.invoice(invoice_id)
    if record is None:
        example = "Ids look like main-100353: the export's name, then Opter's invoice number."
        raise WrongUsage(f"There is no invoice {invoice_id!r} in the store.", example)
    return record


def require_known(store: OperatorPort, invoice_ids: Sequence[str]) -> None:
    """Refuse ids that are not in the store, before anything is done. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    unknown = [invoice_id for invoice_id in invoice_ids if store.invoice(invoice_id) is None]
    if unknown:
        raise WrongUsage(f"Not in the store: {', '.join(unknown)}.", "Nothing was changed. Correct the ids.")


def title(reason: str) -> str:
    """Return its table's heading; the code itself when another version wrote it."""
    return REASONS[reason].heading if reason in REASONS else reason


def next_step(reason: str) -> str:
    """Return what a person does now; empty when another version wrote the code."""
    return REASONS[reason].next_step if reason in REASONS else ""


def by_reason(counts: Mapping[str, int]) -> RenderableType:
    """Return a table of reasons with their counts and next steps."""
    rows = table("Invoices", "Reason", "Next step", numbers=("Invoices",))
    for reason, number in counts.items():
        heading = Text.assemble(title(reason), "\n", (reason, "quiet"))
        rows.add_row(Text(str(number), style="strong"), heading, next_step(reason))
    return rows
