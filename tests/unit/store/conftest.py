import pytest
from support.clock import ManualClock
from support.memory_store import MemoryStore

from worker.store.connection import StorePolicy


@pytest.fixture
def policy() -> StorePolicy:
    return StorePolicy()


@pytest.fixture
def store(policy: StorePolicy, clock: ManualClock) -> MemoryStore:
    return MemoryStore(policy=policy, clock=clock)
