"""The ledger in memory: for tests and trials, by the same rules as the one on Redis."""

import time
from collections.abc import Callable

from worker.invoicing.ports import Ledger
from worker.ledger.policy import LedgerPolicy
from worker.ledger.twin.export import MemoryExport
from worker.ledger.twin.intake import MemoryIntake
from worker.ledger.twin.operator import MemoryOperator
from worker.ledger.twin.pins import MemoryPins
from worker.ledger.twin.plan import MemoryPlan
from worker.ledger.twin.sweeps import MemorySweeps

__all__ = ["MemoryLedger"]


class MemoryLedger(MemoryIntake, MemoryExport, MemorySweeps, MemoryOperator, MemoryPins, MemoryPlan, Ledger):
    """The ledger of one process; gone with it. Safe to share between threads."""

    def __init__(self, *, policy: LedgerPolicy | None = None, clock: Callable[[], float] = time.time) -> None:
        super().__init__(policy=policy or LedgerPolicy(), clock=clock)
