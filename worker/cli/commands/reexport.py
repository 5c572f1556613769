"""``reexport``: whole periods or single invoices again, from the ledger's own records."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import typer
from rich.text import Text

from worker.cli import formatting
from worker.cli.commands.requeue import check_known, tell_paused
from worker.cli.commands.status import LOOK_EVERY
from worker.cli.console import print_json
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.lookup import find_period
from worker.cli.options import AsJson, By, Period, invoice_id
from worker.cli.period_report import ReexportReport, rerun
from worker.cli.views.period import rerun_data, rerun_view
from worker.domain.record import State
from worker.domain.store_port import OperatorPort

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Invoices, or task ids from Flower.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Wait until none of them moves, and report on the run.")]
ByHand = Annotated[
    bool,
    typer.Option(
        "--by-hand", help="Also one that was settled by hand: it is posted, unless e-conomic has it with its reference."
    ),
]


def reexport(  # noqa: PLR0913  # one parameter for each option of the command
    ctx: typer.Context,
    ids: Ids = None,
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
    tools: CommandContext = ctx.obj
    keys = [invoice_id(one) for one in ids or ()]
    _check(keys, period, by_hand=by_hand)
    with tools.store() as store:
        wanted = keys or _of_period(store, period or "")
        check_known(store, keys)
        moved = store.reexport(wanted, by=by, by_hand=by_hand)
        _tell(tools, wanted, moved, quietly=as_json)
        tell_paused(tools, moved, set() if as_json else store.paused().keys())
        run = follow(tools, partial(_look, store, moved)) if watch else None
    if as_json:
        print_json(tools.out, _data(wanted, moved, run))
    elif run:
        tools.out.print(rerun_view(run))
    raise typer.Exit(ExitCode.PERSON if set(keys) - set(moved) or (run and run.failed) else ExitCode.OK)


def follow(tools: CommandContext, lookup: Callable[[], ReexportReport]) -> ReexportReport:
    """Look until nothing moves; return the last look."""
    run = lookup()
    while run.moving:
        tools.sleep(LOOK_EVERY)
        run = lookup()
    return run


def _look(store: OperatorPort, ids: Sequence[str]) -> ReexportReport:
    return rerun(record for one in ids if (record := store.invoice(one)))


def _of_period(store: OperatorPort, period: str) -> list[str]:
    return [record.id for record in store.invoices(find_period(store, period).id, State.EXPORTED)]


def _check(keys: Sequence[str], period: str | None, *, by_hand: bool) -> None:
    if bool(keys) == bool(period):
        raise WrongUsage("Say which invoices: their ids, or --period.", "`opter-economic status` lists all periods.")
    if by_hand and period:
        raise WrongUsage("--by-hand goes with ids only.", "Name the invoices that were settled by mistake.")


def _tell(tools: CommandContext, wanted: Sequence[str], moved: Sequence[str], *, quietly: bool) -> None:
    if quietly:
        return
    tools.out.print(Text(f"{formatting.count(len(moved), 'invoice')} to be looked up and exported again.", "good"))
    left = sorted(set(wanted) - set(moved))
    if left:
        why = "Left alone, as they do not count as exported, or were settled by hand"
        tools.out.print(Text(f"{why}: {', '.join(left)}.", "wait"), soft_wrap=True)


def _data(wanted: Sequence[str], moved: Sequence[str], run: ReexportReport | None) -> dict[str, object]:
    told: dict[str, object] = {"reexported": list(moved), "leftAlone": sorted(set(wanted) - set(moved))}
    return told | ({"run": rerun_data(run)} if run else {})
