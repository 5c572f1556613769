"""The processes: ``worker``, ``intake``, ``watch``, ``web``, ``flower``."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Annotated, Any

import structlog
import typer

from config.broker import watching
from config.exports_watch import Changed, ExportsWatch, watch_exports
from config.settings import SECRETS, Settings, service_variables, variable
from config.targets import non_production_targets
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.language import say
from worker.cli.lookup import By
from worker.cli.processes import (
    StopWith,
    await_broker,
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
from worker.domain.access import EVERY, Rights, Role
from worker.domain.signs_of_life import Part
from worker.intake.sources.folder_watch import FolderWatches
from worker.local.supervisor import own_command
from worker.runtime import configure_logs
from worker.runtime.exports_watch import keep_looking, log_taken, not_taken
from worker.runtime.metrics import Beat, serve_metrics
from worker.runtime.notifying import notifying
from worker.runtime.runtime import intake_consumer
from worker.runtime.signs_of_life import ShownFaults, ShownLife, process_name
from worker.runtime.trace_start import start_traces, traces_lack
from worker.store.connection import StorePolicy, answers, connect
from worker.store.signs_of_life import RedisLife
from worker.web.language import translations

log = structlog.get_logger()

WorkerName = Annotated[
    str, typer.Option("--name", "-n", help="Name of this worker, unique among those running; %h is the host.")
]
LinkRole = Annotated[Role, typer.Option("--role", help="What the person of the link may do.")]
LinkExports = Annotated[
    list[str] | None,
    typer.Option("--export", metavar="NAME", help="The link's role is for this export only.", show_default="all"),
]
LinkOnly = Annotated[bool, typer.Option("--link", help="Print a new link to sign in with, and do nothing else.")]


def worker(ctx: typer.Context, name: WorkerName = "worker@%h") -> None:
    """Run a worker: it exports invoices to e-conomic. Run several under different names for more throughput."""
    _require_tracing(ctx.obj.settings)
    settings = _begin(ctx.obj)
    become(worker_command(name, settings.log.level), hold_signals=True)


def flower(ctx: typer.Context) -> None:
    """Run Flower, the monitoring page: workers, tasks, times. It only looks; the figures that count are `status`."""
    context: CommandContext = ctx.obj
    settings = context.settings  # every error in them shows here; the exports file and its tokens are not needed
    configure_logs(settings.log.level, settings.log.format)
    await_broker(watching(settings))
    require_free(settings.flower.host, settings.flower.port, variable("flower", "port"))
    context.err.print(f"Flower: http://{settings.flower.host}:{settings.flower.port}")
    become(flower_command(settings), env=flower_environment(settings, os.environ), hold_signals=True)


def web(
    ctx: typer.Context,
    role: LinkRole = Role.ADMINISTRATOR,
    exports: LinkExports = None,
    *,
    by: By,
    link: LinkOnly = False,
) -> None:
    """Run the page for bookkeeper and operator: periods, invoices, what to fix.

    One signs in by a link that can be used once, or as `opter-economic user` and the settings allow. In a terminal a
    link is printed at the start; --link prints another one, for whom --by names, with the role that --role gives.
    """
    context: CommandContext = ctx.obj
    settings, _ = context.settings, context.exports  # every configuration error shows here, before the page starts
    for name in exports or ():
        context.export(name)
    configure_logs(settings.log.level, settings.log.format)
    await_fit(settings)
    if link or context.out.is_terminal:
        with context.sessions() as sessions:
            rights = Rights(roles=dict.fromkeys(exports or (EVERY,), role))
            address = sign_in_link(settings.web, sessions, by, rights)
        context.out.print(address, soft_wrap=True)
    if not link:
        require_free(settings.web.host, settings.web.port, variable("web", "port"))
        become(web_command(settings), hold_signals=True)


def intake(ctx: typer.Context) -> None:
    """Run the intake: it takes events from the Redis queue into the store, and picks up what stands still.

    Run at least one; two beside each other share the work and replace each other.
    """
    context: CommandContext = ctx.obj
    _require_tracing(context.settings)
    traces = start_traces(context.settings)
    settings = _begin(context, also=traces and traces.line)
    exports_file = watch_exports(settings, context.exports)
    with stop_on_signal() as stop, closing(connect(settings.redis)) as redis:
        beat = Beat()
        end_metrics = serve_metrics(settings.metrics, beat=beat, ready=lambda: answers(redis))
        changed: Changed | None = None
        while not stop.is_set():
            # Each time with the exports as they are; nothing is under way in between.
            context.exports = exports_file.exports
            changed = _run_intake(context, beat, exports_file, changed, StopWith(stop))
        end_metrics()
    if traces:
        traces.close()


def _run_intake(
    context: CommandContext, beat: Beat, exports_file: ExportsWatch, taken: Changed | None, stop: StopWith
) -> Changed | None:
    """Run the intake until stopped, or until the exports file has changed; return that change.

    ``taken`` is the change that it begins with.
    """
    found: list[Changed] = []

    def end(changed: Changed) -> None:
        found.append(changed)
        stop.set()

    with (
        context.runtime() as runtime,
        intake_consumer(runtime, exports_file.names) as consumer,
        notifying(context.settings, runtime.exports, translations),
    ):
        if taken:
            log_taken(taken)
        life = ShownLife(
            store=runtime.store,
            part=Part.SWEEPS,
            name=process_name(),
            look=runtime.name_watch(),
            not_taken=partial(not_taken, exports_file),
        )

        def sweep() -> int:
            try:
                return runtime.sweeper.turn()
            finally:
                # While the broker is away, sweeps come to nothing, and are alive.
                life()

        interval = context.settings.store.sweep_interval
        end_looking = keep_looking(exports_file, end)
        run_intake(consumer.run, sweep, interval=interval, stop=stop, beat=beat)
        end_looking()
        life.leave()
    return found[-1] if found else None


def watch(ctx: typer.Context) -> None:
    """Run the watcher of folders: it puts the invoices in files that come there on the event queue.

    Where an export names an SFTP server (`source.sftp`), files are picked up from there into its folder.

    The folders stand in the exports file (`source.folder`). What was taken lies in `done` there; what was refused in
    `failed`, with the reasons beside it.
    """
    context: CommandContext = ctx.obj
    settings = _begin(context)
    with stop_on_signal() as stop, context.events() as queue, closing(connect(settings.redis)) as redis:
        beat = Beat()
        store = RedisLife(redis, prefix=settings.redis.prefix, policy=StorePolicy())
        exports_file = watch_exports(settings, context.exports)
        life = ShownLife(store=store, part=Part.WATCH, name=process_name(), not_taken=partial(not_taken, exports_file))

        def alive() -> None:
            beat()
            life()

        watches = FolderWatches(context.exports, publish=queue.publish, clock=context.clock, alive=alive)
        faults = [watches.faults, *_pickups(context, stop)]
        end_metrics = serve_metrics(settings.metrics, beat=beat, ready=lambda: answers(redis) and not any(faults))
        until = StopWith(stop)

        def take(changed: Changed) -> None:
            log_taken(changed)
            until.set()

        end_looking = keep_looking(exports_file, take)
        shown = ShownFaults(store=store, faults=faults)

        def turn() -> None:
            try:
                watches.turn()
            finally:
                shown()

        run_watch(turn, stop=until, beat=alive)
        life.leave()
        shown.leave()
        end_looking()
        end_metrics()
        again = not stop.is_set()
    if again:
        # The exports file has changed. In place of this process, so that no thread of it looks at a server any more.
        become(own_command("watch"))


def _pickups(context: CommandContext, stop: threading.Event) -> Iterator[Mapping[str, str]]:
    """Start to pick files up from the SFTP servers that exports name; yields what is wrong with them, as it is read."""
    if any(export.source.sftp for export in context.exports.values()):
        from worker.intake.sources.sftp_watch import SftpPickups  # noqa: PLC0415  # slow to load, and few need it

        pickups = SftpPickups(context.exports, secrets=SECRETS, stop=stop)
        pickups.start()
        yield pickups.faults


def _require_tracing(settings: Settings) -> None:
    lack = traces_lack(settings)
    if lack:
        raise WrongUsage(lack, say("pip install 'opter-economic[tracing]', or leave the setting out."))


def _begin(context: CommandContext, also: Any = None) -> Settings:
    """Set logs up, show every configuration error, and wait for a Redis that is fit before Celery starts.

    Exports that do not go to e-conomic are logged: what is exported there is in nobody's books.
    """
    settings = context.settings
    configure_logs(settings.log.level, settings.log.format, also)
    for ignored in service_variables(os.environ):
        log.info("service_variable_ignored", variable=ignored, next_step="Set enableServiceLinks: false.")
    for name, address in non_production_targets(context.exports).items():
        log.warning("export_not_to_economic", export=name, address=address)
    await_fit(settings)
    return settings
