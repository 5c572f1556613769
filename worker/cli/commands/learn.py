"""``learn``: the mapping that a real file suggests, the invoices that it would give, what is still missing."""

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.event_files import MappingFile, StylesheetFile
from worker.cli.formatting import print_json, printable
from worker.cli.language import say
from worker.cli.lookup import AsJson
from worker.cli.views.learn import learnt_data, next_step, readings_view, recognised_view
from worker.cli.words import described
from worker.intake.event_errors import EventRefused
from worker.intake.format_files import HowToRead, how_to_read
from worker.intake.learning.learn import MOST_BYTES, Learnt
from worker.intake.learning.learn import learn as learn_from

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="One or several real files of one kind."),
]
Export = Annotated[
    str | None, typer.Option("--export", help="Read by the mapping or stylesheet that this export's [source] names.")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the proposed mapping or stylesheet here.")
]


def learn(  # noqa: PLR0913, PLR0917  # one parameter for each option of the command
    ctx: typer.Context,
    files: Files,
    mapping: MappingFile = None,
    stylesheet: StylesheetFile = None,
    export: Export = None,
    out: Out = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Look at a real file and propose how to read it: mapping or stylesheet, invoices, sums, what is missing.

    Nothing is sent or stored. Asked again with --mapping, --stylesheet or --export, the file is read by those. Exit
    code 1 while something is missing.
    """
    context: CommandContext = ctx.obj
    try:
        learnt = learn_from([(path.name, _content(path)) for path in files], _how(context, mapping, stylesheet, export))
    except EventRefused as refused:
        raise WrongUsage("\n".join(described(problem.description) for problem in refused.problems)) from None
    if out is not None:
        _write(learnt, out)
    if as_json:
        print_json(context.out, learnt_data(learnt))
    else:
        context.out.print(recognised_view(learnt, files))
        if learnt.proposal:
            # Uncut and unbroken, to be copied.
            context.out.file.write(say("Written to {out}.\n", out=out) if out else printable(learnt.proposal.text))
        option = f" --mapping {mapping}" if mapping else f" --stylesheet {stylesheet}" if stylesheet else ""
        context.out.print(readings_view(learnt, next_step(learnt, files[0], out, option)))
    raise typer.Exit(ExitCode.PERSON if learnt.readings.missing else ExitCode.OK)


def _how(
    context: CommandContext, mapping: Path | None, stylesheet: Path | None, export: str | None
) -> HowToRead | None:
    if export is not None:
        source = context.export(export).source
        mapping, stylesheet = mapping or source.mapping, stylesheet or source.stylesheet
        if mapping is None and stylesheet is None:
            raise WrongUsage(
                say("Export {export} names no mapping and no stylesheet in [source].", export=export),
                say("Leave --export out."),
            )
    if mapping is None and stylesheet is None:
        return None
    try:
        return how_to_read(mapping, stylesheet)
    except OSError as error:
        raise WrongUsage(
            say("{filename} cannot be read: {strerror}.", filename=error.filename, strerror=error.strerror)
        ) from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise WrongUsage(say("{path} cannot be read: {strerror}.", path=path, strerror=error.strerror)) from None


def _write(learnt: Learnt, out: Path) -> None:
    """Write the proposal; what somebody has edited is never overwritten."""
    if learnt.proposal is None:
        raise WrongUsage(
            say("There is nothing to write: the files are read by what is there."), say("Leave --out out.")
        )
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(learnt.proposal.text)
    except FileExistsError:
        option = f"--{learnt.proposal.kind} {out}"
        raise WrongUsage(
            say("{out} is there already, and is not overwritten.", out=out),
            say("Read by it with {option}.", option=option),
        ) from None
    except OSError as error:
        raise WrongUsage(say("{out} cannot be written: {strerror}.", out=out, strerror=error.strerror)) from None
