"""The archive as ``archive status`` shows it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from config.settings import Settings
from worker.archive.keeper import Keeper
from worker.archive.mover import ended_at
from worker.archive.retention import first_kept
from worker.cli.formatting import count
from worker.cli.language import say, say_count
from worker.domain.archive import EntryKind
from worker.domain.invoice_period import PeriodRecord

_DAY = 86_400.0


def status_data(settings: Settings, keeper: Keeper, periods: Sequence[PeriodRecord]) -> dict[str, Any]:
    """Return what is known of the archive. Raises ``ArchiveUnavailable``."""
    head = keeper.archive.head()
    last = keeper.checkpoints.last(head.log) if head else None
    ended = [ended for period in periods if (ended := ended_at(period)) is not None]
    after = keeper.mover.rules.archive_after
    today = datetime.fromtimestamp(keeper.clock(), UTC).date()
    kept = first_kept(today, years=settings.archive.keep_years, year_ends=settings.archive.year_ends)
    return {
        "where": keeper.archive.where if settings.archive_url or head else "",
        "archive": head.log if head else "",
        "entries": {kind.value: number for kind, number in keeper.archive.numbers().items()} if head else {},
        "size": head.size if head else 0,
        "root": keeper.archive.root(head.size) if head else "",
        "checkpoint": {"size": last.size, "root": last.root, "at": last.at} if last else None,
        "checkpoints": str(keeper.checkpoints.path),
        "afterDays": after / _DAY,
        "completedPeriods": len(ended),
        "duePeriods": sum(keeper.clock() >= at + after for at in ended) if after else 0,
        "livePeriods": len(periods),
        "textsKeptFrom": kept.isoformat(),
    }


def status_facts(data: dict[str, Any]) -> list[tuple[str, RenderableType]]:
    """Return the same for people."""
    none = say("none: Redis is on another machine, and OPTER_ECONOMIC_ARCHIVE__URL names no archive")
    days, last = data["afterDays"], data["checkpoint"]
    moves = (
        say_count(
            ceil(days),
            "{days} day after a period's equal certificate",
            "{days} days after a period's equal certificate",
            days=f"{days:g}",
        )
        if days
        else say("never")
    )
    completed = say(
        "{completed} of {periods} completed, {due} due",
        completed=data["completedPeriods"],
        periods=count(data["livePeriods"], "period"),
        due=data["duePeriods"],
    )
    checkpoint = (
        say(
            "{entries} at {moment}, root {root}",
            entries=count(last["size"], "entry"),
            moment=last["at"],
            root=last["root"][:16],
        )
        if last
        else say("none yet")
    )
    return [
        (say("Archive"), Text(data["where"]) if data["where"] else Text(none, style="wait")),
        (say("Holds"), Text(_holds(data))),
        (say("Root"), Text(data["root"] or say("none yet"))),
        (say("Last checkpoint"), Text(checkpoint)),
        (say("Checkpoints in"), Text(data["checkpoints"])),
        (say("Periods move"), Text(moves)),
        (say("In Redis"), Text(completed)),
        (say("Texts kept from"), Text(data["textsKeptFrom"])),
    ]


def _holds(data: dict[str, Any]) -> str:
    invoices, periods = (data["entries"].get(kind.value, 0) for kind in (EntryKind.INVOICE, EntryKind.PERIOD))
    return say(
        "{invoices}, {periods}; {entries} in all",
        invoices=count(invoices, "invoice"),
        periods=count(periods, "period"),
        entries=count(data["size"], "entry"),
    )
