"""The crash matrix of one invoice: every single trouble at every effect, and pairs of troubles, judged one by one."""

import itertools
import random
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from support.chaos.faults import EVERY, LATE, LOST_WRITES, PAYLOAD_CHANGED
from support.chaos.lost_writes import BETWEEN
from support.chaos.play import Play, Strike, singles
from support.chaos.scenarios import SCENARIOS, Scenario
from support.chaos.verdict import judge

#: Seconds between the first worker's end and the next one's begin: at once, within the key's hour, past it.
GAPS = (0.0, 1800.0, 4000.0)
#: How far behind the first trouble the second may come, in effects.
REACH = 12


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What is played; its text is enough to repeat it."""

    scenario: str
    strikes: tuple[Strike, ...]
    gap: float = 0.0
    #: What else happens in the gap; see ``support.chaos.between``.
    between: str = ""

    def __str__(self) -> str:
        struck = ", ".join(f"{strike.trouble} at effect {strike.effect}" for strike in self.strikes)
        return f"{self.scenario}; {struck or 'nothing'}; {self.gap:g} s later{self.between and f', {self.between}'}"


def play(schedule: Schedule) -> tuple[list[str], list[str]]:
    """Return what was wrong in the end, and the effects."""
    scenario = _named(schedule.scenario)
    harness = scenario.harness()
    played = Play(harness=harness, strikes=schedule.strikes)
    if schedule.between:
        played.between = partial(BETWEEN[schedule.between], harness, scenario)
    try:
        played.run(gap=schedule.gap)
    except AssertionError as error:
        return [str(error)], played.effects
    excused = any(strike.trouble == PAYLOAD_CHANGED for strike in schedule.strikes)
    return judge(harness, scenario, excused=excused), played.effects


def every_single(scenario: Scenario, gaps: Iterable[float] = GAPS, between: str = "") -> Iterator[Schedule]:
    """Yield every single trouble of a scenario, followed by each gap."""
    _, effects = play(Schedule(scenario=scenario.name, strikes=()))
    for gap, strikes in itertools.product(gaps, singles(effects)):
        yield Schedule(scenario=scenario.name, strikes=strikes, gap=gap, between=between)


def every_meddling(scenario: Scenario, between: str, gaps: Iterable[float] = GAPS) -> Iterator[Schedule]:
    """Yield every single trouble after which something else happens too.

    Three are not asked for: a request on its way to book a draft whose number somebody else takes over, as nobody can
    call it back; a draft that we were told to stop at, as it is no longer ours to watch; a ledger that has forgotten
    while the source has changed its mind, as that makes an honest dead letter.
    """
    beyond: Mapping[str, Container[str]] = {"draft taken over": LATE, "corrected": LOST_WRITES}
    if between == "draft taken over" and (scenario.ends == "drafted" or scenario.with_pdf):
        return  # it is not ours any more, or there is none
    for schedule in every_single(scenario, gaps, between):
        if not any(strike.trouble in beyond.get(between, ()) for strike in schedule.strikes):
            yield schedule


def sampled_pairs(scenario: Scenario, count: int, chance: random.Random) -> Iterator[Schedule]:
    """Yield pairs of troubles drawn by chance: the first at any effect, the second soon after, any gap."""
    _, effects = play(Schedule(scenario=scenario.name, strikes=()))
    firsts = list(singles(effects))
    for _ in range(count):
        [first] = chance.choice(firsts)
        second = Strike(effect=first.effect + chance.randint(1, REACH), trouble=chance.choice(EVERY))
        yield Schedule(scenario=scenario.name, strikes=(first, second), gap=chance.choice(GAPS))


def _named(name: str) -> Scenario:
    return next(scenario for scenario in SCENARIOS if scenario.name == name)
