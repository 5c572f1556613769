"""What ``health`` found of each part, in words: how it is, and the next step where it is not well."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from config.settings_sections import Flower
from worker.cli import formatting
from worker.cli.formatting import facts, page, printable
from worker.cli.language import mark, say, say_count
from worker.cli.views.clocks import disagree, gap_said
from worker.cli.words import described
from worker.domain.broker_look import BrokerLook
from worker.domain.clocks import ClockReading
from worker.domain.notices import ChannelState
from worker.domain.ports import AgreementRate
from worker.domain.reasons import ProcessReason
from worker.domain.signs_of_life import FileNotTaken, Part, SignOfLife
from worker.domain.store_look import StoreLook
from worker.domain.store_schema import CURRENT, StoreSchema
from worker.economic.reasons import EconomicReason
from worker.errors import Failure
from worker.store.server_check import not_told, problems_of


class Level(StrEnum):
    """How a part is."""

    WELL = "well"
    #: Not there, or not known yet, which need not be wrong.
    QUIET = "quiet"
    #: Redis or e-conomic does not answer.
    UNREACHABLE = "unreachable"
    #: A person has to see to it.
    FAULT = "fault"
    #: Cannot be told.
    UNKNOWN = "unknown"


_STYLES = {Level.WELL: "good", Level.QUIET: "quiet", Level.UNKNOWN: "wait"}
_MARKS = {Level.WELL: "✓", Level.QUIET: "·", Level.UNKNOWN: "?"}
_NAMES = {
    Part.WORKER: mark("Workers"),
    Part.INTAKE: mark("Intake"),
    Part.SWEEPS: mark("Sweeps"),
    Part.PAGE: mark("Page"),
    Part.WATCH: mark("Watcher"),
}
_NEXT_STEPS = {
    Part.WORKER: ProcessReason.NO_WORKER.next_step,
    Part.INTAKE: ProcessReason.NO_INTAKE.next_step,
    Part.SWEEPS: mark("They run in the intake: see its log (`sweep_failed`), and start it again."),
    Part.PAGE: mark("Start it again: `opter-economic web`, or `up` for everything."),
    Part.WATCH: mark("Start it again: `opter-economic watch`, or `up` for everything. Files wait in their folders."),
}
#: The process that a part runs in, where it has another name.
_OF_PROCESS = {Part.SWEEPS: "intake"}
#: Silent processes that are named beside living ones.
_MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """How one part is."""

    part: str
    level: Level
    text: str
    next_step: str = ""


def health_view(findings: Sequence[Finding]) -> RenderableType:
    """Return a line or two for each part, and the sum of it."""
    wrong = sum(finding.level in {Level.FAULT, Level.UNREACHABLE} for finding in findings)
    parts = formatting.count(wrong, "part")
    text = say("{parts} not well.", parts=parts) if wrong else say("All is well.")
    return page(
        facts([(finding.part, _line(finding)) for finding in findings]),
        Text(f"\n{text}", style="bad" if wrong else "good"),
    )


def health_data(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the same for scripts."""
    parts = [
        {"part": each.part, "level": each.level.value, "text": each.text, "nextStep": each.next_step or None}
        for each in findings
    ]
    return {"well": all(each.level in {Level.WELL, Level.QUIET} for each in findings), "parts": parts}


def _line(finding: Finding) -> Text:
    style = _STYLES.get(finding.level, "bad")
    line = Text.assemble((f"{_MARKS.get(finding.level, '✗')} ", style), printable(finding.text))
    return line.append(f"\n→ {printable(finding.next_step)}") if finding.next_step else line


def redis_finding(info: Mapping[str, Any], refusal: Failure | None, *, require_durability: bool) -> Finding:
    """Return how a server is that says this of itself, and refuses a write for this reason."""
    if refusal:
        return Finding(
            part="Redis", level=Level.FAULT, text=described(refusal.description), next_step=say(refusal.next_step)
        )
    problems = problems_of(info, require_durability=require_durability)
    if info.get("aof_last_write_status", "ok") != "ok":
        problems.append(
            say("Redis could not write its append-only file: make room on its disk, or correct its rights.")
        )
    if problems:
        return Finding(part="Redis", level=Level.FAULT, text=" ".join(problems))
    used, most = info.get("used_memory", 0) / 2**20, info.get("maxmemory", 0) / 2**20
    memory = say("{used} MB used", used=f"{used:.0f}")
    if most:
        memory = say("{used} of {most} MB used", used=f"{used:.0f}", most=f"{most:.0f}")
    appended = info.get("aof_enabled") == 1
    kept = say("append-only file") if appended else say("no append-only file, as the settings allow")
    untold = not_told(info)
    if untold:
        # As the settings allow: what must be known and is not was a problem above.
        version, names = info.get("redis_version") or say("takes writes"), ", ".join(untold)
        text = say("{version}; it does not say: {names}", version=version, names=names)
        return Finding(part="Redis", level=Level.WELL, text=text)
    return Finding(part="Redis", level=Level.WELL, text=f"{info.get('redis_version')}, {kept}, {memory}")


