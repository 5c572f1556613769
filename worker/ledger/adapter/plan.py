"""What a plan reads, on Redis; the record of an invoice is the operator's view."""

from worker.ledger.adapter.store import Store, text


class RedisPlan(Store):
    """See ``PlanPort``."""

    def shared_number(self, key: str) -> str | None:
        """See ``PlanPort``."""
        (number,) = self.ask(["HGET", self.key("shared", key), "number"])
        return text(number) or None

    def pinned(self, export: str) -> int | None:
        """See ``PlanPort``."""
        (agreement,) = self.ask(["HGET", self.key("pins"), export])
        return None if agreement is None else int(agreement)
