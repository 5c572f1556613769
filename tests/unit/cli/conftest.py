"""A bench with nothing on it."""

import pytest
from support.cli import Bench
from support.clock import ManualClock


@pytest.fixture
def bench(clock: ManualClock) -> Bench:
    """Commands over an empty ledger in memory."""
    return Bench(clock)
