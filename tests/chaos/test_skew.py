"""Clocks that differ: nothing is lost, doubled, left behind, or stuck longer than the skew explains."""

import random
from collections.abc import Iterable

import pytest
from support.chaos import lease_takeover
from support.chaos.report import Report
from support.chaos.scenarios import Scenario
from support.chaos.skew import SCENARIOS_SKEWED, SKEWS, Skewed, every_skewed, play, sampled

BY_NAME = pytest.mark.parametrize("scenario", SCENARIOS_SKEWED, ids=lambda scenario: scenario.name)


def _failed(schedules: Iterable[Skewed]) -> list[str]:
    return [f"{schedule}: {wrong}" for schedule in schedules if (wrong := play(schedule))]


def _overtaken(scenario: Scenario, ahead: float, count: int, seed: int) -> list[str]:
    schedules = list(lease_takeover.every_takeover(scenario))
    chosen = random.Random(seed).sample(schedules, min(count, len(schedules)))
    played = ((schedule, lease_takeover.play(scenario, schedule, ahead=ahead)) for schedule in chosen)
    return [f"{scenario.name}; {schedule}; {ahead:+g} s: {wrong}" for schedule, wrong in played if wrong]


@BY_NAME
def test_a_sample_of_clocks_that_differ(scenario: Scenario) -> None:
    """Workers' own clocks and Redis', off from the beginning or from mid-period on."""
    assert _failed(sampled(scenario, 25, random.Random(17))) == []


@BY_NAME
def test_a_jump_that_looks_like_an_idle_time(scenario: Scenario) -> None:
    """Set back by 70 seconds while nothing is sent for 100, it makes the last comparison look 30 seconds old."""
    last = [
        skewed
        for skewed in every_skewed(scenario)
        if (skewed.how, skewed.seconds, skewed.schedule.gap) == ("redis jumps", -70.0, 0.0)
        and "store-unavailable" in str(skewed)
    ][-20:]
    assert _failed(last) == []


@BY_NAME
def test_a_sample_of_two_workers_whose_clocks_differ_by_70_seconds(scenario: Scenario) -> None:
    """One stands still past its lease, the other takes over by a clock of its own."""
    assert [*_overtaken(scenario, 70.0, 8, 17), *_overtaken(scenario, -70.0, 8, 18)] == []


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
def test_clocks_that_differ(scenario: Scenario, first_seed: int, report: Report) -> None:
    """Every skew, faults drawn by the session's seed."""
    schedules = sampled(scenario, 600, random.Random(first_seed))
    for how in sorted({schedule.how for schedule in schedules}):
        chosen = [schedule for schedule in schedules if schedule.how == how]
        failed = _failed(chosen)
        report.played(f"one fault; {how} by 70 s, 10 min or 2 h", len(chosen), len(failed))
        assert failed == []


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
@pytest.mark.parametrize("ahead", SKEWS)
def test_two_workers_whose_clocks_differ(scenario: Scenario, ahead: float, first_seed: int, report: Report) -> None:
    """A worker overtaken by another whose own clock is ahead or behind."""
    failed = _overtaken(scenario, ahead, 60, first_seed)
    report.played("a worker overtaken by another, their own clocks 70 s, 10 min or 2 h apart", 60, len(failed))
    assert failed == []
