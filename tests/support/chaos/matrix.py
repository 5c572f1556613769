"""The crash matrix of one invoice: every single fault at every effect, and pairs of faults, checked one by one."""

import itertools
import random
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from support.chaos.end_state import check_end_state
from support.chaos.fault_schedule import ScheduledFault, ScheduleRun, single_faults
from support.chaos.faults import DELAYED, EVERY, LOST_WRITES, PAYLOAD_CHANGED
from support.chaos.lost_writes import INTERFERENCES
from support.chaos.scenarios import LISTED_LATE, SCENARIOS, SHIFTING, Scenario

#: Seconds between the first worker's end and the next one's begin: at once, within the key's hour, past it.
GAPS = (0.0, 1800.0, 4000.0)
#: How far behind the first fault the second may come, in effects.
REACH = 12


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What is played; its text is enough to repeat it."""

    scenario: str
    faults: tuple[ScheduledFault, ...]
    gap: float = 0.0
    #: What else happens in the gap; see ``support.chaos.lost_writes``.
    between: str = ""

    def __str__(self) -> str:
        happened = ", ".join(f"{scheduled.fault} at effect {scheduled.effect}" for scheduled in self.faults)
        return f"{self.scenario}; {happened or 'nothing'}; {self.gap:g} s later{self.between and f', {self.between}'}"


def play(schedule: Schedule) -> tuple[list[str], list[str]]:
    """Return what was wrong in the end, and the effects."""
    scenario = _named(schedule.scenario)
    harness = scenario.harness()
    played = ScheduleRun(harness=harness, faults=schedule.faults)
    if schedule.between:
        played.between = partial(INTERFERENCES[schedule.between], harness, scenario)
    try:
        played.run(gap=schedule.gap)
    except AssertionError as error:
        return [str(error)], played.effects
    excused = any(scheduled.fault == PAYLOAD_CHANGED for scheduled in schedule.faults)
    return check_end_state(harness, scenario, excused=excused), played.effects


def every_single(scenario: Scenario, gaps: Iterable[float] = GAPS, between: str = "") -> Iterator[Schedule]:
    """Yield every single fault of a scenario, followed by each gap."""
    _, effects = play(Schedule(scenario=scenario.name, faults=()))
    for gap, faults in itertools.product(gaps, single_faults(effects)):
        yield Schedule(scenario=scenario.name, faults=faults, gap=gap, between=between)


def every_interference(scenario: Scenario, between: str, gaps: Iterable[float] = GAPS) -> Iterator[Schedule]:
    """Yield every single fault after which something else happens too.

    Three are left out: a request on its way to book a draft whose number somebody else takes over, as nobody can
    call it back; a draft at which the export is set to stop, as it is no longer ours to watch; a store that has
    forgotten while the source has changed its mind, as that makes an honest dead letter.
    """
    beyond: Mapping[str, Container[str]] = {"draft taken over": DELAYED, "corrected": LOST_WRITES}
    if between == "draft taken over" and (scenario.ends == "drafted" or scenario.with_pdf):
        return  # it is not ours any more, or there is none
    for schedule in every_single(scenario, gaps, between):
        if not any(scheduled.fault in beyond.get(between, ()) for scheduled in schedule.faults):
            yield schedule


def sampled_pairs(scenario: Scenario, count: int, chance: random.Random) -> Iterator[Schedule]:
    """Yield pairs of faults drawn by chance: the first at any effect, the second soon after, any gap."""
    _, effects = play(Schedule(scenario=scenario.name, faults=()))
    firsts = list(single_faults(effects))
    for _ in range(count):
        [first] = chance.choice(firsts)
        second = ScheduledFault(effect=first.effect + chance.randint(1, REACH), fault=chance.choice(EVERY))
        yield Schedule(scenario=scenario.name, faults=(first, second), gap=chance.choice(GAPS))


def _named(name: str) -> Scenario:
    return next(scenario for scenario in (*SCENARIOS, *LISTED_LATE, *SHIFTING) if scenario.name == name)
