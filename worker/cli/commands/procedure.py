"""``procedure``: the written description of how bookkeeping runs here, from the live settings."""

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.language import say
from worker.cli.procedure import as_html
from worker.cli.procedure import procedure as described
from worker.cli.procedure_texts import Language

In = Annotated[Language, typer.Option("--language", help="en or da.")]
Html = Annotated[bool, typer.Option("--html", help="Write HTML instead of Markdown.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", dir_okay=False, help="Write it to a file.")]


def procedure(ctx: typer.Context, language: In = "da", out: Out = None, *, as_page: Html = False) -> None:
    """Write the procedure description that the Danish Bookkeeping Act asks for, from the settings.

    What is exported, when, by whom, under which controls, as settings and exports file are; its hash changes when one
    of them does.
    """
    context: CommandContext = ctx.obj
    text = described(context.settings, context.exports, language)
    whole = as_html(text, language) if as_page else text
    if out is None:
        context.out.file.write(whole)
        return
    try:
        out.write_text(whole, encoding="utf-8")
    except OSError as error:
        raise WrongUsage(
            say("{out} cannot be written: {strerror}.", out=out, strerror=error.strerror),
            say("Name another file with --out."),
        ) from None
