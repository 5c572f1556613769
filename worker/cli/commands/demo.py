"""``demo``: ``up`` with the sandbox and a sample period, from the queue to the last øre."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.language import say
from worker.cli.processes import sign_in_link, stop_on_signal
from worker.local.demo.folder import DemoFolder, SourceName, demo_folder, environment_file, isolate
from worker.local.demo.left_open import leave_open, remedies
from worker.local.demo.sandbox_export import Method
from worker.local.demo.script import perform, scenario
from worker.local.demo.stage import DemoError, Stage
from worker.local.embedded import EmbeddedServer
from worker.local.sandbox_control import SandboxControl
from worker.local.supervisor import Service, Supervisor, installation, starter
from worker.sandbox.seed import standard_agreement

_INTERRUPTED = 130
#: Seconds between two looks at the processes while they are left running.
_LOOK_AFTER_EVERY = 0.5

Keep = Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards, until Ctrl-C.")]
Open = Annotated[
    bool,
    typer.Option(
        "--open", help="Stop before the fix: leave everything running, with the page to fix it on, until Ctrl-C."
    ),
]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Keep data, event and logs here; none: a temporary folder.")
]

How = Annotated[Method, typer.Option("--method", help="Export invoices, or vouchers with their PDFs.")]


From = Annotated[
    SourceName,
    typer.Option(
        "--source", help="How the period comes: on the queue, or as files of this format in a watched folder."
    ),
]


def demo(  # noqa: PLR0913  # one parameter for each option of the command
    ctx: typer.Context,
    folder: Folder = None,
    method: How = "invoice",
    source: From = "queue",
    *,
    keep: Keep = False,
    open_: Open = False,
) -> None:
    """Show the whole thing: a sample period from a Redis queue through Celery into a sandbox of e-conomic.

    Takes under a minute, needs no network, touches nothing of yours. Exit code 0 only if every invoice was exported
    exactly once and to the øre; with --open, if Ctrl-C ended it.
    """
    context: CommandContext = ctx.obj
    with (
        demo_folder(folder, method, source) as files,
        EmbeddedServer(files.path / "data") as redis,
        stop_on_signal() as stop,
    ):
        env = isolate(files.settings(redis.url))
        try:
            with _stage(context, files, redis.url, env, stop) as stage:
                played = scenario(method, files.printed)
                if open_:
                    leave_open(stage, played)
                    _hand_over(context, stage)
                proven = open_ or perform(stage, played)
                if keep or open_:
                    _keep_running(stage)
        except KeyboardInterrupt:
            raise typer.Exit(_INTERRUPTED) from None
        except DemoError as error:
            raise WrongUsage(str(error), say("The logs are in {folder}.", folder=files.logs)) from error
        if not proven:
            context.out.print(say("Data and logs are kept in {folder}.", folder=files.path))
            raise typer.Exit(ExitCode.PERSON)


@contextmanager
def _stage(
    context: CommandContext, files: DemoFolder, redis_url: str, env: Mapping[str, str], stop: threading.Event
) -> Iterator[Stage]:
    sandbox = Service(name="sandbox", arguments=("sandbox", "--port", str(files.sandbox_port)))
    # The sandbox last: it must outlive whoever is in the middle of a call.
    services = (*installation(context.settings), sandbox)
    supervisor = Supervisor(services, run=starter(env, files.logs), clock=context.clock)
    try:
        supervisor.turn()
        yield Stage(
            out=context.out,
            folder=files,
            control=SandboxControl(files.sandbox, standard_agreement().number),
            supervisor=supervisor,
            env=env,
            redis_url=redis_url,
            queue=context.settings.intake.queue,
            stop=stop,
        )
    finally:
        supervisor.stop()


def _hand_over(context: CommandContext, stage: Stage) -> None:
    """Show where a person goes on, and what is typed in place of a look at e-conomic."""
    stage.act("4  " + say("Over to you: the page"))
    with context.sessions() as sessions:
        link = sign_in_link(context.settings.web, sessions, getuser())
    out = stage.out
    out.print(Text.assemble(say("Sign in once with") + "  ", (link, "command")), soft_wrap=True)
    out.print(
        Text(say("Under To fix (Skal rettes) is what is wrong, by cause. Check again is refused until it is fixed."))
    )
    out.print(Text(say("What a person fixes in e-conomic is typed here, in a second terminal (see Commands, below):")))
    for command in remedies(stage.folder.method):
        stage.show_command(command)
    out.print(Text(say("Another link to sign in with, for example as a bookkeeper:")))
    stage.show_command("opter-economic web --link --role bookkeeper")


def _keep_running(stage: Stage) -> None:
    out, files = stage.out, stage.folder
    out.print(Text("\n" + say("Still running, until Ctrl-C. Look around:"), "title"))
    out.print(f"  {say('Page'):<10}{files.page}")
    out.print(f"  Flower    http://127.0.0.1:{files.flower_port}/tasks")
    out.print(f"  Sandbox   {files.sandbox}/_sandbox/requests")
    out.print(f"  {say('Logs'):<10}{files.logs}")
    source = f"source {environment_file(files, stage.redis_url)}"
    out.print(Text.assemble("  Commands  ", (f"{source} && opter-economic status", "command")), soft_wrap=True)
    while not stage.stop.wait(_LOOK_AFTER_EVERY):
        stage.look_after()
