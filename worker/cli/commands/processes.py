"""The processes: ``worker``, ``intake``, ``watch``, ``web``, ``sandbox``, ``flower``."""

import os
from contextlib import closing
from typing import Annotated

import structlog
import typer
from rich.text import Text

from config.broker import watching
from config.errors import ConfigurationErrors
from config.settings import Settings, service_variables, variable
from config.targets import at_economic, non_production_targets
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.lookup import By
from worker.cli.processes import (
    await_fit,
    become,
    flower_command,
    flower_environment,
    require_free,
    run_intake,
    run_watch,
    sign_in_link,
    stop_on_signal,
    web_command,
    worker_command,
)
from worker.domain.signs_of_life import Part
from worker.intake.sources.folder_watch import FolderWatches
from worker.runtime import configure_logs
from worker.runtime.metrics import Beat, serve_metrics
from worker.runtime.primary_watch import PrimaryWatch
from worker.runtime.runtime import intake_consumer
from worker.runtime.signs_of_life import ShownLife, process_name
from worker.sandbox.server import DEFAULT_PORT, serve, standard_agreements
from worker.store.connection import answers, connect

log = structlog.get_logger()

WorkerName = Annotated[
    str, typer.Option("--name", "-n", help="Name of this worker, unique among those running; %h is the host.")
]
Host = Annotated[str, typer.Option("--host", help="Address to listen on. Keep it local: the control path is open.")]
Also = Annotated[
    list[str] | None,
    typer.Option("--also", metavar="NAME", help="A further agreement, behind grant token sandbox-grant-NAME."),
]
Anyway = Annotated[
    bool, typer.Option("--anyway", help="Start although exports of this environment go to e-conomic itself.")
]
LinkOnly = Annotated[bool, typer.Option("--link", help="Print a new link to sign in with, and do nothing else.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes any free one.")]


def worker(ctx: typer.Context, name: WorkerName = "worker@%h") -> None:
    """Run a worker: it exports invoices to e-conomic. Run several under different names for more throughput."""
    settings = _begin(ctx.obj)
    become(worker_command(name, settings.log.level), hold_signals=True)


def flower(ctx: typer.Context) -> None:
    """Run Flower, the monitoring page: workers, tasks, times. It only looks; the figures that count are `status`."""
    context: CommandContext = ctx.obj
    settings = context.settings  # every error in them shows here; the exports file and its tokens are not needed
    configure_logs(settings.log.level, settings.log.format)
    await_fit(watching(settings))
    require_free(settings.flower.host, settings.flower.port, variable("flower", "port"))
    context.err.print(f"Flower at http://{settings.flower.host}:{settings.flower.port}")
    become(flower_command(settings), env=flower_environment(settings, os.environ), hold_signals=True)


def web(ctx: typer.Context, *, by: By, link: LinkOnly = False) -> None:
    """Run the page for bookkeeper and operator: periods, invoices, what to fix.

    One signs in by a link that can be used once. In a terminal it is printed at the start; --link prints another one.
    """
    context: CommandContext = ctx.obj
    settings, _ = context.settings, context.exports  # every configuration error shows here, before the page starts
    configure_logs(settings.log.level, settings.log.format)
    await_fit(settings)
    if link or context.out.is_terminal:
        with context.sessions() as sessions:
            address = sign_in_link(settings.web, sessions, by)
        context.out.print(address, soft_wrap=True)
    if not link:
        require_free(settings.web.host, settings.web.port, variable("web", "port"))
        become(web_command(settings), hold_signals=True)


def intake(ctx: typer.Context) -> None:
    """Run the intake: it takes events from the Redis queue into the store, and picks up what stands still.

    Run at least one; two beside each other share the work and replace each other.
    """
    context: CommandContext = ctx.obj
    settings = _begin(context)
    with stop_on_signal() as stop, context.runtime() as runtime, intake_consumer(runtime) as consumer:
        beat = Beat()
        end_metrics = serve_metrics(settings.metrics, beat=beat, ready=lambda: answers(runtime.redis))
        interval = settings.store.sweep_interval
        look = PrimaryWatch(runtime.redis, leave=runtime.publisher.drop_connections)
        life = ShownLife(store=runtime.store, part=Part.SWEEPS, name=process_name(), look=look)

        def sweep() -> int:
            sent = runtime.sweeper.turn()
            life()
            return sent

        run_intake(consumer.run, sweep, interval=interval, stop=stop, beat=beat)
        life.leave()
        end_metrics()


def watch(ctx: typer.Context) -> None:
    """Run the watcher of folders: it puts the invoices in files that come there on the event queue.

    The folders stand in the exports file (`source.folder`). What was taken lies in `done` there; what was refused in
    `failed`, with the reasons beside it.
    """
    context: CommandContext = ctx.obj
    settings = _begin(context)
    with stop_on_signal() as stop, context.events() as queue, closing(connect(settings.redis)) as redis:
        beat = Beat()
        watches = FolderWatches(context.exports, publish=queue.publish, clock=context.clock, alive=beat)
        end_metrics = serve_metrics(settings.metrics, beat=beat, ready=lambda: answers(redis) and not watches.faults)
        run_watch(watches.turn, stop=stop, beat=beat)
        end_metrics()


def _begin(context: CommandContext) -> Settings:
    """Set logs up, show every configuration error, and wait for a Redis that is fit before Celery starts.

    Exports that do not go to e-conomic are logged: what is exported there is in nobody's books.
    """
    settings = context.settings
    configure_logs(settings.log.level, settings.log.format)
    for ignored in service_variables(os.environ):
        log.info("service_variable_ignored", variable=ignored, next_step="Set enableServiceLinks: false.")
    for name, address in non_production_targets(context.exports).items():
        log.warning("export_not_to_economic", export=name, address=address)
    await_fit(settings)
    return settings


def sandbox(
    ctx: typer.Context,
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    also: Also = None,
    *,
    anyway: Anyway = False,
) -> None:
    """Run a stand-in e-conomic that keeps the real one's rules, to try a set-up: e-conomic itself has no sandbox."""
    context: CommandContext = ctx.obj
    if not anyway:
        _refuse_beside_economic(context)
    agreements = standard_agreements(also or ())

    def ready(url: str) -> None:
        context.out.print(Text.assemble(("Sandbox ", "strong"), url))
        for (app, grant), agreement in agreements.items():
            context.out.print(f"  agreement {agreement.number}: app secret token {app}, agreement grant token {grant}")
        context.out.print(f"  control path {url}/_sandbox/requests, state, findings, faults, clock")

    try:
        serve(host=host, port=port, agreements=agreements, ready=ready)
    except OSError as error:
        raise WrongUsage(f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose another --port.") from None


def _refuse_beside_economic(context: CommandContext) -> None:
    """A sandbox beside real exports invites mix-ups: a moved clock, an invoice that is not there.

    With errors in the exports file, nothing of that environment runs beside it.
    """
    try:
        real = at_economic(context.exports)
    except ConfigurationErrors:
        return
    if real:
        targets = ", ".join(f"{name} ({address})" for name, address in real.items())
        raise WrongUsage(
            f"No sandbox beside {context.settings.exports_file}: its exports go to e-conomic itself: {targets}.",
            "Start it where another exports file is used, or with --anyway.",
        )
