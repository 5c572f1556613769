import pytest
from support.clock import ManualClock

from worker.store import MemoryStore, StorePolicy


@pytest.fixture
def policy() -> StorePolicy:
    return StorePolicy()


@pytest.fixture
def store(policy: StorePolicy, clock: ManualClock) -> MemoryStore:
    return MemoryStore(policy=policy, clock=clock)
