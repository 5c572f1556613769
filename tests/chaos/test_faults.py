"""Real Redis, workers, intake and sandbox, and faults by a seed: in the end every invoice is booked once."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.chaos import hazards
from support.chaos.methods import BOOKED_VOUCHER, INVOICE, Method, of_seed
from support.chaos.outcome import Outcome
from support.chaos.report import Report
from support.chaos.run_faults import run_faults
from support.rabbitmq import needs_rabbitmq


@pytest.mark.timeout(600)
@pytest.mark.parametrize("method", [INVOICE, BOOKED_VOUCHER], ids=lambda method: method.name)
def test_a_short_run(tmp_path: Path, method: Method) -> None:
    """Twelve seconds of kills, cuts and storms over 120 invoices, always the same seed."""
    assert run_faults(tmp_path, 2, count=120, seconds=12, method=method).wrong == []


@pytest.mark.chaos
@needs_rabbitmq
@pytest.mark.timeout(900)
def test_a_short_run_through_rabbitmq(tmp_path: Path) -> None:
    """The same with RabbitMQ as the broker, which is killed, emptied, cut off, and loses queues."""
    assert run_faults(tmp_path, 2, count=120, seconds=12, hazards=[hazards.RABBITMQ]).wrong == []


@pytest.mark.chaos
@needs_rabbitmq
@pytest.mark.timeout(900)
def test_run_rabbitmq(tmp_path: Path, rabbitmq_seed: int, report: Report) -> None:
    """Half a minute over 240 invoices whose messages go through RabbitMQ."""
    _run(tmp_path, rabbitmq_seed, report, (hazards.RABBITMQ,))


@pytest.mark.chaos
@pytest.mark.timeout(600)
def test_run_faults(tmp_path: Path, chaos_seed: int, report: Report) -> None:
    """Half a minute over 240 invoices in two periods, every third by the voucher method."""
    _run(tmp_path, chaos_seed, report, ())


@pytest.mark.chaos
@pytest.mark.timeout(600)
def test_run_hazards(tmp_path: Path, hazard_seed: int, report: Report) -> None:
    """Wrong bodies and clocks that differ, and Redis emptied, or restored from an older copy, in mid-period."""
    _run(tmp_path, hazard_seed, report, hazards.of_seed(hazard_seed))


def _run(folder: Path, seed: int, report: Report, also: Sequence[hazards.Hazard]) -> None:
    count, seconds = (120, 15.0) if also else (240, 25.0)
    method, names = of_seed(seed), tuple(hazard.name for hazard in also)
    try:
        outcome = run_faults(folder, seed, count=count, seconds=seconds, method=method, hazards=also)
    except AssertionError as error:  # it never came to rest, which must not pass
        report.runs.append(Outcome(seed=seed, invoices=count, method=method.name, hazards=names, lost=[str(error)]))
        raise
    report.runs.append(outcome)
    assert outcome.wrong == [], f"make chaos SEED={seed} ({outcome.actions})"
