"""The store in memory: for tests and trials, by the same rules as the one on Redis."""

import time
from collections.abc import Callable

from support.memory_store.action_log import MemoryActionLog
from support.memory_store.agreements import MemoryAgreements
from support.memory_store.batches import MemoryBatches, MemoryCauses
from support.memory_store.certificates import MemoryCertificates
from support.memory_store.execution import MemoryExport
from support.memory_store.intake import MemoryIntake
from support.memory_store.life import MemoryLife
from support.memory_store.notices import MemoryNotices
from support.memory_store.operator import MemoryPins, MemoryPlan
from support.memory_store.payments import MemoryPayments
from support.memory_store.period_index import MemoryPeriodIndex
from support.memory_store.series import MemorySeries
from support.memory_store.sweeps import MemorySweeps

from worker.domain.store_port import Store
from worker.store.connection import StorePolicy

__all__ = ["MemoryStore"]


class MemoryStore(
    MemoryIntake,
    MemoryExport,
    MemorySweeps,
    MemoryLife,
    MemoryBatches,
    MemoryNotices,
    MemoryPeriodIndex,
    MemoryPins,
    MemoryPlan,
    MemoryCertificates,
    MemorySeries,
    MemoryPayments,
    MemoryAgreements,
    MemoryCauses,
    MemoryActionLog,
    Store,
):
    """The store of one process; gone with it. Safe to share between threads."""

    def __init__(self, *, policy: StorePolicy | None = None, clock: Callable[[], float] = time.time) -> None:
        super().__init__(policy=policy or StorePolicy(), clock=clock)
