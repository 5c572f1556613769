"""Events accepted by HTTP, on Redis: the queue and what is kept of them change together."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Literal, cast

import redis

from config.names import dead_reasons_key
from worker.domain.posted_event import Acceptance, PostedEvent
from worker.store.connection import StoreConnection, StorePolicy, text, texts


class RedisPostedEvents(StoreConnection):
    """See ``PostedEvents``."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        prefix: str,
        queue: str,
        policy: StorePolicy,
        clock: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(client, prefix=prefix, policy=policy, clock=clock)
        self._queue = queue

    def accept(self, event: PostedEvent, raw: bytes, *, over: str = "") -> Acceptance:
        """Put an event on the queue and keep it under its id, both or neither."""
        document = json.dumps(asdict(event))
        answer = self.run("accept_posted", event.id, self._queue, _utf8(raw), event.content, over, document)
        outcome, at, first = texts(answer)
        return Acceptance(outcome=cast("Literal['accepted', 'known', 'conflict']", outcome), first=_event(first, at))

    def posted(self, posted_id: str) -> PostedEvent | None:
        """Return what was accepted under this id."""
        [(at, document)] = self.ask(["HMGET", self.key("posted", posted_id), "at", "document"])
        return _event(text(document), text(at)) if document is not None else None

    def refusal(self, sha256: str) -> bytes | None:
        """Return the envelope of a dead letter with these bytes; None when there is none."""
        [envelope] = self.ask(["HGET", dead_reasons_key(self._queue), sha256])
        return cast("bytes | None", envelope)


def _event(document: str, at: str) -> PostedEvent:
    fields: dict[str, Any] = json.loads(document)
    return replace(PostedEvent(**fields), at=float(at))


def _utf8(raw: bytes) -> str:
    return raw.decode()
