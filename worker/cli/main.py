"""The command line: all commands, each loaded when it is called, and every error as something to act on."""

import gc
import os
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from worker.cli.context import CommandContext
from worker.cli.formatting import consoles
from worker.cli.language import LANGUAGES, mark, say, say_help, speak

_HELP = mark("""Export closed invoice periods from Opter to Visma e-conomic: complete, once, and to the øre.

Exit codes:

0  all is well

1  something needs a person: failed invoices, a paused export, errors found by a check

2  wrong usage, settings or exports file

3  Redis or e-conomic cannot be reached""")
#: Panel of the help -> command -> the help's line: the command's first sentences.
_COMMANDS: Mapping[str, Mapping[str, str]] = {
    "Start here": {
        "demo": "Show the whole thing: a sample period from a Redis queue through Celery into a sandbox of e-conomic.",
        "up": "Run everything on this machine: Redis (embedded unless REDIS_URL names one), workers, page, Flower.",
    },
    "Operate": {
        "status": "Show all periods, or one in full: to be exported, exported, failed by reason, rate, time left.",
        "health": "Show whether all is well: Redis, workers, intake, sweeps, page, folders, Flower, e-conomic, clocks.",
        "reconcile": "Read periods back from e-conomic and compare every invoice: the certificate, which is kept.",
        "certificate": "Show certificates: what was read back from e-conomic, and when.",
        "differences": "Show what certificates have found to differ, and accept it.",
        "archive": "Look after the archive: completed periods under a Merkle tree, out of Redis.",
        "series": "Show Opter's number series: every number accounted for, and every gap explained or red.",
        "payments": "Tell Opter what was paid since the last run: each payment once, a reversal with its sign turned.",
        "requeue": "Queue failed invoices again, once the cause is fixed; they are checked anew first.",
        "mark-exported": (
            "Count an invoice as exported, because it was entered in e-conomic by hand. It will not be posted."
        ),
        "reexport": "Export invoices again that count as exported: single ones, or a whole period.",
        "batch": "Move many invoices by hand as one act: previewed, run at a pace, kept with who and why.",
        "approvals": "Say yes or no to what waits for a second person.",
        "learn": (
            "Look at a real file and propose how to read it: mapping or stylesheet, invoices, sums, what is missing."
        ),
        "plan": (
            "Show what an export would send and create, and what would fail. Nothing is written to e-conomic or Redis."
        ),
        "publish": (
            "Put invoices from files on the event queue, or whole events as they are. Everything is checked first."
        ),
        "failed": "Show invoices that failed: by reason, or one in full.",
        "invoice": "Show one invoice in full, whatever its state: amounts, what e-conomic has, history.",
        "invoices": "List the invoices of a period with state, customer and amount, as a table, CSV or JSON.",
        "conflicts": "Show invoices that came again with other content after they were posted, and accept them.",
        "procedure": "Write the procedure description that the Danish Bookkeeping Act asks for, from the settings.",
        "connect": (
            "Connect an export to an agreement: grant access in e-conomic, see what the token opens, and store it."
        ),
        "migrate": (
            "Bring the store to the schema of this version, while everything runs; it may be ended and started again."
        ),
        "export": "Look after the entries of the exports file.",
        "events": "Look after the event queue.",
        "notify": "Show the channels by which people are told, and how they are; `test` sends a message on each.",
        "user": "Look after the people who sign in to the page with a password.",
    },
    "Processes": {
        "worker": (
            "Run a worker: it exports invoices to e-conomic. Run several under different names for more throughput."
        ),
        "intake": (
            "Run the intake: it takes events from the Redis queue into the store, and picks up what stands still."
        ),
        "watch": "Run the watcher of folders: it puts the invoices in files that come there on the event queue.",
        "forward": "Post the files that Opter writes into a folder to the page of another machine, each once.",
        "web": "Run the page for bookkeeper and operator: periods, invoices, what to fix.",
        "flower": (
            "Run Flower, the monitoring page: workers, tasks, times. It only looks; "
            "the figures that count are `status`."
        ),
        "sandbox": (
            "Run a stand-in e-conomic that keeps the real one's rules, to try a set-up: "
            "e-conomic itself has no sandbox."
        ),
    },
}
#: Module of ``worker.cli.commands`` where it is not called like the command.
_MODULES = (
    dict.fromkeys(("mark-exported", "reexport"), "requeue")
    | dict.fromkeys(("invoice", "invoices"), "invoices")
    | dict.fromkeys(_COMMANDS["Processes"], "processes")
    | {"watch": "intake"}
    | {name: name for name in ("intake", "sandbox", "forward")}
)


