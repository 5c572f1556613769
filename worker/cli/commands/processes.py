"""The processes that become another program once all is well: ``worker``, ``web``, ``flower``.

What that program works with is loaded by itself alone: every start would pay for it twice.
"""

import os
from typing import Annotated, Any

import structlog
import typer

from config.broker import watching
from config.settings import Settings, service_variables, variable
from config.targets import non_production_targets
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.language import say
from worker.cli.lookup import By
from worker.cli.processes import (
    await_broker,
    await_fit,
    become,
    flower_command,
    flower_environment,
    require_free,
    sign_in_link,
    web_command,
    worker_command,
)
from worker.domain.access import EVERY, Rights, Role
from worker.runtime.logs import configure_logs
from worker.runtime.trace_start import traces_lack

log = structlog.get_logger()

WorkerName = Annotated[
    str, typer.Option("--name", "-n", help="Name of this worker, unique among those running; %h is the host.")
]
LinkRole = Annotated[Role, typer.Option("--role", help="What the person of the link may do.")]
LinkExports = Annotated[
    list[str] | None,
    typer.Option("--export", metavar="NAME", help="The link's role is for this export only.", show_default="all"),
]
LinkOnly = Annotated[bool, typer.Option("--link", help="Print a new link to sign in with, and do nothing else.")]


def worker(ctx: typer.Context, name: WorkerName = "worker@%h") -> None:
    """Run a worker: it exports invoices to e-conomic. Run several under different names for more throughput."""
    require_tracing(ctx.obj.settings)
    settings = begin(ctx.obj)
    become(worker_command(name, settings.log.level), hold_signals=True)


def flower(ctx: typer.Context) -> None:
    """Run Flower, the monitoring page: workers, tasks, times. It only looks; the figures that count are `status`."""
    context: CommandContext = ctx.obj
    settings = context.settings  # every error in them shows here; the exports file and its tokens are not needed
    configure_logs(settings.log.level, settings.log.format)
    await_broker(watching(settings))
    require_free(settings.flower.host, settings.flower.port, variable("flower", "port"))
    context.err.print(f"Flower: http://{settings.flower.host}:{settings.flower.port}")
    become(flower_command(settings), env=flower_environment(settings, os.environ), hold_signals=True)


def web(
    ctx: typer.Context,
    role: LinkRole = Role.ADMINISTRATOR,
    exports: LinkExports = None,
    *,
    by: By,
    link: LinkOnly = False,
) -> None:
    """Run the page for bookkeeper and operator: periods, invoices, what to fix.

    One signs in by a link that can be used once, or as `opter-economic user` and the settings allow. In a terminal a
    link is printed at the start; --link prints another one, for whom --by names, with the role that --role gives.
    """
    context: CommandContext = ctx.obj
    settings, _ = context.settings, context.exports  # every configuration error shows here, before the page starts
    for name in exports or ():
        context.export(name)
    configure_logs(settings.log.level, settings.log.format)
    await_fit(settings, context.exports)
    if link or context.out.is_terminal:
        with context.sessions() as sessions:
            rights = Rights(roles=dict.fromkeys(exports or (EVERY,), role))
            address = sign_in_link(settings.web, sessions, by, rights)
        context.out.print(address, soft_wrap=True)
    if not link:
        require_free(settings.web.host, settings.web.port, variable("web", "port"))
        become(web_command(settings), hold_signals=True)


def require_tracing(settings: Settings) -> None:
    """Refuse traces that the settings ask for and this installation cannot make. Raises ``WrongUsage``."""
    lack = traces_lack(settings)
    if lack:
        raise WrongUsage(lack, say("pip install 'opter-economic[tracing]', or leave the setting out."))


def begin(context: CommandContext, also: Any = None) -> Settings:
    """Set logs up, show every configuration error, and wait for a Redis that is fit before Celery starts.

    Exports that do not go to e-conomic are logged: what is exported there is in nobody's books.
    """
    settings = context.settings
    configure_logs(settings.log.level, settings.log.format, also)
    for ignored in service_variables(os.environ):
        log.info("service_variable_ignored", variable=ignored, next_step="Set enableServiceLinks: false.")
    for name, address in non_production_targets(context.exports).items():
        log.warning("export_not_to_economic", export=name, address=address)
    await_fit(settings, context.exports)
    return settings
