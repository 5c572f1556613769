"""``publish``: the export of whole periods or single invoices later on, from files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli import words
from worker.cli.tools import Tools
from worker.cli.trouble import WrongUsage
from worker.intake.compose import compose, is_event, load_invoices
from worker.intake.event import Period
from worker.intake.reading import read_event
from worker.intake.refusal import EventRefused
from worker.invoicing.checks import Problem, check_event
from worker.invoicing.invoice import Invoice

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", exists=True, help="Events, or invoices: JSON, NDJSON, or a folder.")
]
Export = Annotated[str | None, typer.Option("--export", help="Which export; may be left out when there is only one.")]
Number = Annotated[int | None, typer.Option("--period", help="Opter's number of the period that they belong to.")]
PeriodName = Annotated[str | None, typer.Option("--name", help="Opter's name of the period; its number if not given.")]
Region = Annotated[str | None, typer.Option("--region", help="Region, where it has number series of its own.")]
Source = Annotated[str, typer.Option("--source", help="Who sends this: the event's source.")]


def publish(  # noqa: PLR0913, PLR0917  # one parameter for each option of the command
    ctx: typer.Context,
    files: Files,
    export: Export = None,
    period: Number = None,
    name: PeriodName = None,
    region: Region = None,
    source: Source = "/opter-economic/publish",
) -> None:
    """Put invoices from files on the event queue, or whole events as they are. Everything is checked before.

    What e-conomic has already is recognised and never posted again, and the same content twice is nothing new.
    """
    tools: Tools = ctx.obj
    whole = [raw for path in files if path.is_file() and is_event(raw := path.read_bytes())]
    if whole and len(whole) != len(files):
        raise WrongUsage("These files hold events and invoices mixed.", "Publish them one kind after the other.")
    if whole:
        _send(tools, whole, sum(len(_checked(tools, raw)) for raw in whole))
        return
    invoices = [invoice for path in files for invoice in read_invoices(path)]
    chosen = _period(invoices, period, name, region)
    event = compose(invoices, export=_export(tools, export), period=chosen, source=source, now=tools.clock())
    _send(tools, [event], len(_checked(tools, event)))


def read_invoices(path: Path) -> list[Invoice]:
    """Return the invoices of a file or folder, or of an event that holds them. Raises ``WrongUsage``."""
    try:
        if path.is_file() and is_event(raw := path.read_bytes()):
            return list(read_event(raw, limit=len(raw)).data.invoices or ())
        return list(load_invoices(path))
    except EventRefused as refusal:
        raise _wrong(refusal.problems) from None
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}.") from None


def _checked(tools: Tools, raw: bytes) -> list[Invoice]:
    """Check an event as the intake will. Raises ``WrongUsage`` with every problem."""
    try:
        event = read_event(raw, limit=tools.settings.intake.max_event_bytes)
    except EventRefused as refusal:
        raise _wrong(refusal.problems) from None
    by_type = tools.export(event.data.export).invoice_series == "by-type"
    invoices = list(event.data.invoices or ())
    problems = check_event(invoices, event.data.totals(), event.data.invoice_count, by_type=by_type) if invoices else []
    if problems:
        raise _wrong(problems)
    return invoices


def _export(tools: Tools, name: str | None) -> str:
    if name is None and len(tools.exports) == 1:
        return next(iter(tools.exports))
    if name is None:
        raise WrongUsage("There are several exports.", f"Add --export with one of: {', '.join(sorted(tools.exports))}.")
    return tools.export(name).name


def _period(invoices: Sequence[Invoice], number: int | None, name: str | None, region: str | None) -> Period:
    """Return the period, closed on the day of its last invoice: the same files always make the same event."""
    if number is None:
        raise WrongUsage("To which period do these invoices belong?", "Add --period with its number in Opter.")
    last = max(invoice.invoice_date for invoice in invoices)
    return Period(id=number, name=name or str(number), region=region, closed_at=f"{last}T00:00:00Z")


def _send(tools: Tools, events: list[bytes], invoices: int) -> None:
    with tools.events() as desk:
        for raw in events:
            desk.publish(raw)
    what = f"{words.count(len(events), 'event')} with {words.count(invoices, 'invoice')}"
    where = f" put on {tools.settings.intake.queue}."
    tools.out.print(Text.assemble((what, "strong"), where, " Follow it with `opter-economic status`."))


def _wrong(problems: tuple[Problem, ...] | list[Problem]) -> WrongUsage:
    lines = "\n".join(f"  {one.description}" for one in problems)
    return WrongUsage(f"{words.count(len(problems), 'problem')}; nothing was published.\n{lines}")