def schema_finding(schema: StoreSchema) -> Finding:
    """Return how what the store keeps fits this program."""
    if schema.too_new:
        return Finding(part=say("Schema"), level=Level.FAULT, text=schema.refusal)
    if schema.behind:
        text = say(
            "{version}; this version keeps {current}, and works with both", version=schema.version, current=CURRENT
        )
        return Finding(
            part=say("Schema"), level=Level.QUIET, text=text, next_step=say("opter-economic migrate, when it suits")
        )
    return Finding(part=say("Schema"), level=Level.WELL, text=str(schema.version))


def store_findings(looks: Sequence[StoreLook]) -> Iterator[Finding]:
    """Yield how each store is that exports name; one that is down stops its own exports alone."""
    for look in looks:
        name, exports = say("Store {name}", name=look.name), ", ".join(look.exports)
        if look.away:
            text = say(
                "{why} Exports that wait for it: {exports}.", why=described(look.away.description), exports=exports
            )
            yield Finding(part=name, level=Level.UNREACHABLE, text=text, next_step=say(look.away.next_step))
        elif look.problems:
            yield Finding(part=name, level=Level.FAULT, text=" ".join(look.problems))
        else:
            yield Finding(part=name, level=Level.WELL, text=say("answers; exports: {exports}", exports=exports))


def broker_finding(look: BrokerLook) -> Finding:
    """Return how a broker of its own is."""
    if look.fault:
        text, step = described(look.fault.description), say(look.fault.next_step)
        return Finding(part="Broker", level=Level.UNREACHABLE, text=text, next_step=step)
    waiting = formatting.count(look.waiting, "message")
    text = say("{broker} answers, {messages} waiting", broker=look.name, messages=waiting)
    return Finding(part="Broker", level=Level.WELL, text=text)


def part_finding(signs: Sequence[SignOfLife], part: Part) -> Finding:
    """Return how many processes of a part are alive, and which have fallen silent."""
    own = sorted((sign for sign in signs if sign.part is part), key=lambda sign: sign.silent_for)
    living, silent = [sign for sign in own if sign.alive], [sign for sign in own if not sign.alive]
    name, next_step = say(_NAMES[part]), say(_NEXT_STEPS.get(part, ""))
    if not own and part is Part.PAGE:
        return Finding(part=name, level=Level.QUIET, text=say("not running"))
    if not living:
        text = say("no sign of life: none seen for a day")
        if own:
            span = formatting.span(own[0].silent_for)
            text = say("no sign of life: {name} was seen {span} ago", name=own[0].name, span=span)
        return Finding(part=name, level=Level.FAULT, text=text, next_step=next_step)
    text = say("{number} alive, seen {span} ago", number=len(living), span=formatting.span(living[0].silent_for))
    if silent:
        spans = [
            say("{name} for {span}", name=sign.name, span=formatting.span(sign.silent_for))
            for sign in silent[:_MOST_NAMED]
        ]
        text += say("; silent: {names}", names=", ".join(spans) + _more(len(silent)))
    return Finding(part=name, level=Level.WELL, text=text)


def files_not_taken(signs: Sequence[SignOfLife]) -> Iterator[Finding]:
    """Yield why living processes go on with the former exports file, each reason once."""
    by_reason: dict[FileNotTaken, list[str]] = {}
    for sign in signs:
        if sign.alive and sign.not_taken:
            by_reason.setdefault(sign.not_taken, []).append(f"{_OF_PROCESS.get(sign.part, sign.part)} {sign.name}")
    for why, names in by_reason.items():
        who = ", ".join(names[:_MOST_NAMED]) + _more(len(names))
        text = say_count(
            len(names),
            "not in use: {who} keeps the former one, as {problem}",
            "not in use: {who} keep the former one, as {problem}",
            who=who,
            problem=why.problem,
        )
        yield Finding(part=say("Exports file"), level=Level.FAULT, text=text, next_step=why.next_step)


def _more(number: int) -> str:
    return say(" and {number} more", number=number - _MOST_NAMED) if number > _MOST_NAMED else ""


def folder_findings(signs: Sequence[SignOfLife], *, watched: bool) -> Iterator[Finding]:
    """Yield how the watcher is, where a folder is ``watched`` or one runs all the same, and each folder in trouble."""
    if watched or any(sign.part is Part.WATCH for sign in signs):
        yield part_finding(signs, Part.WATCH)
    for sign in signs:
        if sign.part is Part.FOLDER_FAULT and sign.alive:
            export, _, text = sign.name.partition(": ")
            step = say("Set right what is named; its files stay where they are until then, and other folders go on.")
            part = say("Folder {export}", export=export)
            yield Finding(part=part, level=Level.FAULT, text=described(text), next_step=step)


