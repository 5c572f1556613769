"""Events accepted by HTTP in memory, held to the same tests as the Redis ones."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from support.memory_queue import MemoryEventQueue

from worker.domain.posted_event import Acceptance, PostedEvent


class MemoryPostedEvents:
    """See ``PostedEvents``."""

    def __init__(self, queue: MemoryEventQueue, *, clock: Callable[[], float]) -> None:
        self._queue = queue
        self._clock = clock
        self._kept: dict[str, PostedEvent] = {}

    def accept(self, event: PostedEvent, raw: bytes, *, over: str = "") -> Acceptance:
        """See ``PostedEvents.accept``."""
        first = self._kept.get(event.id)
        if first and first.content != over:
            return Acceptance(outcome="known" if first.content == event.content else "conflict", first=first)
        same = first is not None and first.content == event.content
        kept = replace(event, at=first.at if first and same else self._clock())
        self._kept[event.id] = kept
        self._queue.publish(raw)
        return Acceptance(outcome="accepted", first=kept)

    def posted(self, posted_id: str) -> PostedEvent | None:
        """See ``PostedEvents.posted``."""
        return self._kept.get(posted_id)

    def refusal(self, sha256: str) -> bytes | None:
        """See ``PostedEvents.refusal``."""
        return next((why for raw, why in self._queue.dead() if digest(raw) == sha256), None)


def digest(raw: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(raw).hexdigest()
