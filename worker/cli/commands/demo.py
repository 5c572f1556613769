"""``demo``: ``up`` with the sandbox and a sample period, from the queue to the last øre."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode
from worker.cli.processes import stop_on_signal
from worker.local.demo.folder import Method, Place, demo_place, enter
from worker.local.demo.sandbox_state import Control
from worker.local.demo.scenario import scenario
from worker.local.demo.script import Stage, perform
from worker.local.embedded import EmbeddedServer
from worker.local.services import installation
from worker.local.supervisor import Service, Supervisor, starter
from worker.sandbox.seed import standard_agreement

_INTERRUPTED = 130
_KEEPING = 0.5

Keep = Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards, until Ctrl-C.")]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Keep data, event and logs here; none: a temporary folder.")
]

How = Annotated[Method, typer.Option("--method", help="Export invoices, or vouchers with their PDFs.")]


def demo(ctx: typer.Context, folder: Folder = None, method: How = "invoice", *, keep: Keep = False) -> None:
    """Show the whole thing: a sample period from a Redis queue through Celery into a sandbox of e-conomic.

    Takes under a minute, needs no network, touches nothing of yours. Exit code 0 only if every invoice was exported
    exactly once and to the øre.
    """
    tools: CommandContext = ctx.obj
    with demo_place(folder, method) as place, EmbeddedServer(place.folder / "data") as redis, stop_on_signal() as stop:
        env = enter(place.settings(redis.url))
        try:
            with _stage(tools, place, env, stop) as stage:
                done = perform(stage, scenario(method, place.printed))
                if keep:
                    _linger(stage)
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None
        if not done:
            tools.out.print(f"Data and logs are kept in {place.folder}.")
            raise typer.Exit(ExitCode.PERSON)


@contextmanager
def _stage(tools: CommandContext, place: Place, env: Mapping[str, str], stop: threading.Event) -> Iterator[Stage]:
    sandbox = Service(name="sandbox", arguments=("sandbox", "--port", str(place.sandbox_port)))
    # The sandbox last: it must outlive whoever is in the middle of a call.
    services = (*installation(tools.settings), sandbox)
    supervisor = Supervisor(services, run=starter(env, place.logs), clock=tools.clock)
    control = Control(place.sandbox, standard_agreement().number)
    try:
        supervisor.turn()
        with tools.store() as store:
            yield Stage(
                tools=tools,
                place=place,
                control=control,
                supervisor=supervisor,
                store=store,
                env=env,
                stop=stop,
            )
    finally:
        supervisor.stop()


def _linger(stage: Stage) -> None:
    out, place = stage.tools.out, stage.place
    settings = " ".join(
        f"{name}={value}" for name, value in place.settings(stage.env["OPTER_ECONOMIC_REDIS__URL"]).items()
    )
    out.print(Text("\nStill running, until Ctrl-C. Look around:", "title"))
    out.print(f"  Flower    http://127.0.0.1:{place.flower_port}/tasks")
    out.print(f"  Sandbox   {place.sandbox}/_sandbox/journal")
    out.print(f"  Logs      {place.logs}")
    out.print(Text.assemble("  Commands  ", (f"env {settings} opter-economic status", "command")), soft_wrap=True)
    while not stage.stop.wait(_KEEPING):
        stage.look_after()
