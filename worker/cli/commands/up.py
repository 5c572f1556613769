"""``up``: the whole thing for a small haulier on one machine."""

import threading
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from config.settings import Settings
from worker.cli.commands.status import PeriodNews
from worker.cli.context import CommandContext
from worker.cli.formatting import facts
from worker.cli.language import say
from worker.cli.processes import is_embedded, redis_for, require_fit, sign_in_link, stop_on_signal
from worker.local.supervisor import Supervisor, environment, installation, starter

#: Seconds between two looks at the processes; every how many of them the store is read for news.
_TURN, _NEWS_EVERY = 0.5, 4

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder of the embedded Redis: the store. Back it up.",
        show_default="OPTER_ECONOMIC_DATA_FOLDER, else .opter-economic/data",
    ),
]
RedisPort = Annotated[
    int | None,
    typer.Option(
        "--redis-port", min=0, max=65535, help="Port of the embedded Redis; 0: any free one.", show_default="6379"
    ),
]
Logs = Annotated[Path, typer.Option("--logs", help="Folder of the processes' logs.")]


def up(
    ctx: typer.Context,
    data: Data = None,
    logs: Logs = Path(".opter-economic/logs"),
    redis_port: RedisPort = None,
) -> None:
    """Run everything on this machine: Redis (embedded unless REDIS_URL names one), workers, page, Flower.

    A process that ends is restarted. Ctrl-C stops all of them in order; invoices under way are finished first.
    """
    context: CommandContext = ctx.obj
    settings, _ = context.settings, context.exports  # every error in them is reported before anything starts
    folder = data or settings.data_folder
    with stop_on_signal() as stop, redis_for(settings, folder, redis_port) as url:
        context.use_redis(url)
        require_fit(context.settings, context.exports)
        variables = environment(url, settings.exports_file, embedded=is_embedded(settings))
        supervisor = Supervisor(installation(settings), run=starter(variables, logs), clock=context.clock)
        try:
            supervisor.turn()
            context.warn_non_production()
            if is_embedded(settings) and folder != settings.data_folder:
                text = say("Other commands find it with OPTER_ECONOMIC_DATA_FOLDER={folder}.", folder=folder)
                context.out.print(text, soft_wrap=True)
            _introduce(context, settings, logs)
            _watch(context, supervisor, stop)
        finally:
            redis = ", Redis" if is_embedded(settings) else ""
            text = say("Stopping: intake, worker (finishes what it has started), page, Flower{redis}.", redis=redis)
            context.out.print(Text(text, "quiet"))
            supervisor.stop()
    context.out.print(say("Stopped. Everything is in the store; `opter-economic up` goes on from there."))


def _introduce(context: CommandContext, settings: Settings, logs: Path) -> None:
    with context.sessions() as sessions:
        link = sign_in_link(settings.web, sessions, getuser())
    context.out.print(
        facts(
            [
                (say("Running"), ", ".join(("Redis", *(service.name for service in installation(settings))))),
                (say("Events"), say("LPUSH {queue}, or `opter-economic publish`", queue=settings.intake.queue)),
                (say("Exports"), ", ".join(sorted(context.exports))),
                (say("Page"), say("sign in once with {link}", link=link)),
                ("Flower", f"http://{settings.flower.host}:{settings.flower.port}"),
                (say("Logs"), str(logs)),
                (say("Look"), "opter-economic status --watch PERIOD, opter-economic failed"),
                (say("Stop"), "Ctrl-C"),
            ]
        )
    )


def _watch(context: CommandContext, supervisor: Supervisor, stop: threading.Event) -> None:
    with context.store() as store:
        news, turn = PeriodNews(store), 0
        while not stop.wait(_TURN):
            for death in supervisor.turn():
                text = say(
                    "{service} ended with code {code}; restarted in {pause} s (see its log).",
                    service=death.service,
                    code=death.code,
                    pause=f"{death.pause:g}",
                )
                context.out.print(Text(text, "bad"))
            turn += 1
            if turn % _NEWS_EVERY == 0:
                for line in news.lines():
                    context.out.print(line)
