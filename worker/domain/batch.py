"""Batches: many invoices moved by hand as one act, whose set is frozen when a person confirms it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from worker.errors import Failure

#: Invoices of a batch that one turn moves at most, where nothing is sent for them.
MOST_MARKED = 200


class BatchAction(StrEnum):
    """What is done with every invoice of a batch."""

    REQUEUE = "requeue"
    REEXPORT = "reexport"
    MARK_EXPORTED = "mark-exported"
    #: Left out for good: it is to be in no books.
    DISCARD = "discard"


class BatchState(StrEnum):
    """Where a batch stands."""

    RUNNING = "running"
    #: No further invoice is begun; what was under way comes to its end.
    CANCELLED = "cancelled"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewBatch:
    """A batch as a person, or self-clearing, orders it."""

    id: str
    export: str
    action: BatchAction
    #: Who confirmed it.
    by: str
    why: str = ""
    #: The cause whose invoices it holds; None: they were chosen otherwise.
    cause: Failure | None = None
    #: Currency -> gross of its invoices, as it was shown before the confirmation.
    at_stake: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A batch and how far it has come."""

    ordered: NewBatch
    state: BatchState
    #: Seconds since the epoch, UTC; ``ended_at`` is 0 while it runs.
    confirmed_at: float
    ended_at: float
    #: Invoices in its frozen set.
    total: int
    #: Of these: begun, and of the begun: exported, failed again, left alone as they had moved on meanwhile.
    begun: int
    exported: int
    failed: int
    left: int
    #: Who cancelled it; empty: nobody.
    cancelled_by: str = ""

    @property
    def under_way(self) -> int:
        """Those begun that have not come to their end."""
        return self.begun - self.exported - self.failed - self.left

    @property
    def not_begun(self) -> int:
        """Those not begun; of a cancelled batch they stay as they were."""
        return self.total - self.begun


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchItem:
    """One invoice of a batch."""

    invoice_id: str
    #: ``exported booked``, ``dead REASON``, ``left STATE``, ``begun``; empty: not begun.
    result: str = ""
