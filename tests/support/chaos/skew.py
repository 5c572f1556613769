"""Clocks that differ in the crash matrix: workers' own against Redis', and Redis' against e-conomic's."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from support.chaos.end_state import check_end_state
from support.chaos.fault_schedule import ScheduleRun
from support.chaos.faults import DELAYED
from support.chaos.matrix import Schedule, every_single
from support.chaos.scenarios import SCENARIOS, Scenario
from support.harness import Harness

#: Seconds that one clock is ahead of another, or behind it.
SKEWS = (70.0, 600.0, 7200.0, -70.0, -600.0, -7200.0)
#: Where the age of keys and the distance of lookups count most: e-conomic gives the numbers, or there is none.
SCENARIOS_SKEWED = tuple(
    scenario for scenario in SCENARIOS if scenario.name in {"new customer", "numbers by e-conomic", "voucher with PDF"}
)
#: Seconds for which the clock of Redis is wrong.
_WRONG_FOR = 1800.0
#: Seconds that an invoice may take on top of the skew, once the clocks agree: the longest retry, and two lookups.
_PATIENCE = 900.0 + 700.0


@dataclass(frozen=True, kw_only=True)
class Skewed:
    """A schedule under clocks that differ."""

    schedule: Schedule
    #: ``worker``: the first worker's own clock is off, and every second one's after it; ``worker jumps``: that of all,
    #: from the first worker's end on; ``redis jumps``: Redis' clock is off for half an hour from then on.
    how: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.schedule}; {self.how} by {self.seconds:+g} s"


def every_skewed(scenario: Scenario) -> Iterator[Skewed]:
    """Yield every single fault under every skew, followed at once or past the key's hour."""
    for schedule in every_single(scenario, gaps=(0.0, 4000.0)):
        for how in ("worker", "worker jumps", "redis jumps"):
            for seconds in SKEWS:
                yield Skewed(schedule=schedule, how=how, seconds=seconds)


def sampled(scenario: Scenario, count: int, chance: random.Random) -> list[Skewed]:
    """Return so many of them, drawn by chance."""
    every = list(every_skewed(scenario))
    return chance.sample(every, min(count, len(every)))


def play(skewed: Skewed) -> list[str]:
    """Return what was wrong in the end."""
    scenario = next(each for each in SCENARIOS if each.name == skewed.schedule.scenario)
    try:
        if skewed.how == "redis jumps":
            return _redis_jumps(scenario, skewed)
        return _own_clocks(scenario, skewed)
    except AssertionError as error:
        return [str(error)]


def _own_clocks(scenario: Scenario, skewed: Skewed) -> list[str]:
    """What workers' own clocks show must change nothing: neither an effect nor its time."""
    alike, run = _run(scenario, skewed), _run(scenario, skewed)
    if skewed.how == "worker jumps":
        run.between = partial(setattr, run.harness, "worker_ahead", skewed.seconds)
    else:
        run.harness.worker_ahead = skewed.seconds
        run.hired = partial(_other_clock, run.harness, skewed.seconds)
    for each in (alike, run):
        each.run(gap=skewed.schedule.gap)
    wrong = check_end_state(run.harness, scenario, excused=True)
    if (run.effects, run.harness.clock()) != (alike.effects, alike.harness.clock()):
        wrong.append(f"a worker's own clock has made a difference: {run.effects[-3:]} instead of {alike.effects[-3:]}")
    return wrong


def _other_clock(harness: Harness, seconds: float) -> None:
    harness.worker_ahead = seconds - harness.worker_ahead


def _redis_jumps(scenario: Scenario, skewed: Skewed) -> list[str]:
    """While Redis' clock is wrong nothing is created; soon after it is right again, everything is there once."""
    run = _run(scenario, skewed)
    harness, jumped = run.harness, [0.0]

    def jump() -> None:
        harness.redis_ahead, jumped[0] = skewed.seconds, harness.clock()

    def put_right() -> None:
        if harness.clock() - jumped[0] >= _WRONG_FOR:
            harness.redis_ahead = 0.0

    run.between, run.meanwhile = jump, put_right
    run.pause = 20.0
    run.run(gap=skewed.schedule.gap, most=2000)
    wrong = check_end_state(harness, scenario, excused=True)
    late = harness.clock() - jumped[0] - _WRONG_FOR - abs(skewed.seconds) - _PATIENCE
    if late > 0:
        wrong.append(f"stuck for {late:.0f} s more than the skew explains")
    on_its_way = any(scheduled.fault in DELAYED for scheduled in skewed.schedule.faults)
    return wrong if on_its_way else [*wrong, *_created(harness, jumped[0], jumped[0] + _WRONG_FOR)]


def _created(harness: Harness, since: float, until: float) -> list[str]:
    entries = harness.sandbox.server_state.request_log.entries
    return [f"created meanwhile: {e.path}" for e in entries if e.method == "POST" and since < e.at < until]


def _run(scenario: Scenario, skewed: Skewed) -> ScheduleRun:
    return ScheduleRun(harness=scenario.harness(), faults=skewed.schedule.faults)
