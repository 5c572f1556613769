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
from worker.cli.views.clocks import disagree
from worker.domain.broker_look import BrokerLook
from worker.domain.clocks import ClockReading, gap_text
from worker.domain.ports import AgreementRate
from worker.domain.reasons import ProcessReason
from worker.domain.signs_of_life import FileNotTaken, Part, SignOfLife
from worker.economic.reasons import EconomicReason
from worker.errors import Failure
from worker.store.server_check import problems_of


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
    Part.WORKER: "Workers",
    Part.INTAKE: "Intake",
    Part.SWEEPS: "Sweeps",
    Part.PAGE: "Page",
    Part.WATCH: "Watcher",
}
_NEXT_STEPS = {
    Part.WORKER: ProcessReason.NO_WORKER.next_step,
    Part.INTAKE: ProcessReason.NO_INTAKE.next_step,
    Part.SWEEPS: "They run in the intake: see its log (`sweep_failed`), and start it again.",
    Part.PAGE: "Start it again: `opter-economic web`, or `up` for everything.",
    Part.WATCH: "Start it again: `opter-economic watch`, or `up` for everything. Files wait in their folders.",
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
    text = f"{formatting.count(wrong, 'part')} not well." if wrong else "All is well."
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
        return Finding(part="Redis", level=Level.FAULT, text=refusal.description, next_step=refusal.next_step)
    problems = problems_of(info, require_durability=require_durability)
    if info.get("aof_last_write_status", "ok") != "ok":
        problems.append("Redis could not write its append-only file: make room on its disk, or correct its rights.")
    if problems:
        return Finding(part="Redis", level=Level.FAULT, text=" ".join(problems))
    used, most = info.get("used_memory", 0) / 2**20, info.get("maxmemory", 0) / 2**20
    memory = f"{used:.0f} of {most:.0f} MB used" if most else f"{used:.0f} MB used"
    kept = "append-only file" if info.get("aof_enabled") == 1 else "no append-only file, as the settings allow"
    return Finding(part="Redis", level=Level.WELL, text=f"{info.get('redis_version')}, {kept}, {memory}")


def broker_finding(look: BrokerLook) -> Finding:
    """Return how a broker of its own is."""
    if look.fault:
        text, step = look.fault.description, look.fault.next_step
        return Finding(part="Broker", level=Level.UNREACHABLE, text=text, next_step=step)
    waiting = f"{formatting.count(look.waiting, 'message')} waiting"
    return Finding(part="Broker", level=Level.WELL, text=f"{look.name} answers, {waiting}")


def part_finding(signs: Sequence[SignOfLife], part: Part) -> Finding:
    """Return how many processes of a part are alive, and which have fallen silent."""
    own = sorted((sign for sign in signs if sign.part is part), key=lambda sign: sign.silent_for)
    living, silent = [sign for sign in own if sign.alive], [sign for sign in own if not sign.alive]
    name = _NAMES[part]
    if not own and part is Part.PAGE:
        return Finding(part=name, level=Level.QUIET, text="not running")
    if not living:
        seen = f"{own[0].name} was seen {formatting.span(own[0].silent_for)} ago" if own else "none seen for a day"
        return Finding(part=name, level=Level.FAULT, text=f"no sign of life: {seen}", next_step=_NEXT_STEPS[part])
    text = f"{len(living)} alive, seen {formatting.span(living[0].silent_for)} ago"
    if silent:
        named = ", ".join(f"{sign.name} for {formatting.span(sign.silent_for)}" for sign in silent[:_MOST_NAMED])
        more = f" and {len(silent) - _MOST_NAMED} more" if len(silent) > _MOST_NAMED else ""
        text += f"; silent: {named}{more}"
    return Finding(part=name, level=Level.WELL, text=text)


def files_not_taken(signs: Sequence[SignOfLife]) -> Iterator[Finding]:
    """Yield why living processes go on with the former exports file, each reason once."""
    by_reason: dict[FileNotTaken, list[str]] = {}
    for sign in signs:
        if sign.alive and sign.not_taken:
            by_reason.setdefault(sign.not_taken, []).append(f"{_OF_PROCESS.get(sign.part, sign.part)} {sign.name}")
    for why, names in by_reason.items():
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        who = f"{', '.join(names[:_MOST_NAMED])}{more} {'keeps' if len(names) == 1 else 'keep'}"
        text = f"not in use: {who} the former one, as {why.problem}"
        yield Finding(part="Exports file", level=Level.FAULT, text=text, next_step=why.next_step)


def folder_findings(signs: Sequence[SignOfLife], *, watched: bool) -> Iterator[Finding]:
    """Yield how the watcher is, where a folder is ``watched`` or one runs all the same, and each folder in trouble."""
    if watched or any(sign.part is Part.WATCH for sign in signs):
        yield part_finding(signs, Part.WATCH)
    for sign in signs:
        if sign.part is Part.FOLDER_FAULT and sign.alive:
            export, _, text = sign.name.partition(": ")
            step = "Set right what is named; its files stay where they are until then, and other folders go on."
            yield Finding(part=f"Folder {export}", level=Level.FAULT, text=text, next_step=step)


def economic_finding(export: str, pause: Failure | None, rate: AgreementRate | None) -> Finding:
    """Return how an export gets on with e-conomic, by what its workers have seen."""
    name = f"Export {export}"
    if pause:
        text = f"paused: {pause.description}"
        step = f"{pause.next_step} {formatting.resuming(export)}"
        return Finding(part=name, level=Level.FAULT, text=text, next_step=step)
    if rate is None:
        return Finding(part=name, level=Level.QUIET, text="e-conomic was not called for two days")
    called = f"called {formatting.span(rate.called_ago)} ago"
    if rate.failing:
        text = f"e-conomic does not answer ({_failures(rate)}), {called}"
        step = EconomicReason.ECONOMIC_UNAVAILABLE.next_step
        return Finding(part=name, level=Level.UNREACHABLE, text=text, next_step=step)
    text = f"e-conomic answers, {called}, {rate.spent / rate.granted:.0%} of its rate used"
    if rate.blocked_for:
        text += f"; it asks to be left alone for {formatting.span(rate.blocked_for)}"
    return Finding(part=name, level=Level.WELL, text=text)


def _failures(rate: AgreementRate) -> str:
    if not rate.trips:
        return "the last call failed" if rate.failures == 1 else f"the last {rate.failures} calls failed"
    when = f"in {formatting.span(rate.open_for)}" if rate.open_for else "now"
    return f"circuit breaker open, next try {when}"


def clocks_finding(readings: Sequence[ClockReading], bound: float) -> Finding:
    """Return the widest gap between Redis' clock and e-conomic's that workers have seen lately."""
    if not readings:
        return Finding(part="Clocks", level=Level.QUIET, text="not compared lately")
    widest = max(readings, key=lambda reading: abs(reading.accounting_ahead))
    gap = gap_text(widest.accounting_ahead, "Redis'")
    if disagree(readings, bound):
        text = f"e-conomic's clock is {gap} (export {widest.export}): beyond {bound:g} s nothing is created"
        step = ProcessReason.CLOCKS_DISAGREE.next_step
        return Finding(part="Clocks", level=Level.FAULT, text=text, next_step=step)
    agreed = "agree" if round(abs(widest.accounting_ahead)) == 0 else f"near enough: e-conomic's is {gap}"
    return Finding(part="Clocks", level=Level.WELL, text=agreed)


def flower_finding(answers: bool | None, settings: Flower) -> Finding:  # noqa: FBT001  # three answers
    """Return how Flower is; it decides nothing, so that it needs nobody at once."""
    where = f"{settings.host}:{settings.port}"
    if answers is None:
        return Finding(part="Flower", level=Level.QUIET, text=f"not running at {where}")
    if not answers:
        step = "It only looks: start it again when it suits (`opter-economic flower`)."
        return Finding(part="Flower", level=Level.QUIET, text=f"hangs at {where}", next_step=step)
    return Finding(part="Flower", level=Level.WELL, text=f"answers at {where}")
