"""The crash matrix in process: whatever dies at any effect, each invoice ends once, or not at all with a reason."""

import random
from collections.abc import Iterable, Iterator

import pytest
from support.chaos import follow_ups, given_away, lease_takeover, parallel_invoices
from support.chaos.lost_writes import BETWEEN
from support.chaos.matrix import Schedule, every_interference, every_single, play, sampled_pairs
from support.chaos.report import Report
from support.chaos.scenarios import LISTED_LATE, SCENARIOS, SHIFTING, Scenario

BY_NAME = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


GIVEN_AWAY = pytest.mark.parametrize("scenario", given_away.EXPORTS)
FOLLOW_UPS = pytest.mark.parametrize("follow_up", follow_ups.FOLLOW_UPS)
LISTED = pytest.mark.parametrize("scenario", LISTED_LATE, ids=lambda scenario: scenario.name)

SHIFTED = pytest.mark.parametrize("scenario", SHIFTING, ids=lambda scenario: scenario.name)

#: A schedule in words, and what was wrong in its end.
Played = tuple[str, list[str]]


def _play(schedules: Iterable[Schedule]) -> Iterator[Played]:
    for schedule in schedules:
        yield str(schedule), play(schedule)[0]


def _follow(schedules: Iterable[follow_ups.Schedule]) -> Iterator[Played]:
    for schedule in schedules:
        yield str(schedule), follow_ups.play(schedule)[0]


def _give_away(schedules: Iterable[Schedule]) -> Iterator[Played]:
    for schedule in schedules:
        yield str(schedule), given_away.play(schedule)


def _while_listings_lag(scenario: Scenario) -> list[Schedule]:
    """Return every fault followed at once by the next worker, or by an emptied store and the event again."""
    return [*every_single(scenario, gaps=(0.0,)), *every_interference(scenario, "wiped", gaps=(0.0,))]


def _overtake(scenario: Scenario, schedules: Iterable[lease_takeover.Takeover]) -> Iterator[Played]:
    for schedule in schedules:
        yield f"{scenario.name}; {schedule}", lease_takeover.play(scenario, schedule)


def _side_by_side(schedules: Iterable[parallel_invoices.ParallelInvoices]) -> Iterator[Played]:
    for schedule in schedules:
        yield str(schedule), parallel_invoices.play(schedule)


def _hold(played: Iterable[Played], report: Report | None = None, kind: str = "") -> None:
    outcomes = list(played)
    failed = [f"{schedule}: {wrong}" for schedule, wrong in outcomes if wrong]
    if report:
        report.played(kind, len(outcomes), len(failed))
    assert failed == []


@BY_NAME
def test_a_sample_of_single_and_double_faults(scenario: Scenario) -> None:
    """A tenth of all single faults, and pairs, drawn by the same seed each time."""
    chance = random.Random(17)
    singles = [schedule for schedule in every_single(scenario) if chance.random() < 0.1]
    _hold(_play([*singles, *sampled_pairs(scenario, 60, chance)]))


@BY_NAME
def test_a_sample_of_workers_overtaken(scenario: Scenario) -> None:
    """One stands still past its lease, another takes over, the first wakes up: its writes are refused."""
    schedules = list(lease_takeover.every_takeover(scenario))
    _hold(_overtake(scenario, random.Random(17).sample(schedules, 40)))


def test_a_sample_of_interference() -> None:
    """Redis emptied, the source corrected, our draft's number taken over, between two workers."""
    chance = random.Random(17)
    every = [
        schedule
        for scenario in SCENARIOS[:2]
        for between in BETWEEN
        for schedule in every_interference(scenario, between)
    ]
    _hold(_play(chance.sample(every, 100)))


@LISTED
def test_a_sample_of_listings_that_lag(scenario: Scenario) -> None:
    """What listings do not show yet is not created again, in a store that was emptied as well."""
    _hold(_play(random.Random(17).sample(_while_listings_lag(scenario), 15)))


@SHIFTED
def test_a_sample_of_pages_that_shift(scenario: Scenario) -> None:
    """What was deleted or moved between two pages hides nothing of ours, in a store that was emptied as well."""
    every = [*every_single(scenario), *every_interference(scenario, "wiped")]
    _hold(_play(random.Random(17).sample(every, 20)))


def test_a_sample_of_two_invoices_of_a_new_customer() -> None:
    """One worker stands still on the way to the customer's creation, the other meets fault there."""
    _hold(_side_by_side(list(parallel_invoices.every())[::5]))


