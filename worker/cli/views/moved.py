"""Invoices moved by hand: how many, which were left alone, and what became of them."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from rich.console import RenderableType
from rich.text import Text

from config.names import export_of
from worker.cli.formatting import facts, page, section
from worker.cli.language import say, say_count
from worker.cli.lookup import by_reason
from worker.domain.period_report import ReexportReport


def requeued_view(moved: Sequence[str], left: Sequence[str], paused: AbstractSet[str]) -> RenderableType:
    """Return how many failed invoices were queued again, which were left alone, and which wait for a paused export."""
    done = say_count(len(moved), "{number} invoice re-queued.", "{number} invoices re-queued.")
    alone = say("Left alone, as they have not failed: {invoices}.", invoices=", ".join(left))
    return _moved(done, alone if left else "", moved, paused)


def reexported_view(moved: Sequence[str], left: Sequence[str], paused: AbstractSet[str]) -> RenderableType:
    """Return the same of exported invoices that are exported again."""
    done = say_count(
        len(moved),
        "{number} invoice to be looked up and exported again.",
        "{number} invoices to be looked up and exported again.",
    )
    alone = say(
        "Left alone, as they do not count as exported, or were marked so by hand: {invoices}.",
        invoices=", ".join(left),
    )
    return _moved(done, alone if left else "", moved, paused)


def run_view(run: ReexportReport) -> RenderableType:
    """Return what was posted now, what was there already, and what failed."""
    failed = sum(run.failed.values())
    rows: list[tuple[str, RenderableType]] = [
        (say("Booked now"), Text(str(run.booked_now), style="good" if run.booked_now else "")),
        (say("Already there"), str(run.already_there)),
        (say("Failed"), Text(str(failed), style="bad" if failed else "")),
        (say("Left out on purpose"), str(run.left_out) if run.left_out else ""),
        (say("On their way"), Text(str(run.moving), style="wait") if run.moving else ""),
    ]
    return page(facts(rows), section(say("Failed"), by_reason(run.failed)) if run.failed else None)


def _moved(done: str, alone: str, moved: Sequence[str], paused: AbstractSet[str]) -> RenderableType:
    waiting = [
        say("Export {name} is paused: they wait until `opter-economic export resume {name}`.", name=name)
        for name in sorted({export_of(invoice) for invoice in moved} & paused)
    ]
    return page(Text(done, "good"), Text(alone, "wait") if alone else None, *(Text(text, "bad") for text in waiting))
