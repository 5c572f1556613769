"""Events that were accepted by HTTP, and what is kept of them."""

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class PostedEvent:
    """What is kept of an event that was accepted, so that its repeat is known and its way can be followed."""

    #: What the status address names it by.
    id: str
    export: str
    #: ``source#id``.
    event_key: str
    period_id: str
    #: Hash of what it says; the same in whatever spelling, time or order of invoices.
    content: str
    #: SHA-256 of its bytes on the queue.
    sha256: str
    #: When it was accepted; seconds since the epoch, UTC.
    at: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """What became of an event: on the queue now or before, or in conflict with another of its id."""

    outcome: Literal["accepted", "known", "conflict"]
    #: What is kept under its id.
    first: PostedEvent


class PostedEvents(Protocol):
    """Events accepted by HTTP. Every method may raise ``StoreUnavailable``."""

    def accept(self, event: PostedEvent, raw: bytes, *, over: str = "") -> Acceptance:
        """Put an event on the queue and keep it under its id, both or neither; one that is known is left alone.

        ``over``: content under the id that it replaces, or goes on the queue again as, because nothing of it was taken
        in.
        """

    def posted(self, posted_id: str) -> PostedEvent | None:
        """Return what was accepted under this id."""

    def refusal(self, sha256: str) -> bytes | None:
        """Return the envelope of a dead letter with these bytes; None when there is none."""
