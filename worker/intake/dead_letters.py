"""What is kept with an event that was refused: enough to mend it without reading the bytes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from worker.domain.reasons import EventReason, ReasonCode, neutral_reason
from worker.domain.sums import Problem
from worker.intake.queue import EventQueueOperator


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


def dead_events(context: EventQueueOperator) -> list[tuple[DeadEvent, bytes]]:
    """Return every refused event with its bytes, the newest first. Raises ``StoreUnavailable``."""
    return [(_opened(raw, envelope), raw) for raw, envelope in context.dead()]


def revive(context: EventQueueOperator, ids: Sequence[str]) -> list[str]:
    """Send refused events back to the queue; return the ids that moved. Raises ``StoreUnavailable``."""
    wanted = set(ids)
    return [digest(raw) for raw, _ in context.dead() if digest(raw) in wanted and context.revive(raw)]


def envelope(event: DeadEvent) -> bytes:
    """Return the JSON that is kept beside the bytes."""
    return json.dumps(asdict(event), ensure_ascii=True).encode()


def _opened(raw: bytes, envelope: bytes) -> DeadEvent:
    try:
        return _known(json.loads(envelope))
    except (ValueError, KeyError, TypeError):
        # Put there by hand, or by another version: the event itself must still be listed.
        lost = Problem(reason=EventReason.EVENT_UNREADABLE, description="Why it was refused is not on record.")
        return DeadEvent(id=digest(raw), bytes=len(raw), at=0.0, problems=(lost,))


def _known(data: dict[str, Any]) -> DeadEvent:
    problems = tuple(Problem(**(found | {"reason": neutral_reason(found["reason"])})) for found in data.pop("problems"))
    return DeadEvent(problems=problems, **data)
