"""A command line over an empty store."""

import time
from collections.abc import Iterator

import pytest
from support.cli import Bench
from support.clock import ManualClock


@pytest.fixture
def bench(clock: ManualClock) -> Bench:
    """Commands over an empty store in memory."""
    return Bench(clock)


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in the zone of the machine: for these tests that of UTC, wherever they run."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
