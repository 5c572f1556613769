"""Signs of life on Redis: a sorted set of processes, scored by when each was last seen."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from typing_extensions import override

from worker.domain.signs_of_life import FORGOTTEN_AFTER, SILENT_AFTER, FileNotTaken, LifePort, Part, SignOfLife
from worker.store.connection import StoreConnection, texts


class RedisLife(StoreConnection, LifePort):
    """See ``LifePort``."""

    @override
    def show_life(self, part: Part, name: str, *, not_taken: FileNotTaken | None = None) -> None:
        key, now, refused, own = self.key("alive"), self.now(), self.key("exports-file"), f"{part} {name}"
        note = ["HSET", refused, own, json.dumps(asdict(not_taken))] if not_taken else ["HDEL", refused, own]
        self.ask(
            note,
            ["EXPIRE", refused, int(FORGOTTEN_AFTER)],
            ["ZADD", key, repr(now), own],
            ["ZREMRANGEBYSCORE", key, "-inf", repr(now - FORGOTTEN_AFTER)],
            # Seen in the future: Redis' clock was set back since, and nobody knows how long ago that was.
            ["ZREMRANGEBYSCORE", key, repr(now + SILENT_AFTER), "+inf"],
            ["EXPIRE", key, int(FORGOTTEN_AFTER)],
        )

    @override
    def end_life(self, part: Part, name: str) -> None:
        own = f"{part} {name}"
        self.ask(["ZREM", self.key("alive"), own], ["HDEL", self.key("exports-file"), own])

    def signs_of_life(self) -> Sequence[SignOfLife]:
        """See ``OperatorPort``."""
        key, now = self.key("alive"), self.now()
        members = texts(self.ask(["ZRANGE", key, 0, -1])[0])
        if not members:
            return []
        scores = self.ask(*(["ZSCORE", key, member] for member in members))
        notes = self.ask(["HMGET", self.key("exports-file"), *members])[0]
        problems = dict(zip(members, notes, strict=True))
        # One that has ended since has no score.
        seen = {
            member.partition(" ")[::2]: float(at) for member, at in zip(members, scores, strict=True) if at is not None
        }
        return [
            SignOfLife(
                part=Part(part),
                name=name,
                silent_for=max(0.0, now - at),
                not_taken=_not_taken(problems.get(f"{part} {name}")),
            )
            for (part, name), at in sorted(seen.items())
            # Another version may have parts that this one does not know.
            if part in set(Part) and at < now + SILENT_AFTER
        ]


def _not_taken(note: str | None) -> FileNotTaken | None:
    return FileNotTaken(**json.loads(note)) if note else None
