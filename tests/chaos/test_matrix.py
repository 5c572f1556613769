"""The crash matrix in process: whatever dies at any effect, each invoice ends once, or not at all with a reason."""

import random
from collections.abc import Iterable

import pytest
from support.chaos import beside, overtaken
from support.chaos.between import BETWEEN
from support.chaos.matrix import Schedule, every_meddling, every_single, failures, sampled_pairs
from support.chaos.report import Report
from support.chaos.scenarios import SCENARIOS, Scenario

BY_NAME = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


def _hold(schedules: Iterable[Schedule]) -> int:
    played, failed = failures(schedules)
    assert [f"{schedule}: {wrong}" for schedule, wrong in failed] == []
    return played


def _overtake(scenario: Scenario, schedules: Iterable[overtaken.Overtaking]) -> int:
    played, failed = 0, []
    for schedule in schedules:
        played += 1
        wrong = overtaken.play(scenario, schedule)
        failed += [f"{scenario.name}; {schedule}: {wrong}"] if wrong else []
    assert failed == []
    return played


@BY_NAME
def test_a_sample_of_single_and_double_troubles(scenario: Scenario) -> None:
    """A tenth of all single troubles, and pairs, drawn by the same seed each time."""
    chance = random.Random(17)
    singles = [schedule for schedule in every_single(scenario) if chance.random() < 0.1]
    _hold([*singles, *sampled_pairs(scenario, 60, chance)])


@BY_NAME
def test_a_sample_of_workers_overtaken(scenario: Scenario) -> None:
    """One stands still past its lease, another takes over, the first wakes up: its writes are refused."""
    schedules = list(overtaken.every_overtaking(scenario))
    _overtake(scenario, random.Random(17).sample(schedules, 40))


def test_a_sample_of_meddling() -> None:
    """Redis emptied, the source corrected, our draft's number taken over, between two workers."""
    chance = random.Random(17)
    every = [each for scenario in SCENARIOS[:2] for one in BETWEEN for each in every_meddling(scenario, one)]
    _hold(chance.sample(every, 100))


def test_a_sample_of_two_invoices_of_a_new_customer() -> None:
    """One worker stands still on the way to the customer's creation, the other meets trouble there."""
    assert [(str(one), wrong) for one in list(beside.every())[::5] if (wrong := beside.play(one))] == []


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
def test_every_single_trouble(scenario: Scenario, report: Report) -> None:
    """Every trouble at every effect, each followed at once, within the key's hour, and past it."""
    report.schedules["one trouble, every effect, every gap"] += _hold(every_single(scenario))


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
def test_pairs_of_troubles(scenario: Scenario, first_seed: int, report: Report) -> None:
    """Two troubles close behind each other, drawn by the session's seed."""
    report.schedules["two troubles"] += _hold(sampled_pairs(scenario, 1000, random.Random(first_seed)))


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
def test_workers_overtaken(scenario: Scenario, first_seed: int, report: Report) -> None:
    """Every place to stand still; lengths and head starts drawn by the session's seed."""
    schedules = list(overtaken.every_overtaking(scenario))
    chosen = random.Random(first_seed).sample(schedules, min(len(schedules), 400))
    report.schedules["a worker overtaken by another"] += _overtake(scenario, chosen)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
@pytest.mark.parametrize("between", BETWEEN)
def test_meddling(scenario: Scenario, between: str, first_seed: int, report: Report) -> None:
    """Something else happens between the two workers: every trouble, gaps drawn by the session's seed."""
    every = list(every_meddling(scenario, between))
    chosen = random.Random(first_seed).sample(every, min(len(every), 250))
    report.schedules[f"one trouble, then: {between}"] += _hold(chosen)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_two_invoices_of_a_new_customer(report: Report) -> None:
    """Every place to stand still, every trouble of the creation."""
    every = list(beside.every())
    assert [(str(one), wrong) for one in every if (wrong := beside.play(one))] == []
    report.schedules["two invoices of a new customer"] += len(every)
