"""``status``: all periods, or one in full, once or live."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer
from rich.live import Live

from worker.cli.commands.processes import warn_non_production
from worker.cli.console import print_json
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode
from worker.cli.lookup import find_period
from worker.cli.options import AsJson
from worker.cli.period_report import Phase, Report, report
from worker.cli.views.period import period_data_in_full, period_view, progress_view
from worker.cli.views.periods import periods_data, periods_view
from worker.domain.record import State
from worker.domain.store_port import OperatorPort

#: Seconds between two looks; a look at a large period takes longer than that only on a slow Redis.
LOOK_EVERY = 1.0
_OVER = (Phase.DONE, Phase.NEEDS_A_PERSON)

PeriodArgument = Annotated[
    str | None, typer.Argument(metavar="PERIOD", help="A period's id (main-p881) or Opter's name of it (2026-47A).")
]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Follow the period live until nothing moves any more.")]


def status(ctx: typer.Context, period: PeriodArgument = None, *, watch: Watch = False, as_json: AsJson = False) -> None:
    """Show all periods, or one in full: to be exported, exported, failed by reason, rate, time left.

    Exit code 1 when something needs a person.
    """
    tools: CommandContext = ctx.obj
    warn_non_production(tools)
    if period is None:
        raise typer.Exit(_overview(tools, as_json=as_json))
    with tools.store() as store:
        lookup = partial(_look, tools, store, find_period(store, period).id)
        seen = follow(tools, lookup) if watch and not as_json else lookup()
    if as_json:
        print_json(tools.out, period_data_in_full(seen))
    else:
        tools.out.print(period_view(seen))
    raise typer.Exit(ExitCode.PERSON if seen.dead or seen.period.conflicts else ExitCode.OK)


def _overview(tools: CommandContext, *, as_json: bool) -> ExitCode:
    with tools.store() as store, tools.events() as events:
        periods, paused = store.periods(), store.paused()
        dead, waiting = len(events.dead()), events.waiting()
    if as_json:
        overview = periods_data(periods, paused, dead_events=dead, waiting_events=waiting)
        print_json(tools.out, {**overview, "notEconomic": dict(tools.non_production_targets())})
    else:
        now = tools.clock()
        tools.out.print(periods_view(periods, paused, dead_events=dead, waiting_events=waiting, now=now))
    stuck = any(one.counts.get(State.DEAD) or one.conflicts for one in periods)
    return ExitCode.PERSON if stuck or paused or dead else ExitCode.OK


def _look(tools: CommandContext, store: OperatorPort, period_id: str) -> Report:
    found = find_period(store, period_id)
    return report(found, store.invoices(period_id, None), tools.clock())


def follow(tools: CommandContext, lookup: Callable[[], Report]) -> Report:
    """Show one look after the other until nothing moves; return the last one. Without a terminal: a line each."""
    seen = lookup()
    if not tools.out.is_terminal:
        return _lines(tools, lookup, seen)
    with Live(progress_view(seen), console=tools.out, auto_refresh=False, transient=True) as live:
        while seen.phase not in _OVER:
            tools.sleep(LOOK_EVERY)
            seen = lookup()
            live.update(progress_view(seen), refresh=True)
    return seen


def _lines(tools: CommandContext, lookup: Callable[[], Report], seen: Report) -> Report:
    before = -1
    while seen.phase not in _OVER:
        if seen.exported != before:
            tools.out.print(f"{seen.period.name}: {seen.exported} of {seen.total} exported, {seen.dead} failed")
        before = seen.exported
        tools.sleep(LOOK_EVERY)
        seen = lookup()
    return seen
