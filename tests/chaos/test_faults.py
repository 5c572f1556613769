"""Real Redis, workers, intake and sandbox, and faults by a seed: in the end every invoice is booked once."""

from pathlib import Path

import pytest
from support.chaos.methods import BOOKED_VOUCHER, INVOICE, Method, of_seed
from support.chaos.outcome import Outcome
from support.chaos.report import Report
from support.chaos.run_faults import run_faults


@pytest.mark.timeout(300)
@pytest.mark.parametrize("method", [INVOICE, BOOKED_VOUCHER], ids=lambda method: method.name)
def test_a_short_run(tmp_path: Path, method: Method) -> None:
    """Twelve seconds of kills, cuts and storms over 120 invoices, always the same seed."""
    assert run_faults(tmp_path, 2, count=120, seconds=12, method=method).wrong == []


@pytest.mark.chaos
@pytest.mark.timeout(600)
def test_run_faults(tmp_path: Path, chaos_seed: int, report: Report) -> None:
    """Half a minute over 240 invoices in two periods, every third by the voucher method."""
    method = of_seed(chaos_seed)
    try:
        outcome = run_faults(tmp_path, chaos_seed, count=240, seconds=25, method=method)
    except AssertionError as error:  # it never came to rest, which must not pass
        report.runs.append(Outcome(seed=chaos_seed, invoices=240, method=method.name, lost=[str(error)]))
        raise
    report.runs.append(outcome)
    assert outcome.wrong == [], f"make chaos SEED={chaos_seed} ({outcome.actions})"
