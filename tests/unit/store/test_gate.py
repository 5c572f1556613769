"""The gate in memory."""

import pytest
from support.clock import ManualClock
from support.rate_limiter_contract import GateContract, Sleeps

from worker.store.rate_limiter import MemoryGate


class TestMemoryGate(GateContract):
    """Held to the contract of every gate."""

    @pytest.fixture
    def gate(self, clock: ManualClock, sleeps: Sleeps) -> MemoryGate:
        return MemoryGate(clock=clock, sleep=sleeps)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