def main() -> None:
    """Run the command line of this process and exit with its code."""
    # pydantic would search every installed package for plugins; we use none, and who does sets another value.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    out, err = consoles()
    context = CommandContext(out=out, err=err, clock=time.time, sleep=time.sleep)
    code = run(sys.argv[1:], context, language=context.language)
    # Nothing is left to do but to end: a search through all modules for garbage would take as long as `status` itself.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str], context: CommandContext, *, language: str = "en") -> int:
    """Run one command line; return its exit code (see ``worker.cli.error_output.ExitCode``).

    ``language`` is spoken where the command line names none.
    """
    try:
        arguments, named = _language(arguments)
        # Scripts read JSON: nothing in it depends on whose terminal it is.
        speak("en" if "--json" in arguments else named or language)
        application().main(args=arguments, prog_name="opter-economic", obj=context)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; Python would complain while flushing at exit.
        sys.stdout = None  # keeps the interpreter from flushing it
        return 0
    except Exception as error:
        from worker.cli.error_output import explain  # noqa: PLC0415  # only a failure needs it

        code = explain(error, context.err)
        if code is None:
            raise
        return code
    return 0


def _language(arguments: Sequence[str]) -> tuple[list[str], str]:
    """Take ``--lang`` out of a command line, wherever it stands: help is written before any option is read.

    Returns the other arguments, and the language or nothing. A language that is none of ours is left where it stands.
    """
    rest = list(arguments)
    for at, argument in enumerate(arguments):
        option, _, value = argument.partition("=")
        if option == "--":
            break
        if option == "--lang":
            named, size = (value, 1) if value else (next(iter(arguments[at + 1 : at + 2]), ""), 2)
            if named in LANGUAGES:
                del rest[at : at + size]
                return rest, named
    return rest, ""


def _known_language(value: str | None) -> str | None:
    if value is not None:
        raise typer.BadParameter(
            say("{value} is not one of: {languages}.", value=value, languages=", ".join(LANGUAGES))
        )
    return value


def _show_version(ctx: typer.Context, asked: bool) -> None:  # noqa: FBT001  # called by typer with the value
    if asked:
        from importlib.metadata import version  # noqa: PLC0415  # only this option needs it

        ctx.find_object(CommandContext).out.print(f"opter-economic {version('opter-economic')}")  # type: ignore[union-attr]  # always there
        raise typer.Exit


def _top(
    *,
    version: Annotated[  # its callback has answered it
        bool, typer.Option("--version", "-V", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
    lang: Annotated[  # taken out before, unless it is none of ours
        str | None,
        typer.Option(
            "--lang",
            metavar="da|en",
            callback=_known_language,
            help="Language; else that of LC_ALL, LC_MESSAGES, LANG.",
        ),
    ] = None,
) -> None: ...


def application() -> TyperGroup:
    """Return the command line application; its context object is a ``CommandContext``."""
    app = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"max_content_width": 120, "help_option_names": ["-h", "--help"]},
    )
    app.callback(help=_HELP)(_top)  # makes it a group; the other options belong to the commands
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)  # noqa: S101  # an application with a callback is a group; mypy cannot know
    for panel, commands in _COMMANDS.items():
        for name, summary in commands.items():
            module = _MODULES.get(name, name)
            group.add_command(LazyCommand(name, module=module, summary=summary, panel=say(panel)))
    say_help(group)
    return group


class LazyCommand(TyperCommand):
    """A command that is known by name and summary; its module is imported when it is called."""

    def __init__(self, name: str, *, module: str, summary: str, panel: str) -> None:
        """``module`` of ``worker.cli.commands`` has a function, or a group of commands, called like the command."""
        super().__init__(name, help=summary, rich_help_panel=panel)
        self._module = module

    @cached_property
    def loaded(self) -> TyperCommand | TyperGroup:
        """The command itself."""
        name = self.name or ""
        loaded = getattr(import_module(f"worker.cli.commands.{self._module}"), name.replace("-", "_"))
        app = typer.Typer()
        if isinstance(loaded, typer.Typer):
            app.add_typer(loaded, name=name)
        else:
            app.command(name)(loaded)
        command = cast("TyperCommand | TyperGroup", typer.main.get_group(app).commands[name])
        say_help(command)
        return command

    @override
    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self.loaded.make_context(info_name, args, parent, **extra)
