"""A command line over an empty store."""

import pytest
from support.cli import Bench
from support.clock import ManualClock


@pytest.fixture
def bench(clock: ManualClock) -> Bench:
    """Commands over an empty store in memory."""
    return Bench(clock)
