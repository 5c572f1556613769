"""``health``: all parts of the installation in one look, each fault with its next step."""

from collections.abc import Iterator, Mapping, Sequence

import typer

from config.errors import ConfigurationErrors
from config.notify_section import channels_of
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode
from worker.cli.formatting import print_json
from worker.cli.language import say
from worker.cli.lookup import AsJson
from worker.cli.views.health import (
    Finding,
    Level,
    broker_finding,
    channel_findings,
    clocks_finding,
    economic_finding,
    files_not_taken,
    flower_finding,
    folder_findings,
    health_data,
    health_view,
    part_finding,
    redis_finding,
    schema_finding,
    store_findings,
)
from worker.cli.words import described
from worker.domain.ports import AgreementRate
from worker.domain.signs_of_life import Part
from worker.errors import Failure, StoreUnavailable


def health(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show whether all is well: Redis, workers, intake, sweeps, page, folders, Flower, e-conomic, clocks.

    Exit code 0: all is well. 1: something needs a person. 3: Redis does not answer, and nothing is known of the rest;
    or e-conomic does not, and nothing else is wrong.
    """
    context: CommandContext = ctx.obj
    context.warn_non_production()
    findings = list(look(context))
    if as_json:
        print_json(context.out, health_data(findings))
    else:
        context.out.print(health_view(findings))
    raise typer.Exit(_exit_code(findings))


def look(context: CommandContext) -> Iterator[Finding]:
    """Yield what was found, part by part."""
    try:
        info = context.redis_info()
        redis = redis_finding(
            info, context.redis_refusal(), require_durability=context.settings.redis.require_durability
        )
        found = [redis, schema_finding(context.store_schema()), *_by_store(context)]
    except StoreUnavailable as error:
        why = error.failure
        others = say("Workers, intake, sweeps, page, e-conomic and clocks are not known while Redis does not answer.")
        found = [
            Finding(
                part="Redis", level=Level.UNREACHABLE, text=described(why.description), next_step=say(why.next_step)
            ),
            Finding(part=say("Others"), level=Level.UNKNOWN, text=others),
        ]
    yield from found
    yield from store_findings(context.named_stores())
    carried = context.broker()
    if carried:
        yield broker_finding(carried)
    yield flower_finding(context.flower_answers(), context.settings.flower)


def _by_store(context: CommandContext) -> Iterator[Finding]:
    """Yield what the store knows. Raises ``StoreUnavailable``."""
    with context.store() as store:
        signs, paused, clocks = store.signs_of_life(), store.paused(), store.clocks()
        channels = store.channel_states(_channels(context))
    for part in (Part.WORKER, Part.INTAKE, Part.SWEEPS, Part.PAGE):
        yield part_finding(signs, part)
    yield from files_not_taken(signs)
    yield from folder_findings(signs, watched=_any_folder(context))
    yield from _exports(context, paused, context.rates())
    yield from channel_findings(channels)
    yield clocks_finding(clocks, context.settings.http.clock_gap)


def _channels(context: CommandContext) -> list[str]:
    try:
        return [channel.id for channel in channels_of(context.settings, context.exports)]
    except ConfigurationErrors:
        return []  # as below


def _any_folder(context: CommandContext) -> bool:
    try:
        return any(export.source.folder for export in context.exports.values())
    except ConfigurationErrors:
        return False  # what is wrong with the file is said with the exports


def _exports(
    context: CommandContext, paused: Mapping[str, Failure], rates: Mapping[str, AgreementRate | None]
) -> Iterator[Finding]:
    """Yield a finding for each export of the exports file, or what is wrong with the file."""
    try:
        names = sorted(context.exports)
    except ConfigurationErrors as errors:
        first = errors.errors[0]
        where = " ".join(f"{first.entry} {first.key} {first.problem}".split())
        text = say("the exports file cannot be used: {where} Processes that run keep the former one.", where=where)
        yield Finding(part=say("Exports"), level=Level.FAULT, text=text, next_step=first.next_step)
        return
    for name in names:
        yield economic_finding(name, paused.get(name), rates.get(name))


def _exit_code(findings: Sequence[Finding]) -> ExitCode:
    levels = {finding.level for finding in findings}
    if Level.UNKNOWN in levels:
        return ExitCode.UNREACHABLE
    if Level.FAULT in levels:
        return ExitCode.PERSON
    return ExitCode.UNREACHABLE if Level.UNREACHABLE in levels else ExitCode.OK
