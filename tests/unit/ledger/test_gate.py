"""The gate in memory."""

import pytest
from support.clock import ManualClock
from support.gate_contract import GateContract, Sleeps

from worker.ledger.gate import MemoryGate


class TestMemoryGate(GateContract):
    """Held to the contract of every gate."""

    @pytest.fixture
    def gate(self, clock: ManualClock, sleeps: Sleeps) -> MemoryGate:
        return MemoryGate(clock=clock, sleep=sleeps)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
