"""The event queue as the consumer and the commands see it, and what is kept with a refused event.

``worker.store.event_queue`` is its Redis adapter. Every method may raise ``StoreUnavailable``. Events are bytes,
exactly as they were put on the queue, and are identified by those bytes alone.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from worker.domain.action_log import Act, LogEntry, entry_text
from worker.domain.reasons import EventReason, ReasonCode, neutral_reason
from worker.domain.sums import Problem


class EventQueue(Protocol):
    """What one consumer needs. An event taken stays in this consumer's own list until it is finished."""

    def beat(self) -> None:
        """Show the other consumers that this one is alive."""

    def take(self, timeout: float, *, besides: frozenset[bytes] = frozenset()) -> bytes | None:
        """Return the oldest event of the own list, else move one there from the queue; None after ``timeout`` s.

        The own list comes first, because an event may have been moved there by a call whose answer was lost. Events in
        hand (``besides``) are passed over there; one from the queue may still be the same as one of them.
        """

    def readings(self, raw: bytes) -> int:
        """Return how many readings of an event were begun since one came to an end."""

    def begin(self, raw: bytes) -> int:
        """Count a reading of an event that was taken; return how many were begun since one came to an end.

        Acknowledged, postponed, moved to the dead letters or given back, it has come to an end: so what is left is the
        number of consumers that were killed by it.
        """

    def acknowledge(self, raw: bytes) -> None:
        """Forget an event: every invoice of it is in the store."""

    def postpone(self, raw: bytes) -> None:
        """Put an event back on the queue, behind all others."""

    def dead_letter(self, raw: bytes, envelope: bytes) -> None:
        """Move an event to the dead letters, with the reason; moving the same bytes again replaces the reason."""

    def reap(self) -> int:
        """Put the events of consumers that are no longer alive back on the queue; return how many."""

    def leave(self) -> None:
        """Put the own events back and stop counting as a consumer."""


class EventQueueOperator(Protocol):
    """What publishers and operators need."""

    def publish(self, raw: bytes) -> None:
        """Put an event on the queue, as Opter's side does with one LPUSH."""

    def waiting(self) -> int:
        """Return how many events are on the queue or taken by a consumer."""

    def dead(self) -> Sequence[tuple[bytes, bytes]]:
        """Return (event, envelope) of every refused event, the newest first."""

    def refused(self) -> Sequence[tuple[str, bytes]]:
        """Return (id, envelope) of every refused event, in no order: what a list shows, without the events."""

    def discard(self, raw: bytes, entry: str = "") -> bool:
        """Forget a refused event for good; False when it is not among the dead letters.

        ``entry`` goes to the log of actions with it, see ``worker.domain.action_log.entry_text``; empty: nothing does.
        """

    def revive(self, raw: bytes, entry: str = "") -> bool:
        """Move a refused event back to the queue; False when it is not among the dead letters. ``entry``: as above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadEvent:
    """One refused event."""

    #: SHA-256 of the bytes, its first 16 digits: what a person types.
    id: str
    #: Length of the event.
    bytes: int
    #: When it was refused; seconds since the epoch, UTC.
    at: float
    problems: tuple[Problem, ...]
    #: ``source#id``; empty when that could not be read.
    event_key: str = ""
    export: str = ""
    #: Opter's name of the period.
    period: str = ""

    @property
    def reason(self) -> ReasonCode:
        """The first problem's reason code."""
        return self.problems[0].reason

    @property
    def next_step(self) -> str:
        """What a person does now."""
        return self.reason.next_step


def digest(raw: bytes) -> str:
    """Return the id of a refused event."""
    return hashlib.sha256(raw).hexdigest()[:16]


def dead_events(queue: EventQueueOperator) -> list[tuple[DeadEvent, bytes]]:
    """Return every refused event with its bytes, the newest first. Raises ``StoreUnavailable``."""
    return [(dead_event_of(raw, envelope), raw) for raw, envelope in queue.dead()]


def refused_events(queue: EventQueueOperator) -> list[DeadEvent]:
    """Return every refused event without its bytes, the newest first. Raises ``StoreUnavailable``."""
    events = [_dead_event(key, 0, envelope) for key, envelope in queue.refused()]
    return sorted(events, key=lambda event: (event.at, event.id), reverse=True)


def revive(queue: EventQueueOperator, ids: Sequence[str], *, by: str = "", at: float = 0.0) -> list[str]:
    """Send refused events back to the queue; return the ids that moved. Raises ``StoreUnavailable``.

    ``by`` is logged, with ``at`` in seconds since the epoch.
    """
    wanted = [(event, raw) for event, raw in dead_events(queue) if event.id in set(ids)]
    return [event.id for event, raw in wanted if queue.revive(raw, logged(event, Act.RESEND_EVENT, by=by, at=at))]


def logged(event: DeadEvent, what: Act, *, by: str, at: float, why: str = "") -> str:
    """Return the entry of an action on a refused event; empty when nobody is named."""
    entry = LogEntry(at=at, who=by, what=what, why=why, export=event.export, of=(event.id,), count=1)
    return entry_text(entry) if by else ""


def envelope(event: DeadEvent) -> bytes:
    """Return the JSON that is kept beside the bytes."""
    return json.dumps(asdict(event), ensure_ascii=True).encode()


def dead_event_of(raw: bytes, envelope: bytes) -> DeadEvent:
    """Return a refused event as it is kept with its envelope."""
    return _dead_event(digest(raw), len(raw), envelope)


def _dead_event(key: str, size: int, envelope: bytes) -> DeadEvent:
    try:
        data = json.loads(envelope)
        problems = [problem | {"reason": neutral_reason(problem["reason"])} for problem in data["problems"]]
        return DeadEvent(**data | {"problems": tuple(Problem(**problem) for problem in problems)})
    except (ValueError, KeyError, TypeError):
        # Put there by hand, or by another version: the event itself must still be listed.
        lost = Problem(reason=EventReason.EVENT_UNREADABLE, description="Why it was refused is not on record.")
        return DeadEvent(id=key, bytes=size, at=0.0, problems=(lost,))
