"""A worker stands still amid an invoice, its lease runs out, another takes over; then the first wakes up."""

from collections.abc import Iterator
from dataclasses import dataclass

from support.chaos.race import GO, Race, Worker
from support.chaos.scenarios import Scenario
from support.chaos.verdict import judge
from support.works import Killed

from worker.export.run import Ran

#: Longer than a lease, the rest of e-conomic's hour, and past it.
STILL = (30.0, 1800.0, 4000.0)


@dataclass(frozen=True, kw_only=True)
class Overtaking:
    """One schedule."""

    #: The first worker stands still at this effect of its, counted from 0.
    effect: int
    #: Its last deed before: ``go`` (it wakes up before the effect), or the effect itself with this outcome.
    seconds: float
    #: Effects that the second worker gets before the first wakes up.
    head_start: int

    def __str__(self) -> str:
        return f"stands still {self.seconds:g} s at effect {self.effect}, the other is {self.head_start} effects in"


def effects_of(scenario: Scenario) -> int:
    """Return how many effects the export of the checked invoice has, undisturbed."""
    race = Race(works := scenario.works())
    works.check()
    first = race.hire("first")
    first.begin(works.mailbox.pop())
    first.finish()
    return len(race.effects)


def every_overtaking(effects: int) -> Iterator[Overtaking]:
    """Yield every place to stand still, every length of it, every head start."""
    for effect in range(effects):
        for seconds in STILL:
            for head_start in (*range(effects + 2), 99):
                yield Overtaking(effect=effect, seconds=seconds, head_start=head_start)


def play(scenario: Scenario, schedule: Overtaking) -> list[str]:
    """Return what was wrong in the end."""
    race = Race(works := scenario.works())
    works.check()
    first, second = race.hire("first"), race.hire("second")
    first.begin(works.mailbox.pop())
    _steps(first, schedule.effect)
    works.clock.advance(schedule.seconds)
    works.sweep()
    if works.mailbox:
        second.begin(works.mailbox.pop())
        _steps(second, schedule.head_start)
    first.finish()
    second.finish()
    race.stop(first, second)
    works.hire()
    works.until_rest()
    return [*race.wrong, *_stale(race, first, second), *judge(works, scenario)]


def _steps(worker: Worker, count: int) -> None:
    for _ in range(count):
        if worker.busy:
            worker.resume(GO)


def _stale(race: Race, first: Worker, second: Worker) -> list[str]:
    """The first was overtaken as soon as the second has claimed: it must have noticed, unless it was done by then."""
    if isinstance(first.result, Killed) or not isinstance(first.result, Ran):
        return [f"the first ended with {first.result!r}"]
    claims = [at for at, effect in enumerate(race.effects) if effect.startswith("second ledger claim")]
    wrote_after = (
        [effect for effect in race.effects[claims[0] + 1 :] if effect.startswith("first ledger save ")]
        if claims and second.fences
        else []
    )
    overtaken = bool(wrote_after) and first.result.result not in {"lease-lost", "unclaimed"}
    return [f"overtaken, the first ended with {first.result.result}"] if overtaken else []
