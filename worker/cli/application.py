"""All commands put together."""

from collections.abc import Callable, Mapping

import typer

from worker.cli.commands.demo import demo
from worker.cli.commands.events import events
from worker.cli.commands.export import export
from worker.cli.commands.failed import failed
from worker.cli.commands.plan import plan
from worker.cli.commands.processes import flower, intake, sandbox, worker
from worker.cli.commands.publish import publish
from worker.cli.commands.reexport import reexport
from worker.cli.commands.requeue import mark_exported, requeue
from worker.cli.commands.status import status
from worker.cli.commands.up import up

_HELP = """Export closed invoice periods from Opter to Visma e-conomic: complete, once, and to the øre.

Exit codes:

0  all is well

1  something needs a person: failed invoices, a paused export, mistakes found by a check

2  wrong usage, settings or exports file

3  Redis or e-conomic cannot be reached
"""
_OPERATE = "Operate"
_COMMANDS: Mapping[str, tuple[Callable[..., None], ...]] = {
    "Start here": (demo, up),
    _OPERATE: (status, requeue, mark_exported, reexport, plan, publish),
    "Processes": (worker, intake, flower, sandbox),
}


def application() -> typer.Typer:
    """Return the command line application; its context object is a ``CommandContext``."""
    app = typer.Typer(
        help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"max_content_width": 120}
    )
    for panel, commands in _COMMANDS.items():
        for command in commands:
            app.command(rich_help_panel=panel)(command)
    for name, group in (("failed", failed), ("export", export), ("events", events)):
        app.add_typer(group, name=name, rich_help_panel=_OPERATE)
    return app
