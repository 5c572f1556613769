"""``up``: the whole thing for a small haulier on one machine."""

import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from config.settings import Settings
from worker.cli.commands.processes import warn_non_production
from worker.cli.context import CommandContext
from worker.cli.formatting import facts
from worker.cli.processes import stop_on_signal
from worker.cli.redis_server import is_embedded, redis_for
from worker.cli.watching import PeriodNews
from worker.local.services import environment, installation
from worker.local.supervisor import Supervisor, starter

#: Seconds between two looks at the processes, and how many of them make one look at the ledger.
_TURN, _NEWS_EVERY = 0.5, 4

Data = Annotated[Path, typer.Option("--data", help="Folder of the embedded Redis: the ledger. Back it up.")]
Logs = Annotated[Path, typer.Option("--logs", help="Folder of the processes' logs.")]


def up(
    ctx: typer.Context, data: Data = Path(".opter-economic/data"), logs: Logs = Path(".opter-economic/logs")
) -> None:
    """Run everything on this machine: Redis (embedded unless REDIS_URL names one), intake, worker and Flower.

    What dies is started again. Ctrl-C stops all of it in order; invoices under way are finished first.
    """
    tools: CommandContext = ctx.obj
    settings, _ = tools.settings, tools.exports  # every mistake is told here, before anything is started
    with stop_on_signal() as stop, redis_for(settings, data) as url:
        supervisor = Supervisor(
            installation(settings), run=starter(environment(url, settings.exports_file), logs), clock=tools.clock
        )
        try:
            supervisor.turn()
            warn_non_production(tools)
            _tell(tools, settings, logs)
            _watch(tools, supervisor, stop)
        finally:
            redis = ", Redis" if is_embedded(settings) else ""
            tools.out.print(Text(f"Stopping: intake, worker (finishes what it has begun), Flower{redis}.", "quiet"))
            supervisor.stop()
    tools.out.print("Stopped. Everything is in the ledger; `opter-economic up` goes on from there.")


def _tell(tools: CommandContext, settings: Settings, logs: Path) -> None:
    tools.out.print(
        facts(
            [
                ("Running", ", ".join(("Redis", *(each.name for each in installation(settings))))),
                ("Events", f"LPUSH {settings.intake.queue}, or `opter-economic publish`"),
                ("Exports", ", ".join(sorted(tools.exports))),
                ("Flower", f"http://{settings.flower.host}:{settings.flower.port}"),
                ("Logs", str(logs)),
                ("Look", "opter-economic status --watch PERIOD, opter-economic failed"),
                ("Stop", "Ctrl-C"),
            ]
        )
    )


def _watch(tools: CommandContext, supervisor: Supervisor, stop: threading.Event) -> None:
    with tools.store() as store:
        news, turn = PeriodNews(store), 0
        while not stop.wait(_TURN):
            for death in supervisor.turn():
                text = (
                    f"{death.service} ended with code {death.code}; started again in {death.pause:g} s (see its log)."
                )
                tools.out.print(Text(text, "bad"))
            turn += 1
            if turn % _NEWS_EVERY == 0:
                for line in news.lines():
                    tools.out.print(line)
