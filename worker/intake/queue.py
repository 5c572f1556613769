"""The event queue as the consumer and the commands see it; ``worker.store`` keeps the Redis adapter.

Every method may raise ``StoreUnavailable``. Events are bytes, exactly as they were put on the queue, and are told apart by
those bytes alone.
"""

from collections.abc import Sequence
from typing import Protocol


class EventQueue(Protocol):
    """What one consumer needs. An event taken stays in this consumer's own list until it is done with."""

    def beat(self) -> None:
        """Tell the other consumers that this one is alive."""
        ...

    def take(self, timeout: float) -> bytes | None:
        """Return the oldest event of one's own list, else move one there from the queue; None after ``timeout`` s.

        One's own list comes first, because an event may have been moved there whose answer was lost.
        """
        ...

    def acknowledge(self, raw: bytes) -> None:
        """Forget an event: every invoice of it is in the ledger."""
        ...

    def postpone(self, raw: bytes) -> None:
        """Put an event back on the queue, behind all others."""
        ...

    def dead_letter(self, raw: bytes, envelope: bytes) -> None:
        """Move an event to the dead list, with why; burying the same bytes again replaces the reason."""
        ...

    def reap(self) -> int:
        """Put the events of consumers that are no longer alive back on the queue; return how many."""
        ...

    def leave(self) -> None:
        """Put one's own events back and stop counting as a consumer."""
        ...


class EventQueueOperator(Protocol):
    """What publishers and operators need."""

    def publish(self, raw: bytes) -> None:
        """Put an event on the queue, as Opter's side does with one LPUSH."""
        ...

    def waiting(self) -> int:
        """Return how many events are on the queue or in the hands of a consumer."""
        ...

    def dead(self) -> Sequence[tuple[bytes, bytes]]:
        """Return (event, envelope) of every refused event, the newest first."""
        ...

    def revive(self, raw: bytes) -> bool:
        """Move a refused event back to the queue; False when it is not in the dead list."""
        ...
