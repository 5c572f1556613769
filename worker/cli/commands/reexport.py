"""``reexport``: whole periods or single invoices again, from the store's own records."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.commands.requeue import report_paused
from worker.cli.commands.status import LOOK_EVERY
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import data_of, facts, page, print_json, section
from worker.cli.lookup import AsJson, By, InvoiceIds, Period, by_reason, find_period, invoice_id, require_known
from worker.cli.period_report import ReexportReport, report_reexport
from worker.domain.record import State
from worker.domain.store_port import OperatorPort

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Wait until none of them moves, and report on the run.")]
ByHand = Annotated[
    bool,
    typer.Option(
        "--by-hand",
        help="Also one that was marked as exported by hand: it is posted, unless e-conomic has it with its reference.",
    ),
]


def reexport(  # noqa: PLR0913  # one parameter for each option of the command
    ctx: typer.Context,
    ids: InvoiceIds = None,
    period: Period = None,
    *,
    by: By,
    by_hand: ByHand = False,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Export invoices again that count as exported: single ones, or a whole period.

    Each is looked up in e-conomic first. What is there is adopted and never posted again; a draft that somebody
    deleted is made anew. Exit code 1 when one failed, or one that was named was left alone.
    """
    context: CommandContext = ctx.obj
    named = [invoice_id(text) for text in ids or ()]
    _check(named, period, by_hand=by_hand)
    with context.store() as store:
        wanted = named or _of_period(store, period or "")
        require_known(store, named)
        moved = store.reexport(wanted, by=by, by_hand=by_hand)
        if not as_json:
            _report_moved(context, wanted, moved)
            report_paused(context, moved, store.paused().keys())
        run = follow(context, partial(_report, store, moved)) if watch else None
    if as_json:
        print_json(context.out, _data(wanted, moved, run))
    elif run:
        context.out.print(reexport_view(run))
    raise typer.Exit(ExitCode.PERSON if set(named) - set(moved) or (run and run.failed) else ExitCode.OK)


def follow(context: CommandContext, read: Callable[[], ReexportReport]) -> ReexportReport:
    """Read the report until nothing moves; return the last one."""
    run = read()
    while run.moving:
        context.sleep(LOOK_EVERY)
        run = read()
    return run


def reexport_view(run: ReexportReport) -> RenderableType:
    """Return what was posted now, what was there already, and what failed."""
    failed = sum(run.failed.values())
    rows: list[tuple[str, RenderableType]] = [
        ("Booked now", Text(str(run.booked_now), style="good" if run.booked_now else "")),
        ("Already there", str(run.already_there)),
        ("Failed", Text(str(failed), style="bad" if failed else "")),
        ("Left out on purpose", str(run.left_out) if run.left_out else ""),
        ("On their way", Text(str(run.moving), style="wait") if run.moving else ""),
    ]
    return page(facts(rows), section("Failed", by_reason(run.failed)) if run.failed else None)


def _report(store: OperatorPort, ids: Sequence[str]) -> ReexportReport:
    return report_reexport(record for invoice in ids if (record := store.invoice(invoice)))


def _of_period(store: OperatorPort, period: str) -> list[str]:
    return [record.id for record in store.invoices(find_period(store, period).id, State.EXPORTED)]


def _check(named: Sequence[str], period: str | None, *, by_hand: bool) -> None:
    if bool(named) == bool(period):
        raise WrongUsage("Say which invoices: their ids, or --period.", "`opter-economic status` lists all periods.")
    if by_hand and period:
        raise WrongUsage("--by-hand goes with ids only.", "Name the invoices that were marked as exported by mistake.")


def _report_moved(context: CommandContext, wanted: Sequence[str], moved: Sequence[str]) -> None:
    text = f"{formatting.count(len(moved), 'invoice')} to be looked up and exported again."
    context.out.print(Text(text, "good"))
    left = sorted(set(wanted) - set(moved))
    if left:
        why = "Left alone, as they do not count as exported, or were marked so by hand"
        context.out.print(Text(f"{why}: {', '.join(left)}.", "wait"), soft_wrap=True)


def _data(wanted: Sequence[str], moved: Sequence[str], run: ReexportReport | None) -> dict[str, object]:
    moves: dict[str, object] = {"reexported": list(moved), "leftAlone": sorted(set(wanted) - set(moved))}
    return moves | ({"run": data_of(run)} if run else {})
