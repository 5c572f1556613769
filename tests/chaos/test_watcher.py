"""The watcher under faults: killed at every step, halves of files, copies, any order; nothing lost, nothing doubled."""

import random

import pytest
from support.chaos.report import Report
from support.chaos.watcher import Schedule, play, steps

#: Seeds of the short runs; together they hold every form and way that a file comes in.
SEEDS = range(6)


def _hold(schedules: list[Schedule], report: Report | None = None) -> None:
    failed = [f"{schedule}: {wrong}" for schedule in schedules if (wrong := play(schedule)[0])]
    if report:
        report.played("watcher", len(schedules), len(failed))
    assert failed == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sample_of_deaths_and_outages(seed: int) -> None:
    """Every form of a period, in halves or renamed, copied, in any order: killed at sampled steps, or without Redis."""
    chance, moments = random.Random(seed), steps(seed)
    deaths = [Schedule(seed=seed, dies_at=moment) for moment in chance.sample(range(1, moments + 1), 6)]
    _hold([Schedule(seed=seed), *deaths, *(Schedule(seed=seed, away=away) for away in (1, 5))])


def test_the_watcher_really_dies() -> None:
    """A step that is counted is a step at which it ended: a schedule without deaths would prove nothing."""
    moments = steps(0)

    assert moments > 60
    assert play(Schedule(seed=0, dies_at=moments // 2))[1] < 0


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_every_death(first_seed: int, report: Report) -> None:
    """Each step of several seeds, with Redis away besides."""
    schedules = [
        Schedule(seed=seed, dies_at=moment, away=seed % 3)
        for seed in range(first_seed, first_seed + 3)
        for moment in range(1, steps(seed) + 1)
    ]
    _hold(schedules, report)
