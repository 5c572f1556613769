"""What a plan reads, in memory; the record of an invoice is the operator's view."""

from worker.ledger.twin.tables import Tables


class MemoryPlan(Tables):
    """See ``PlanPort``."""

    def shared_number(self, key: str) -> str | None:
        """See ``PlanPort``."""
        with self.lock:
            shared = self.shared.get(key)
            return shared.creation.number if shared else None

    def pinned(self, export: str) -> int | None:
        """See ``PlanPort``."""
        with self.lock:
            return self.pins.get(export)
