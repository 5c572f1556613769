"""The gate in memory."""

import pytest
from support.clock import ManualClock
from support.rate_limiter_contract import GateContract, Sleeps

from worker.store.rate_limiter import MemoryRateLimiter


class TestMemoryGate(GateContract):
    """Held to the contract of every gate."""

    @pytest.fixture
    def rate_limiter(self, clock: ManualClock, sleeps: Sleeps) -> MemoryRateLimiter:
        return MemoryRateLimiter(clock=clock, sleep=sleeps)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
