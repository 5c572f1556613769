"""Batches: many invoices moved by hand as one act, whose set is frozen when a person confirms it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from worker.errors import Failure

#: Invoices of one batch that are under way at once; a tenth of it while its export has other invoices under way.
WINDOW = 100
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


class BatchPort(Protocol):
    """Batches as they are kept, for good."""

    def open_batch(self, batch: NewBatch, members: Sequence[tuple[str, float]]) -> None:
        """Freeze the set and start the batch. A repeat with the same id and members changes nothing.

        Each member is an id and the time of its last transition when it was chosen (0: whatever it is); one that has
        moved on since is left alone. Killed in between, nothing is started and nothing has moved.
        """

    def advance_batches(self, *, window: int = WINDOW) -> Sequence[str]:
        """Move the next invoices of every running batch, and note what became of those before.

        Returns the ids of batches that have come to their end now. At most ``window`` invoices of a batch are under
        way at once, and a tenth of it while its export has others under way; none is begun while the export is paused.
        Each invoice is begun once, however often this is called and wherever it was interrupted.
        """

    def batches(self, *, most: int = 100) -> Sequence[Batch]:
        """Return the batches, newest first."""

    def batch(self, batch_id: str) -> Batch | None:
        """Return one batch."""

    def batch_items(self, batch_id: str, *, start: int = 0, most: int = -1) -> Sequence[BatchItem]:
        """Return invoices of a batch with their results, in the order of the set; -1: all from ``start`` on."""

    def export_times(self, export: str, *, most: int = 200) -> Sequence[float]:
        """Return when invoices of an export's latest period were exported, of so many; in no order."""

    def cancel_batch(self, batch_id: str, *, by: str) -> bool:
        """Begin no further invoice of a batch; False when it is not running."""
