"""Pinned agreements in memory."""

from typing_extensions import override

from worker.invoicing.ports import PinPort
from worker.ledger.twin.tables import Tables


class MemoryPins(Tables, PinPort):
    """See ``PinPort``."""

    @override
    def pin(self, export: str, agreement: int) -> int:
        with self.lock:
            return self.pins.setdefault(export, agreement)
