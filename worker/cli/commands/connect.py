"""``connect``: an export bound to an agreement, its grant token fetched at e-conomic and stored."""

import sys
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import printable
from worker.cli.language import say, spoken
from worker.cli.lookup import By, Name
from worker.runtime.connecting import TAKEN_IN, Connector, NotConnected

Agreement = Annotated[
    int | None,
    typer.Option("--agreement", help="Number of the agreement that the token must open; asked for without it."),
]


def connect(ctx: typer.Context, name: Name, *, agreement: Agreement = None, by: By) -> None:
    """Connect an export to an agreement: grant access in e-conomic, see what the token opens, and store it.

    The token is asked for, or read from standard input; it is shown nowhere. Nothing is stored before you agree, and
    nothing has to be started anew. Exit code 1 when it was not stored.
    """
    context: CommandContext = ctx.obj
    context.warn_non_production()
    with context.store() as store:
        connector = Connector(
            read=context.export_with,
            file=context.grant_file,
            http=context.settings.http,
            store=store,
            clock=context.clock,
        )
        try:
            _connect(context, connector, name, agreement, by)
        except NotConnected as why:
            raise WrongUsage(str(why), say("Nothing was stored.")) from None


def _connect(context: CommandContext, connector: Connector, name: str, wanted: int | None, by: str) -> None:
    """Raises ``NotConnected``."""
    export = connector.export(name, "not-granted-yet")
    if export.app_public_token:
        context.out.print(
            say("Open this address, sign in as an administrator of the right agreement, and grant access:")
        )
        context.out.print(connector.address(export, language=spoken()), soft_wrap=True)
    asked = sys.stdin.isatty()
    token = typer.prompt(say("Token"), hide_input=True) if asked else sys.stdin.readline()
    granted = connector.look(name, token)
    context.out.print(
        say(
            "It opens agreement {agreement} of {company}.",
            agreement=granted.agreement,
            company=printable(granted.company) or "-",
        )
    )
    for check in granted.checks:
        context.out.print(
            Text(f"{check.item}: {check.found} {check.next_step}".rstrip(), style="" if check.ok else "bad")
        )
    if wanted is None and not asked:
        raise NotConnected(say("Say that it is the right one: --agreement {agreement}.", agreement=granted.agreement))
    if wanted not in (None, granted.agreement):
        raise NotConnected(say("That is not agreement {wanted}.", wanted=wanted))
    if wanted is None and not typer.confirm(say("Export {name} to this agreement?", name=name)):
        context.out.print(say("Nothing was stored."))
        raise typer.Exit(ExitCode.PERSON)
    connector.connect(name, token, agreement=granted.agreement, by=by)
    context.out.print(Text(say("Connected: every process takes the token in within some seconds."), "good"))
    if name in connector.store.paused():
        context.sleep(TAKEN_IN)
        resumed = connector.resume(name, by=by) or name not in connector.store.paused()
        context.out.print(
            Text(say("The export goes on."), "good") if resumed else Text(say("The export stays paused."), "wait")
        )
