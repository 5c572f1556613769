"""Events from files on the command line: whole events as they are, or invoices that become one event."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.formatting import printable
from worker.cli.language import say
from worker.cli.words import described
from worker.domain.invoice import Invoice
from worker.domain.sums import Problem, check_event
from worker.intake.event import Period
from worker.intake.event_errors import EventRefused
from worker.intake.event_files import compose, is_event, load_invoices, skipped
from worker.intake.format_files import FileHead, HowToRead, how_to_read
from worker.intake.reading import Event, ReadPeriod, read_event

ExportOption = Annotated[
    str | None, typer.Option("--export", help="Which export; may be left out when there is only one.")
]
Number = Annotated[
    int | None, typer.Option("--period", help="Opter's number of the period that the invoices belong to.")
]
PeriodName = Annotated[str | None, typer.Option("--name", help="Opter's name of the period; its number if not given.")]
Region = Annotated[str | None, typer.Option("--region", help="Region, where it has number series of its own.")]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE", exists=True, dir_okay=False, help="TOML: which column or code is what."),
]
StylesheetFile = Annotated[
    Path | None,
    typer.Option(
        "--stylesheet", metavar="FILE", exists=True, dir_okay=False, help="XSLT 1.0: makes our XML of the sender's."
    ),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventOptions:
    """What the command line says about invoices that are no event yet."""

    export: str | None
    #: Opter's number of the period.
    period: int | None
    #: Opter's name of the period.
    name: str | None
    region: str | None
    source: str
    #: Says which column or code of the sender is which field; None: those of our own formats.
    mapping: Path | None = None
    #: Makes our own XML of the sender's.
    stylesheet: Path | None = None


def load_events(context: CommandContext, files: Sequence[Path], options: EventOptions) -> list[bytes]:
    """Return the events of these files, made from invoices where they are none; what is skipped is said.

    Raises ``WrongUsage``.
    """
    for path in files:
        _name_skipped(context, path)
    whole = [raw for path in files if path.is_file() and is_event(raw := path.read_bytes())]
    if whole and len(whole) != len(files):
        raise WrongUsage(
            say("These files hold events and invoices mixed."), say("Take first the ones, then the others.")
        )
    if whole:
        return whole
    how, head = _how_to_read(options), FileHead()
    invoices = [invoice for path in files for invoice in read_invoices(path, how, head)]
    period = _period(invoices, options, head)
    named = options.export or head.export
    if named is None and len(context.exports) != 1:
        known = ", ".join(sorted(context.exports))
        raise WrongUsage(say("There are several exports."), say("Add --export with one of: {known}.", known=known))
    name = next(iter(context.exports)) if named is None else context.export(named).name
    return [compose(invoices, export=name, period=period, source=options.source, now=context.clock(), head=head)]


#: Skipped files that are named; a folder may hold a printed invoice for each.
_MOST_NAMED = 20


def _name_skipped(context: CommandContext, folder: Path) -> None:
    """Say on standard error, where it disturbs no script, what of a folder is not read."""
    try:
        names = [f"{file.name}/" if file.is_dir() else file.name for file in skipped(folder)]
    except OSError as error:
        raise WrongUsage(say("{folder} cannot be read: {strerror}.", folder=folder, strerror=error.strerror)) from None
    if names:
        more = say(" and {number} more", number=len(names) - _MOST_NAMED) if len(names) > _MOST_NAMED else ""
        listed = printable(", ".join(names[:_MOST_NAMED])) + more
        why = say("Only .json, .ndjson, .jsonl, .xml, .csv and .xlsx are read, and no folders in it.")
        heading = say("Skipped in {folder}: ", folder=printable(str(folder)))
        context.err.print(Text.assemble((heading, "wait"), listed, f". {why}"), soft_wrap=True)


def check_invoices(context: CommandContext, raw: bytes) -> int:
    """Check an event as the intake does, without the files that it refers to; return how many invoices it has.

    Raises ``WrongUsage``.
    """
    event = parse_event(context, raw)
    by_type = context.export(event.data.export).invoice_series == "by-type"
    try:
        invoices = event.invoices()
    except EventRefused as refused:
        raise _wrong_usage(refused.problems) from None
    problems = check_event(invoices, event.data.totals(), event.data.invoice_count, by_type=by_type) if invoices else []
    if problems:
        raise _wrong_usage(problems)
    return event.data.invoice_count


def parse_event(context: CommandContext, raw: bytes) -> Event:
    """Return an event. Raises ``WrongUsage`` with every problem."""
    try:
        return read_event(raw, limit=context.settings.intake.max_event_bytes)
    except EventRefused as refused:
        raise _wrong_usage(refused.problems) from None


def read_whole(context: CommandContext, raw: bytes) -> ReadPeriod:
    """Return an event's period and invoices, from files that it refers to as well. Raises ``WrongUsage``.

    Raises ``Retryable`` errors when what it refers to is not available now.
    """
    try:
        return context.reader.read(parse_event(context, raw))
    except EventRefused as refused:
        raise _wrong_usage(refused.problems) from None


def read_invoices(path: Path, how: HowToRead | None = None, head: FileHead | None = None) -> list[Invoice]:
    """Return the invoices of a file or folder, or of an event that holds them. Raises ``WrongUsage``.

    What a file says about its period goes into ``head``.
    """
    try:
        if path.is_file() and is_event(raw := path.read_bytes()):
            return list(read_event(raw, limit=len(raw)).invoices())
        return list(load_invoices(path, how, head))
    except EventRefused as refused:
        raise _wrong_usage(refused.problems) from None
    except OSError as error:
        raise WrongUsage(say("{path} cannot be read: {strerror}.", path=path, strerror=error.strerror)) from None


def _wrong_usage(problems: Sequence[Problem]) -> WrongUsage:
    """Return the error that lists everything wrong with the files."""
    lines = "\n".join(f"  {described(problem.description)}" for problem in problems)
    return WrongUsage(
        say(
            "{problems}; nothing was published.\n{lines}",
            problems=formatting.count(len(problems), "problem"),
            lines=lines,
        )
    )


def _how_to_read(options: EventOptions) -> HowToRead:
    try:
        return how_to_read(options.mapping, options.stylesheet)
    except EventRefused as refused:
        raise _wrong_usage(refused.problems) from None
    except OSError as error:
        raise WrongUsage(
            say("{filename} cannot be read: {strerror}.", filename=error.filename, strerror=error.strerror)
        ) from None


def _period(invoices: Sequence[Invoice], options: EventOptions, head: FileHead) -> Period:
    """Return the period, closed on the day of its last invoice: the same files always make the same event."""
    if head.period is not None and options.period in {None, head.period.id}:
        return head.period
    if options.period is None:
        raise WrongUsage(
            say("To which period do these invoices belong?"), say("Add --period with its number in Opter.")
        )
    last = max(invoice.invoice_date for invoice in invoices)
    name = options.name or str(options.period)
    return Period(id=options.period, name=name, region=options.region, closed_at=f"{last}T00:00:00Z")
