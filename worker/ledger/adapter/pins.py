"""Pinned agreements on Redis."""

from typing_extensions import override

from worker.invoicing.ports import PinPort
from worker.ledger.adapter.store import Store


class RedisPins(Store, PinPort):
    """See ``PinPort``."""

    @override
    def pin(self, export: str, agreement: int) -> int:
        pins = self.key("pins")
        _, pinned = self.ask(["HSETNX", pins, export, agreement], ["HGET", pins, export])
        return int(pinned)
