"""``status``: all periods, or one in full, once or live; and the news of all periods for ``up``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import page, print_json, printable, resuming
from worker.cli.language import say
from worker.cli.lookup import AsJson, find_period
from worker.cli.views.agreements import agreements_data, agreements_view
from worker.cli.views.clocks import clocks_data, clocks_view, disagree
from worker.cli.views.hindrances import exit_code_of, hindrances_data, hindrances_view
from worker.cli.views.period import (
    PHASE_STYLES,
    PHASES,
    exported_of,
    period_data_in_full,
    period_view,
    periods_data,
    periods_view,
    progress_view,
)
from worker.cli.words import described
from worker.domain.invoice_period import PeriodRecord, PeriodState
from worker.domain.period_report import Phase, Report, phase_of, report_of
from worker.domain.record import State
from worker.domain.signs_of_life import Part
from worker.domain.store_port import OperatorPort
from worker.errors import Failure, StoreUnavailable
from worker.workflow.hindrances import hindrances, silence, stores_away

#: Seconds between two looks; a look at a large period takes longer than that only on a slow Redis.
LOOK_EVERY = 1.0
_NEEDS_A_PERSON = (Phase.NEEDS_A_PERSON, Phase.DIFFERS, Phase.HELD)
_OVER = (Phase.DONE, *_NEEDS_A_PERSON)

PeriodArgument = Annotated[
    str | None, typer.Argument(metavar="PERIOD", help="Opter's number (881) or name (2026-47A) of a period, or its id.")
]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Follow the period live until nothing moves any more.")]


def status(ctx: typer.Context, period: PeriodArgument = None, *, watch: Watch = False, as_json: AsJson = False) -> None:
    """Show all periods, or one in full: to be exported, exported, failed by reason, rate, time left.

    Exit code 1 when something needs a person.
    """
    context: CommandContext = ctx.obj
    context.warn_non_production()
    if period is None and watch:
        raise WrongUsage(say("--watch follows one period."), say("Name it: `opter-economic status 881 --watch`."))
    if period is None:
        raise typer.Exit(_overview(context, as_json=as_json))
    with context.store() as store:
        key = find_period(store, period).id

        def read() -> Report:
            return report_of(find_period(store, key), store.period_sums(key), context.clock())

        def obstacles(now: Report) -> Sequence[Failure]:
            return _hindrances(context, store, now)

        current = follow(context, read, obstacles) if watch and not as_json else read()
        found = obstacles(current)
    if as_json:
        also = {"hindrances": hindrances_data(found)}
        print_json(context.out, {**period_data_in_full(current), **also})
    else:
        context.out.print(period_view(current, hindrances_view(found)))
    stuck = current.dead or current.period.conflicts or current.period.missing or current.phase in _NEEDS_A_PERSON
    raise typer.Exit(ExitCode.PERSON if stuck else exit_code_of(found))


def _hindrances(context: CommandContext, store: OperatorPort, current: Report) -> Sequence[Failure]:
    """Return what keeps a period from going on that is not over."""
    if current.phase in _OVER:
        return ()
    export = current.period.export
    pause = store.paused().get(export)
    rate = context.rates(export).get(export)
    refusal = context.redis_refusal(export)
    found = hindrances(
        store.signs_of_life(),
        pauses=[replace(pause, next_step=f"{pause.next_step} {resuming(export)}")] if pause else [],
        waiting=current.waiting,
        failing=[export] if rate and rate.failing else [],
        still_for=context.clock() - current.last_activity,
    )
    return [refusal, *found] if refusal else found


def follow(
    context: CommandContext,
    read: Callable[[], Report],
    obstacles: Callable[[Report], Sequence[Failure]] = lambda _: (),
) -> Report:
    """Show one report after the other until nothing moves; return the last one. Without a terminal: a line each.

    ``obstacles`` says what keeps a report from moving.
    """
    current = read()
    if not context.out.is_terminal:
        return _follow_in_lines(context, read, current, obstacles)

    def view() -> RenderableType:
        return page(progress_view(current), hindrances_view(obstacles(current)))

    from rich.live import Live  # noqa: PLC0415  # only --watch needs it

    with Live(view(), console=context.out, auto_refresh=False, transient=True) as live:
        while current.phase not in _OVER:
            context.sleep(LOOK_EVERY)
            current = read()
            live.update(view(), refresh=True)
    return current


def _follow_in_lines(
    context: CommandContext,
    read: Callable[[], Report],
    current: Report,
    obstacles: Callable[[Report], Sequence[Failure]],
) -> Report:
    before, said = -1, frozenset[str]()
    while current.phase not in _OVER:
        if current.exported != before:
            exported = exported_of(current.exported, current.total)
            failed = say("{number} failed", number=current.dead)
            context.out.print(f"{current.period.name}: {exported}, {failed}")
        before = current.exported
        found = obstacles(current)
        for each in found:
            if each.reason not in said:
                context.out.print(
                    f"{current.period.name}: {described(each.description)} → {say(each.next_step)}", soft_wrap=True
                )
        said = frozenset(each.reason for each in found)
        context.sleep(LOOK_EVERY)
        current = read()
    return current


def _overview(context: CommandContext, *, as_json: bool) -> ExitCode:
    with context.store() as store, context.events() as events:
        periods, paused, clocks = store.periods(), store.paused(), store.clocks()
        dead, waiting, agreements = len(events.dead()), events.waiting(), store.agreement_failures()
        archived, refusal = store.archived_totals(), context.redis_refusal()
        away = [stores_away(look.name, look.exports) for look in context.named_stores() if look.away]
        silent = [*([refusal] if refusal else ()), *away, *_silences(periods, waiting, store)]
    bound = context.settings.http.clock_gap
    if as_json:
        overview = periods_data(periods, paused, dead_events=dead, waiting_events=waiting, archived=archived)
        also: dict[str, Any] = {
            "notEconomic": dict(context.non_production_targets()),
            "clocks": clocks_data(clocks, bound),
        }
        also["agreements"] = agreements_data(agreements)
        also["hindrances"] = hindrances_data(silent)
        print_json(context.out, {**overview, **also})
    else:
        parts = (agreements_view(agreements), clocks_view(clocks, bound), hindrances_view(silent))
        now = context.clock()
        view = periods_view(
            periods, paused, *parts, dead_events=dead, waiting_events=waiting, now=now, archived=archived
        )
        context.out.print(view)
    stuck = any(
        period.counts.get(State.DEAD) or period.conflicts or period.missing or _differs(period) or period.held
        for period in periods
    )
    stuck = stuck or bool(paused or dead or agreements or silent)
    return ExitCode.PERSON if stuck or disagree(clocks, bound) else ExitCode.OK


def _silences(periods: Sequence[PeriodRecord], waiting: int, store: OperatorPort) -> list[Failure]:
    """Return which processes are missing for what waits: a worker for invoices, an intake for events too."""
    moving = any(phase_of(period, period.counts) not in _OVER for period in periods)
    parts = (Part.WORKER, Part.INTAKE) if moving else (Part.INTAKE,) if waiting else ()
    signs = store.signs_of_life() if parts else ()
    return [lacking for part in parts if (lacking := silence(signs, part))]


def _differs(period: PeriodRecord) -> bool:
    return period.state is PeriodState.DIFFERS


class PeriodNews:
    """Remembers the phase of every period, and reports each change in a line."""

    def __init__(self, store: OperatorPort) -> None:
        self._store = store
        self._phases: dict[str, Phase] = {}
        self._paused: frozenset[str] = frozenset()
        self._unavailable = False

    def lines(self) -> list[Text]:
        """Return what has changed since the last call, a Redis that is down included."""
        try:
            periods, paused = self._store.periods(), self._store.paused()
        except StoreUnavailable as error:
            before, self._unavailable = self._unavailable, True
            return [] if before else [Text(described(error.failure.description), "bad")]
        self._unavailable = False
        return [*self._period_lines(periods), *self._pause_lines(paused)]

    def _period_lines(self, periods: Sequence[PeriodRecord]) -> Iterator[Text]:
        for period in reversed(periods):
            phase = phase_of(period, period.counts)
            if self._phases.get(period.id) != phase:
                self._phases[period.id] = phase
                yield _line(period, phase)

    def _pause_lines(self, paused: Mapping[str, object]) -> Iterator[Text]:
        before, self._paused = self._paused, frozenset(paused)
        for name in sorted(self._paused - before):
            yield Text(say("Export {name} is paused: see `opter-economic status`.", name=name), "bad")
        for name in sorted(before - self._paused):
            yield Text(say("Export {name} is resumed.", name=name), "good")


def _line(period: PeriodRecord, phase: Phase) -> Text:
    exported, failed = period.counts.get(State.EXPORTED, 0), period.counts.get(State.DEAD, 0)
    numbers = exported_of(exported, max(period.total, period.invoice_count))
    return Text.assemble(
        (f"{printable(period.name)}  ", "strong"),
        (say(PHASES[phase]), PHASE_STYLES.get(phase, "wait")),
        f"  {numbers}",
        (", " + say("{number} failed", number=failed) if failed else "", "bad"),
    )
