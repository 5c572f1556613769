"""Every guard is there for a reason: without it, some schedule of the matrix fails."""

from pathlib import Path

import pytest
from support.chaos.mutants import GUARDS, Guard, caught
from support.chaos.report import Report


@pytest.mark.timeout(600)
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_without_a_guard_the_matrix_fails(guard: Guard, tmp_path: Path, report: Report) -> None:
    """A copy of the package without it loses, doubles or leaves behind something, and the matrix sees it."""
    schedule = caught(guard, tmp_path)
    report.guards[guard.name] = schedule
    assert schedule, f"{guard.name} can be turned off without any schedule noticing"
