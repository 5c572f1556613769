"""``sandbox``: the stand-in e-conomic as a process, the files to rehearse with, and what a person changes there."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from config.errors import ConfigurationErrors
from config.targets import at_economic
from worker.cli.commands.sandbox_changes import customer, faults, fixed, group, paid, period, token
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.formatting import page
from worker.cli.language import say
from worker.local.demo.rehearsal import ENVIRONMENT, EVENT, PERIOD, print_rehearsal, rehearsal_files
from worker.local.demo.sandbox_export import Method
from worker.sandbox.server import DEFAULT_PORT, serve, standard_agreements

sandbox = typer.Typer(
    help="Run a stand-in e-conomic that keeps the real one's rules, to try a set-up: e-conomic itself has no sandbox.",
    invoke_without_command=True,
)
sandbox.add_typer(group, name="group")
sandbox.add_typer(period, name="period")
sandbox.add_typer(customer, name="customer")
sandbox.add_typer(token, name="token")
sandbox.command("fail")(faults)
sandbox.command("fixed")(fixed)
sandbox.command("pay")(paid)

Host = Annotated[str, typer.Option("--host", help="Address to listen on. Keep it local: the control path is open.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes any free one.")]
Also = Annotated[
    list[str] | None,
    typer.Option("--also", metavar="NAME", help="A further agreement, behind grant token sandbox-grant-NAME."),
]
Anyway = Annotated[
    bool, typer.Option("--anyway", help="Start although exports of this environment go to e-conomic itself.")
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write them; it is created.")]
How = Annotated[Method, typer.Option("--method", help="Export invoices, or vouchers with their PDFs.")]
SandboxPort = Annotated[
    int, typer.Option("--port", min=1, max=65535, help="Port that the sandbox is going to listen on.")
]


@sandbox.callback()
def run(
    ctx: typer.Context,
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    also: Also = None,
    *,
    anyway: Anyway = False,
) -> None:
    """Run a stand-in e-conomic that keeps the real one's rules, to try a set-up: e-conomic itself has no sandbox.

    Without a command it runs until Ctrl-C. The commands write the files to rehearse with, and change what a running
    sandbox holds, as a person does in e-conomic.
    """
    if ctx.invoked_subcommand is not None:
        return
    context: CommandContext = ctx.obj
    if not anyway:
        _refuse_beside_economic(context)
    agreements = standard_agreements(also or ())

    def ready(url: str) -> None:
        context.out.print(Text.assemble(("Sandbox ", "strong"), url))
        for (app, grant), agreement in agreements.items():
            context.out.print(
                say(
                    "  agreement {number}: app secret token {app}, agreement grant token {grant}",
                    number=agreement.number,
                    app=app,
                    grant=grant,
                )
            )
        context.out.print(say("  Change what it holds, or have it fail: `opter-economic sandbox -h`."))

    try:
        serve(host=host, port=port, agreements=agreements, ready=ready)
    except OSError as error:
        raise WrongUsage(
            say("Cannot listen on {host}:{port}: {why}.", host=host, port=port, why=error.strerror),
            say("Choose another --port, or --host."),
        ) from None


@sandbox.command("init")
def init(
    ctx: typer.Context,
    folder: Folder = Path("rehearsal"),
    method: How = "invoice",
    port: SandboxPort = DEFAULT_PORT,
) -> None:
    """Write an exports file, its environment and an event that fit the sandbox. No file is written over."""
    context: CommandContext = ctx.obj
    folder = folder.resolve()
    files = rehearsal_files(folder, method, sandbox=f"http://127.0.0.1:{port}")
    there = [str(file) for file in files if file.exists()]
    if there:
        raise WrongUsage(
            say("There already: {names}.", names=", ".join(there)), say("Name another folder, or take them away.")
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            file.write_text(content, encoding="utf-8")
        print_rehearsal(folder, method)
    except OSError as error:
        raise WrongUsage(
            say("Cannot write to {folder}: {strerror}.", folder=folder, strerror=error.strerror),
            say("Name another folder."),
        ) from None
    context.out.print(page(*map(Text, _next_steps(folder, port))), soft_wrap=True)


def _next_steps(folder: Path, port: int) -> list[str]:
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    own_port = "" if port == DEFAULT_PORT else f" --port {port}"
    source = f"source {shown / ENVIRONMENT}"
    return [
        say("Written to {shown}. Three terminals:", shown=shown),
        say("1  {source} && opter-economic sandbox{own_port}", source=source, own_port=own_port),
        say("2  {source} && opter-economic up", source=source),
        say("3  {source} && opter-economic export check", source=source),
        say("   opter-economic publish {event}", event=shown / EVENT),
        say("   opter-economic status {period} --watch", period=PERIOD["id"]),
    ]


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
            say(
                "No sandbox beside {exports_file}: its exports go to e-conomic itself: {targets}.",
                exports_file=context.settings.exports_file,
                targets=targets,
            ),
            say("Start it where another exports file is used, or with --anyway."),
        )
