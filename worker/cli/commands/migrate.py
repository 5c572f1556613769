"""``migrate``: what an older version has left in the store, brought to what this one keeps."""

from typing import Annotated

import typer
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.language import say
from worker.domain.store_schema import CURRENT
from worker.store.schema import Step, due_steps
from worker.store.schema import migrate as run

Check = Annotated[bool, typer.Option("--check", help="Only say what there is to do: exit code 1 if anything.")]


def migrate(ctx: typer.Context, *, check: Check = False) -> None:
    """Bring the store to the schema of this version, while everything runs; it may be ended and started again.

    Nothing waits for it: this version works with an older store, too, and makes what is missing when it first needs it.
    """
    context: CommandContext = ctx.obj
    with context.schema() as schema, context.store() as store:
        now = schema.declare()
        if now.too_new:
            raise WrongUsage(say("This store is newer than this program."), now.refusal)
        steps = due_steps(now)
        if not steps:
            context.out.print(Text(say("The store has schema {version}: nothing to do.", version=now.version), "good"))
            return
        for step in steps:
            context.out.print(f"{step.version - 1} → {step.version}: {step.meaning}")
        if check:
            raise typer.Exit(ExitCode.PERSON)

        def report(step: Step, count: int, of: int) -> None:
            if count == of or count % 100 == 0:
                context.out.print(say("{meaning}: {count} of {of}", meaning=step.meaning, count=count, of=of))

        done = run(store, schema, report)
    context.out.print(
        Text(say("The store has schema {version} of {current}.", version=done.version, current=CURRENT), "good")
    )