def channel_findings(states: Sequence[ChannelState]) -> Iterator[Finding]:
    """Yield how the channels are by which people are told: one that fails is a fault, though no message is lost."""
    for state in states:
        if state.failures:
            text = say(
                "fails: {error} ({attempts}, {notices} waiting)",
                error=state.error,
                attempts=formatting.count(state.failures, "attempt"),
                notices=formatting.count(state.waiting, "notice"),
            )
            step = say(
                "Set right what is named, then `notify test --channel {channel}`. Nothing is lost.",
                channel=state.channel,
            )
            name = say("Channel {channel}", channel=state.channel)
            yield Finding(part=name, level=Level.FAULT, text=text, next_step=step)
    well = [state for state in states if not state.failures]
    if well:
        text = say(
            "{channels}, {messages} sent",
            channels=formatting.count(len(well), "channel"),
            messages=formatting.count(sum(it.sent for it in well), "message"),
        )
        yield Finding(part=say("Messages"), level=Level.WELL, text=text)
    elif not states:
        text = say("nobody is sent any: no channel is set")
        yield Finding(part=say("Messages"), level=Level.QUIET, text=text)


def economic_finding(export: str, pause: Failure | None, rate: AgreementRate | None) -> Finding:
    """Return how an export gets on with e-conomic, by what its workers have seen."""
    name = say("Export {export}", export=export)
    if pause:
        text = say("paused: {why}", why=described(pause.description))
        step = f"{say(pause.next_step)} {formatting.resuming(export)}"
        return Finding(part=name, level=Level.FAULT, text=text, next_step=step)
    if rate is None:
        return Finding(part=name, level=Level.QUIET, text=say("e-conomic was not called for two days"))
    called = formatting.span(rate.called_ago)
    if rate.failing:
        text = say("e-conomic does not answer ({failures}), called {span} ago", failures=_failures(rate), span=called)
        step = say(EconomicReason.ECONOMIC_UNAVAILABLE.next_step)
        return Finding(part=name, level=Level.UNREACHABLE, text=text, next_step=step)
    used = f"{rate.spent / rate.granted:.0%}"
    text = say("e-conomic answers, called {span} ago, {share} of its rate used", span=called, share=used)
    if rate.blocked_for:
        text += say("; it asks to be left alone for {span}", span=formatting.span(rate.blocked_for))
    return Finding(part=name, level=Level.WELL, text=text)


def _failures(rate: AgreementRate) -> str:
    if not rate.trips:
        return say_count(rate.failures, "the last call failed", "the last {number} calls failed")
    if not rate.open_for:
        return say("circuit breaker open, next try now")
    return say("circuit breaker open, next try in {span}", span=formatting.span(rate.open_for))


def clocks_finding(readings: Sequence[ClockReading], bound: float) -> Finding:
    """Return the widest gap between Redis' clock and e-conomic's that workers have seen lately."""
    if not readings:
        return Finding(part=say("Clocks"), level=Level.QUIET, text=say("not compared lately"))
    widest = max(readings, key=lambda reading: abs(reading.accounting_ahead))
    gap = gap_said(widest.accounting_ahead)
    if disagree(readings, bound):
        text = say(
            "e-conomic's clock is {gap} (export {export}): beyond {bound} s nothing is created",
            gap=gap,
            export=widest.export,
            bound=f"{bound:g}",
        )
        step = say(ProcessReason.CLOCKS_DISAGREE.next_step)
        return Finding(part=say("Clocks"), level=Level.FAULT, text=text, next_step=step)
    same = round(abs(widest.accounting_ahead)) == 0
    agreed = say("agree") if same else say("near enough: e-conomic's is {gap}", gap=gap)
    return Finding(part=say("Clocks"), level=Level.WELL, text=agreed)


def flower_finding(answers: bool | None, settings: Flower) -> Finding:  # noqa: FBT001  # three answers
    """Return how Flower is; it decides nothing, so that it needs nobody at once."""
    where = f"{settings.host}:{settings.port}"
    if answers is None:
        return Finding(part="Flower", level=Level.QUIET, text=say("not running at {where}", where=where))
    if not answers:
        step = say("It only looks: start it again when it suits (`opter-economic flower`).")
        return Finding(part="Flower", level=Level.QUIET, text=say("hangs at {where}", where=where), next_step=step)
    return Finding(part="Flower", level=Level.WELL, text=say("answers at {where}", where=where))
