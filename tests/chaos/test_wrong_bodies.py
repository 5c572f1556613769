"""Successes that are about something else: nothing is lost, doubled, unequal, on a wrong customer or left behind."""

import random
from collections.abc import Iterable

import pytest
from support.chaos.report import Report
from support.chaos.scenarios import SCENARIOS, Scenario
from support.chaos.wrong_bodies import WrongBody, every_wrong_body, play

BY_NAME = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


def _failed(scenario: Scenario, wrong_bodies: Iterable[WrongBody]) -> list[str]:
    played = ((str(wrong), play(scenario, wrong)) for wrong in wrong_bodies)
    return [f"{scenario.name}; {wrong}: {why}" for wrong, why in played if why]


@BY_NAME
def test_a_sample_of_wrong_bodies(scenario: Scenario) -> None:
    """Twelve of a scenario, drawn by the same seed each time."""
    every = list(every_wrong_body(scenario))
    assert _failed(scenario, random.Random(17).sample(every, 12)) == []


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
def test_every_wrong_body(scenario: Scenario, report: Report) -> None:
    """Every body at every write, once and three times in a row, carried out or not."""
    every = list(every_wrong_body(scenario))
    failed = _failed(scenario, every)
    report.played("a success about something else, every write", len(every), len(failed))
    assert failed == []
