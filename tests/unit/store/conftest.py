import pytest
from support.clock import ManualClock

from worker.store import LedgerPolicy, MemoryLedger


@pytest.fixture
def policy() -> LedgerPolicy:
    return LedgerPolicy()


@pytest.fixture
def ledger(policy: LedgerPolicy, clock: ManualClock) -> MemoryLedger:
    return MemoryLedger(policy=policy, clock=clock)