@GIVEN_AWAY
def test_a_sample_of_customers_whose_number_is_given_away(scenario: str) -> None:
    """Another company has the number from now on: nothing comes to it, whoever died at whichever effect."""
    _hold(_give_away(random.Random(17).sample(list(given_away.every(scenario)), 20)))


@FOLLOW_UPS
def test_a_sample_of_faults_after_the_export(follow_up: str) -> None:
    """A PDF attached, a credit note matched, a payment handed over: once each, whoever dies at whichever effect."""
    chance = random.Random(17)
    singles = [schedule for schedule in follow_ups.every_single(follow_up) if chance.random() < 0.04]
    _hold(_follow([*singles, *follow_ups.sampled_pairs(follow_up, 10, chance)]))


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
def test_every_single_fault(scenario: Scenario, report: Report) -> None:
    """Every fault at every effect, each followed at once, within the key's hour, and past it."""
    _hold(_play(every_single(scenario)), report, "one fault, every effect, every gap")


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
def test_pairs_of_faults(scenario: Scenario, first_seed: int, report: Report) -> None:
    """Two faults close behind each other, drawn by the session's seed."""
    _hold(_play(sampled_pairs(scenario, 1000, random.Random(first_seed))), report, "two faults")


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
def test_workers_overtaken(scenario: Scenario, first_seed: int, report: Report) -> None:
    """Every place to stand still; lengths and head starts drawn by the session's seed."""
    schedules = list(lease_takeover.every_takeover(scenario))
    chosen = random.Random(first_seed).sample(schedules, min(len(schedules), 400))
    _hold(_overtake(scenario, chosen), report, "a worker overtaken by another")


@pytest.mark.chaos
@pytest.mark.timeout(900)
@BY_NAME
@pytest.mark.parametrize("between", BETWEEN)
def test_interference(scenario: Scenario, between: str, first_seed: int, report: Report) -> None:
    """Something else happens between the two workers: every fault, gaps drawn by the session's seed."""
    every = list(every_interference(scenario, between))
    chosen = random.Random(first_seed).sample(every, min(len(every), 250))
    _hold(_play(chosen), report, f"one fault, then: {between}")


@pytest.mark.chaos
@pytest.mark.timeout(900)
@LISTED
def test_listings_that_lag(scenario: Scenario, first_seed: int, report: Report) -> None:
    """Every lag, faults drawn by the session's seed, in half of them a store that is emptied in mid-period."""
    schedules = _while_listings_lag(scenario)
    chosen = random.Random(first_seed).sample(schedules, min(len(schedules), 150))
    _hold(_play(chosen), report, f"one fault, or Redis emptied; listings {scenario.listing_lag:g} s late")


@pytest.mark.chaos
@pytest.mark.timeout(900)
@SHIFTED
def test_pages_that_shift(scenario: Scenario, first_seed: int, report: Report) -> None:
    """Pages shift in the first readings, faults drawn by the session's seed, for a part in an emptied store."""
    every = [*every_single(scenario), *every_interference(scenario, "wiped")]
    chosen = random.Random(first_seed).sample(every, min(len(every), 250))
    _hold(_play(chosen), report, f"one fault, or Redis emptied; {scenario.name}")


@pytest.mark.chaos
@pytest.mark.timeout(900)
@GIVEN_AWAY
def test_customers_whose_number_is_given_away(scenario: str, report: Report) -> None:
    """Every fault at every effect, each followed at once, within the key's hour, and past it."""
    _hold(_give_away(given_away.every(scenario)), report, "one fault, then: the customer's number is given away")


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_two_invoices_of_a_new_customer(report: Report) -> None:
    """Every place to stand still, every fault of the creation."""
    _hold(_side_by_side(parallel_invoices.every()), report, "two invoices of a new customer")


@pytest.mark.chaos
@pytest.mark.timeout(900)
@FOLLOW_UPS
def test_faults_after_the_export(follow_up: str, first_seed: int, report: Report) -> None:
    """Every fault at every effect of attaching, matching and payments, and pairs drawn by the session's seed."""
    pairs = follow_ups.sampled_pairs(follow_up, 1000, random.Random(first_seed))
    _hold(_follow([*follow_ups.every_single(follow_up), *pairs]), report, f"faults after the export: {follow_up}")
