"""The crash matrix of vouchers posted many at a time: whatever dies at any effect, each stands once, or not at all."""

import random
from collections.abc import Iterable

import pytest
from support.chaos import bulk
from support.chaos.report import Report

POISONED = pytest.mark.parametrize("poisoned", [False, True], ids=["all taken", "one refused"])


def _wrong(schedules: Iterable[bulk.Schedule]) -> tuple[int, list[str]]:
    played = [(schedule, bulk.play(schedule)[0]) for schedule in schedules]
    return len(played), [f"{schedule}: {wrong}" for schedule, wrong in played if wrong]


@POISONED
def test_a_sample_of_faults(poisoned: bool) -> None:  # noqa: FBT001  # a case of two
    """A fiftieth of all single faults, drawn by the same seed each time."""
    chance = random.Random(17)
    _, wrong = _wrong(each for each in bulk.every(poisoned=poisoned) if chance.random() < 0.02)

    assert wrong == []


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@POISONED
def test_every_single_fault(poisoned: bool, report: Report) -> None:  # noqa: FBT001  # a case of two
    """Every fault at every effect, each followed at once, within the key's hour, and past it."""
    count, wrong = _wrong(bulk.every(poisoned=poisoned))
    report.played("vouchers posted many at a time", count, len(wrong))

    assert wrong == []
