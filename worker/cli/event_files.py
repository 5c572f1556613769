"""What a person brings from files: whole events as they are, or invoices that are made into one event."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.domain.invoice import Invoice
from worker.domain.sums import Problem, check_event
from worker.intake.event import Event, Period
from worker.intake.event_errors import EventRefused
from worker.intake.event_files import compose, is_event, load_invoices
from worker.intake.reading import ReadPeriod, read_event

ExportOption = Annotated[
    str | None, typer.Option("--export", help="Which export; may be left out when there is only one.")
]
Number = Annotated[int | None, typer.Option("--period", help="Opter's number of the period that they belong to.")]
PeriodName = Annotated[str | None, typer.Option("--name", help="Opter's name of the period; its number if not given.")]
Region = Annotated[str | None, typer.Option("--region", help="Region, where it has number series of its own.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What is said on the command line about invoices that are no event yet."""

    export: str | None
    #: Opter's number of the period.
    period: int | None
    #: Opter's name of the period.
    name: str | None
    region: str | None
    source: str


def bring(tools: CommandContext, files: Sequence[Path], about: About) -> list[bytes]:
    """Return the events of these files, made from invoices where they are none. Raises ``WrongUsage``."""
    whole = _whole_events(files)
    if whole and len(whole) != len(files):
        raise WrongUsage("These files hold events and invoices mixed.", "Take them one kind after the other.")
    if whole:
        return whole
    invoices = [invoice for path in files for invoice in read_invoices(path)]
    period = _period(invoices, about)
    name = _export(tools, about.export)
    return [compose(invoices, export=name, period=period, source=about.source, now=tools.clock())]


def check(tools: CommandContext, raw: bytes) -> int:
    """Check an event as the intake does, but for files referred to; return how many invoices it has.

    Raises ``WrongUsage``.
    """
    event = read(tools, raw)
    by_type = tools.export(event.data.export).invoice_series == "by-type"
    invoices = list(event.data.invoices or ())
    problems = check_event(invoices, event.data.totals(), event.data.invoice_count, by_type=by_type) if invoices else []
    if problems:
        raise wrong(problems)
    return event.data.invoice_count


def read(tools: CommandContext, raw: bytes) -> Event:
    """Return an event. Raises ``WrongUsage`` with every problem."""
    try:
        return read_event(raw, limit=tools.settings.intake.max_event_bytes)
    except EventRefused as refusal:
        raise wrong(refusal.problems) from None


def read_whole(tools: CommandContext, raw: bytes) -> ReadPeriod:
    """Return an event's period and invoices, from files that it refers to as well. Raises ``WrongUsage``.

    Raises ``Retryable`` errors when what it refers to cannot be had now.
    """
    try:
        return tools.reader.read(read(tools, raw))
    except EventRefused as refusal:
        raise wrong(refusal.problems) from None


def read_invoices(path: Path) -> list[Invoice]:
    """Return the invoices of a file or folder, or of an event that holds them. Raises ``WrongUsage``."""
    try:
        if path.is_file() and is_event(raw := path.read_bytes()):
            return list(read_event(raw, limit=len(raw)).data.invoices or ())
        return list(load_invoices(path))
    except EventRefused as refusal:
        raise wrong(refusal.problems) from None
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}.") from None


def wrong(problems: Sequence[Problem]) -> WrongUsage:
    """Return what is told about files with problems."""
    lines = "\n".join(f"  {one.description}" for one in problems)
    return WrongUsage(f"{formatting.count(len(problems), 'problem')}; nothing was published.\n{lines}")


def _whole_events(files: Sequence[Path]) -> list[bytes]:
    return [raw for path in files if path.is_file() and is_event(raw := path.read_bytes())]


def _export(tools: CommandContext, name: str | None) -> str:
    if name is None and len(tools.exports) == 1:
        return next(iter(tools.exports))
    if name is None:
        raise WrongUsage("There are several exports.", f"Add --export with one of: {', '.join(sorted(tools.exports))}.")
    return tools.export(name).name


def _period(invoices: Sequence[Invoice], about: About) -> Period:
    """Return the period, closed on the day of its last invoice: the same files always make the same event."""
    if about.period is None:
        raise WrongUsage("To which period do these invoices belong?", "Add --period with its number in Opter.")
    last = max(invoice.invoice_date for invoice in invoices)
    name = about.name or str(about.period)
    return Period(id=about.period, name=name, region=about.region, closed_at=f"{last}T00:00:00Z")
