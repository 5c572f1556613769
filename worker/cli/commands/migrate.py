"""``migrate``: what an older version has left in the store, brought to what this one keeps."""

from typing import Annotated

import typer
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.language import say
from worker.domain.store_port import Store
from worker.domain.store_schema import CURRENT
from worker.store.schema import RedisSchema, Step, due_steps
from worker.store.schema import migrate as run

Check = Annotated[bool, typer.Option("--check", help="Only say what there is to do: exit code 1 if anything.")]


def migrate(ctx: typer.Context, *, check: Check = False) -> None:
    """Bring the store to the schema of this version, while everything runs; it may be ended and started again.

    Nothing waits for it: this version works with an older store, too, and makes what is missing when it first needs it.
    """
    context: CommandContext = ctx.obj
    due = False
    with context.schemas() as schemas:
        for name, (schema, store) in schemas.items():
            if len(schemas) > 1:
                context.out.print(Text(say("Store {name}", name=name), "strong"))
            due = _migrate(context, schema, store, check=check) or due
    if check and due:
        raise typer.Exit(ExitCode.PERSON)


def _migrate(context: CommandContext, schema: RedisSchema, store: Store, *, check: bool) -> bool:
    """Migrate one store; return whether there was anything to do."""
    now = schema.declare()
    if now.too_new:
        raise WrongUsage(say("This store is newer than this program."), now.refusal)
    steps = due_steps(now)
    if not steps:
        context.out.print(Text(say("The store has schema {version}: nothing to do.", version=now.version), "good"))
        return False
    for step in steps:
        context.out.print(f"{step.version - 1} → {step.version}: {step.meaning}")
    if check:
        return True

    def report(step: Step, count: int, of: int) -> None:
        if count == of or count % 100 == 0:
            context.out.print(say("{meaning}: {count} of {of}", meaning=step.meaning, count=count, of=of))

    done = run(store, schema, report)
    context.out.print(
        Text(say("The store has schema {version} of {current}.", version=done.version, current=CURRENT), "good")
    )
    return True
