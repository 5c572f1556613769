"""A worker stands still amid an invoice, its lease runs out, another takes over; then the first wakes up."""

from collections.abc import Iterator
from dataclasses import dataclass

from support.chaos.end_state import check_end_state
from support.chaos.interleaving import GO, Interleaving, Worker
from support.chaos.scenarios import Scenario
from support.harness import PERIOD, Harness

from worker.workflow.exporter import ExecutionResult
from worker.workflow.preflight import PreflightResult

#: Longer than a lease, the rest of e-conomic's hour, and past it.
STILL = (30.0, 1800.0, 4000.0)


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """One schedule."""

    #: ``invoice`` or ``period``: what both work on.
    execution: str
    #: The first worker stands still before this effect of its, counted from 0.
    effect: int
    #: How long.
    seconds: float
    #: Effects that the second worker gets before the first wakes up.
    head_start: int

    def __str__(self) -> str:
        head_start = f"the other is {self.head_start} effects in"
        return f"stands still {self.seconds:g} s at effect {self.effect} of the {self.execution}, {head_start}"


def every_takeover(scenario: Scenario) -> Iterator[Takeover]:
    """Yield every place to stand still, every length of it, every head start."""
    for execution in ("invoice", "period"):
        effects = _effects_of(scenario, execution)
        for effect in range(effects):
            for seconds in STILL:
                for head_start in (*range(effects + 2), 99):
                    yield Takeover(execution=execution, effect=effect, seconds=seconds, head_start=head_start)


def play(scenario: Scenario, schedule: Takeover, *, ahead: float = 0.0) -> list[str]:
    """Return what was wrong in the end; the second worker's own clock is so many seconds ahead of the first's."""
    interleaving = Interleaving(harness := scenario.harness())
    first, second = interleaving.hire("first"), interleaving.hire("second")
    interleaving.ahead = {second.name: ahead}
    first.begin(_message(harness, schedule.execution))
    _steps(first, schedule.effect)
    harness.clock.advance(schedule.seconds)
    harness.sweep()
    if schedule.execution == "period" or harness.mailbox:
        second.begin(_message(harness, schedule.execution))
        _steps(second, schedule.head_start)
    first.finish()
    second.finish()
    interleaving.stop(first, second)
    harness.hire()
    harness.until_rest()
    return [*interleaving.wrong, *_stale(interleaving, first, second), *check_end_state(harness, scenario)]


def _effects_of(scenario: Scenario, execution: str) -> int:
    interleaving = Interleaving(harness := scenario.harness())
    first = interleaving.hire("first")
    first.begin(_message(harness, execution))
    first.finish()
    return len(interleaving.effects)


def _message(harness: Harness, execution: str) -> str:
    """Return the message of the execution; that of an invoice is there once its period was checked."""
    if execution == "period":
        return PERIOD
    if harness.store.periods_due():
        harness.check()
    return harness.mailbox.pop()


def _steps(worker: Worker, count: int) -> None:
    for _ in range(count):
        if worker.busy:
            worker.resume(GO)


def _stale(interleaving: Interleaving, first: Worker, second: Worker) -> list[str]:
    """The first was overtaken as soon as the second has claimed: it must have noticed, unless it was done by then."""
    if isinstance(first.result, PreflightResult):
        return []  # a preflight only reads in e-conomic; its own writes are fenced by the period's lease
    if not isinstance(first.result, ExecutionResult):
        return [f"the first ended with {first.result!r}"]
    claims = [at for at, effect in enumerate(interleaving.effects) if effect.startswith("second store claim")]
    wrote_after = (
        [effect for effect in interleaving.effects[claims[0] + 1 :] if effect.startswith("first store save ")]
        if claims and second.fences
        else []
    )
    overtaken = bool(wrote_after) and first.result.result not in {"lease-lost", "unclaimed"}
    return [f"overtaken, the first ended with {first.result.result}"] if overtaken else []
