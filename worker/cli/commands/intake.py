"""The processes that take things in: ``intake`` and ``watch``."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial

import typer

from config.cells import store_name
from config.exports_watch import Changed, ExportsWatch, watch_exports
from config.settings import SECRETS
from worker.cli.commands.processes import begin, require_tracing
from worker.cli.context import CommandContext
from worker.cli.processes import (
    StopWith,
    await_own_store,
    become,
    run_intake,
    run_watch,
    side_by_side,
    stop_on_signal,
)
from worker.domain.signs_of_life import Part
from worker.intake.sources.folder_watch import FolderWatches
from worker.local.supervisor import own_command
from worker.runtime.cells import misplaced
from worker.runtime.exports_watch import keep_looking, log_taken, not_taken
from worker.runtime.metrics import Beat, serve_metrics
from worker.runtime.notifying import notifying
from worker.runtime.runtime import Runtime, intake_consumer
from worker.runtime.signs_of_life import ShownFaults, ShownLife, process_name
from worker.runtime.trace_start import start_traces
from worker.store.connection import StorePolicy, answers, connect
from worker.store.signs_of_life import RedisLife
from worker.web.language import translations


def intake(ctx: typer.Context) -> None:
    """Run the intake: it takes events from the Redis queue into the store, and picks up what stands still.

    Run at least one; two beside each other share the work and replace each other.
    """
    context: CommandContext = ctx.obj
    require_tracing(context.settings)
    traces = start_traces(context.settings)
    settings = begin(context, also=traces and traces.line)
    # What it takes in is registered: an export that has its invoices in another store must not get that far.
    exports_file = watch_exports(settings, context.exports, partial(misplaced, settings))
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
        context.runtimes() as runtimes,
        notifying(context.settings, context.exports, translations),
        ExitStack() as opened,
    ):
        if taken:
            log_taken(taken)
        parts = [opened.enter_context(_store_intake(context, each, beat, exports_file)) for each in runtimes]
        end_looking = keep_looking(exports_file, end)
        side_by_side(parts, stop)
        end_looking()
    return found[-1] if found else None


@contextmanager
def _store_intake(
    context: CommandContext, runtime: Runtime, beat: Beat, exports_file: ExportsWatch
) -> Iterator[Callable[[threading.Event], None]]:
    """Give what takes in the events of one store, and sweeps it, until stopped."""
    others = {name: export for name, export in context.exports.items() if name not in runtime.exports}
    elsewhere = {name: store_name(export) for name, export in others.items()}
    with intake_consumer(runtime, exports_file.names, elsewhere) as consumer:
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

        def run(stop: threading.Event) -> None:
            if runtime.cell:
                await_own_store(context.settings, context.exports, runtime.cell, stop)
            # A store that hangs must not be hidden by the sweeps of another one.
            own_beat = (lambda: None) if runtime.cell else beat
            interval = context.settings.store.sweep_interval
            run_intake(consumer.run, sweep, interval=interval, stop=stop, beat=own_beat)
            life.leave()

        yield run


def watch(ctx: typer.Context) -> None:
    """Run the watcher of folders: it puts the invoices in files that come there on the event queue.

    Where an export names an SFTP server (`source.sftp`), files are picked up from there into its folder.

    The folders stand in the exports file (`source.folder`). What was taken lies in `done` there; what was refused in
    `failed`, with the reasons beside it.
    """
    context: CommandContext = ctx.obj
    settings = begin(context)
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
