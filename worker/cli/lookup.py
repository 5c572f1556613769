"""Options that several commands share, and the lookup of what they name: periods, invoices, reason codes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from getpass import getuser
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from config.errors import suggestion
from worker.cli.error_output import WrongUsage
from worker.cli.formatting import did_you_mean, table
from worker.cli.language import say
from worker.domain.identity import invoice_id_of
from worker.domain.invoice_period import PeriodRecord
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import OperatorPort, Store
from worker.economic.mapping.reasons import REASONS

AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document instead of a table.")]
InvoiceId = Annotated[
    str,
    typer.Argument(metavar="INVOICE", help="Its number (100353), its id (main-100353), or a task id from Flower."),
]
InvoiceIds = Annotated[
    list[str] | None, typer.Argument(metavar="INVOICE", help="Numbers or ids of invoices, or task ids from Flower.")
]
By = Annotated[
    str,
    typer.Option(
        "--by", help="Who does this, for the history.", default_factory=getuser, show_default="your login name"
    ),
]
Why = Annotated[str, typer.Option("--why", help="Why, for whoever reads of it later.")]
Period = Annotated[
    str | None,
    typer.Option("--period", metavar="PERIOD", help="Only this period: Opter's number (881) or name of it, or its id."),
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="REASON", help="Only this reason code, for example totals-mismatch.")
]
Customer = Annotated[
    str | None,
    typer.Option("--customer", metavar="CUSTOMER", help="Only this customer: Opter's code, ledger number, or name."),
]
Value = Annotated[
    str | None,
    typer.Option("--value", metavar="VALUE", help="Only where this value is what is wrong, for example account 3050."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="An entry of the exports file.")]


def resolve(store: Store, text: str) -> str:
    """Return the id of the invoice that is meant. Raises ``WrongUsage`` and ``StoreUnavailable``.

    Flower's task ids are the id, a dot and a few digits. A bare number is looked for in every export and region that
    has a period here.
    """
    plain = text.strip().partition(".")[0]
    if not plain.isdecimal():
        return plain
    found = sorted(store.states(_ids_of(store.periods(), int(plain))))
    found = found or sorted(store.states(_ids_of(store.archived_periods(), int(plain))))
    if len(found) > 1:
        raise WrongUsage(
            say("Several invoices have the number {number}.", number=plain),
            say("Name one by its id: {ids}.", ids=", ".join(found)),
        )
    return found[0] if found else plain


def resolve_all(store: Store, texts: Sequence[str]) -> list[str]:
    """Return the ids of all that are meant, each once. Raises as ``resolve``."""
    return list(dict.fromkeys(resolve(store, text) for text in texts))


def _ids_of(periods: Sequence[PeriodRecord], number: int) -> list[str]:
    from worker.domain.invoice import InvoiceType  # noqa: PLC0415  # the model of an invoice is slow to load

    series = ("", *(kind.value for kind in InvoiceType))
    places = {(period.export, region) for period in periods for region in (None, period.region)}
    return [
        invoice_id_of(export, region, number, series=kind)
        for export, region in sorted(places, key=lambda place: (place[0], place[1] or ""))
        for kind in series
    ]


def find_period(store: OperatorPort, text: str) -> PeriodRecord:
    """Return the period with this id, number or name in Opter. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    period = store.period(text)
    if period:
        return period
    periods, wanted = store.periods(), text.strip().casefold()
    named = [period for period in periods if wanted in {period.name.casefold(), period.id.casefold()}]
    named = named or [period for period in periods if wanted.removeprefix("p") == str(period.number)]
    named = named or _archived(store, wanted)
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(period.id for period in named)
        raise WrongUsage(
            say("Several periods are called {name}.", name=repr(text)), say("Name one by its id: {ids}.", ids=ids)
        )
    near = get_close_matches(text, [name for period in periods for name in (period.name, period.id)], n=1)
    raise WrongUsage(
        say("There is no period {name}.", name=repr(text)),
        did_you_mean(near) + say("`opter-economic status` lists all periods."),
    )


def _archived(store: OperatorPort, wanted: str) -> list[PeriodRecord]:
    """Return archived periods of this id, name or number; Redis knows only their ids."""
    found = store.archived_periods(wanted.removeprefix("p")) if wanted else []
    names = [(period, {period.name.casefold(), period.id.casefold(), str(period.number)}) for period in found]
    return [period for period, called in names if wanted in called or wanted.removeprefix("p") in called]


def dead_letters(
    store: OperatorPort,
    period: str | None,
    reason: str | None,
    customer: str | None = None,
    value: str | None = None,
) -> Iterator[InvoiceRecord]:
    """Return the dead invoices that fit everything given, read as they are asked for.

    Raises ``WrongUsage`` at once; ``StoreUnavailable``, later too.
    """
    if reason is not None and reason not in REASONS:
        raise WrongUsage(say("There is no reason code {code}.", code=repr(reason)), suggestion(reason, list(REASONS)))
    period_id = find_period(store, period).id if period else None
    records = store.invoices(period_id, State.DEAD)
    return (
        record
        for record in records
        if (reason is None or (record.failure and record.failure.reason == reason))
        and (value is None or (record.failure and record.failure.value.casefold() == value.strip().casefold()))
        and (customer is None or is_of(record, customer))
    )


def is_of(record: InvoiceRecord, customer: str) -> bool:
    """Tell whether an invoice is this customer's, by code, ledger number or name."""
    own = json.loads(record.content)["customer"]
    names = (str(own.get(name) or "").casefold() for name in ("code", "ledgerNumber", "name"))
    return customer.strip().casefold() in names


def find_invoice(store: Store, text: str) -> InvoiceRecord:
    """Return one invoice with its history. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    record = store.invoice(resolve(store, text))
    if record is None:
        example = say(
            "Give Opter's invoice number, or an id like main-100353: the export's name, then the number. "
            "`opter-economic invoices PERIOD` lists those of a period."
        )
        raise WrongUsage(say("There is no invoice {name} in the store.", name=repr(text)), example)
    return record


def require_known(store: OperatorPort, invoice_ids: Sequence[str]) -> None:
    """Refuse ids that are not in the store, before anything is done. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    unknown = [invoice_id for invoice_id in invoice_ids if store.invoice(invoice_id) is None]
    if unknown:
        raise WrongUsage(
            say("Not in the store: {ids}.", ids=", ".join(unknown)), say("Nothing was changed. Correct the ids.")
        )


def title(reason: str) -> str:
    """Return its table's heading in the language spoken; the code itself when another version wrote it."""
    return say(REASONS[reason].heading) if reason in REASONS else reason


def next_step(reason: str) -> str:
    """Return what a person does now; empty when another version wrote the code."""
    return say(REASONS[reason].next_step) if reason in REASONS else ""


def by_reason(counts: Mapping[str, int]) -> RenderableType:
    """Return a table of reasons with their counts and next steps."""
    invoices, heading = say("Invoices"), say("Reason")
    rows = table(invoices, heading, say("Next step"), numbers=(invoices,), keys=(heading,))
    for reason, number in counts.items():
        named = Text.assemble(title(reason), "\n", (reason, "quiet"))
        rows.add_row(Text(str(number), style="strong"), named, next_step(reason))
    return rows
