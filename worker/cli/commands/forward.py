"""``forward``: the forwarder of files, where this program is installed on the machine that Opter writes them on."""

from pathlib import Path
from typing import Annotated

import typer

from worker.forward.command import COMPLETE, HELP, STABLE_SECONDS, Complete, main

Folder = Annotated[Path, typer.Argument(help=HELP["folder"])]
Url = Annotated[str, typer.Argument(help=HELP["url"])]
Export = Annotated[str, typer.Option("--export", help=HELP["export"])]
SecretFile = Annotated[Path, typer.Option("--secret-file", help=HELP["secret-file"])]
When = Annotated[Complete, typer.Option("--complete", help=HELP["complete"])]
StableSeconds = Annotated[float, typer.Option("--stable-seconds", min=0, help=HELP["stable-seconds"])]
Once = Annotated[bool, typer.Option("--once", help=HELP["once"])]
CaFile = Annotated[Path | None, typer.Option("--ca-file", help=HELP["ca-file"])]
AllowHttp = Annotated[bool, typer.Option("--allow-http", help=HELP["allow-http"])]


def forward(  # noqa: PLR0913, PLR0917  # one parameter for each option of the forwarder
    folder: Folder,
    url: Url,
    export: Export,
    secret_file: SecretFile,
    complete: When = COMPLETE,
    stable_seconds: StableSeconds = STABLE_SECONDS,
    ca_file: CaFile = None,
    *,
    once: Once = False,
    allow_http: AllowHttp = False,
) -> None:
    """Post the files that Opter writes into a folder to the page of another machine, each once.

    The same program as `opter-forward.pyz`, which needs Python alone. Exit code 1 with --once while something stays or
    was refused.
    """
    options = ["--export", export, "--secret-file", str(secret_file), "--complete", complete]
    options += ["--stable-seconds", str(stable_seconds)]
    options += ["--ca-file", str(ca_file)] if ca_file else []
    options += ["--once"] if once else []
    options += ["--allow-http"] if allow_http else []
    raise typer.Exit(main([*options, "--", str(folder), url]))
