"""Signs of life on Redis: a sorted set of processes, scored by when each was last seen."""

from collections.abc import Sequence

from typing_extensions import override

from worker.domain.signs_of_life import FORGOTTEN_AFTER, SILENT_AFTER, LifePort, Part, SignOfLife
from worker.store.connection import StoreConnection, texts


class RedisLife(StoreConnection, LifePort):
    """See ``LifePort``."""

    @override
    def show_life(self, part: Part, name: str) -> None:
        key, now = self.key("alive"), self.now()
        self.ask(
            ["ZADD", key, repr(now), f"{part} {name}"],
            ["ZREMRANGEBYSCORE", key, "-inf", repr(now - FORGOTTEN_AFTER)],
            # Seen in the future: Redis' clock was set back since, and nobody knows how long ago that was.
            ["ZREMRANGEBYSCORE", key, repr(now + SILENT_AFTER), "+inf"],
            ["EXPIRE", key, int(FORGOTTEN_AFTER)],
        )

    @override
    def end_life(self, part: Part, name: str) -> None:
        self.ask(["ZREM", self.key("alive"), f"{part} {name}"])

    def signs_of_life(self) -> Sequence[SignOfLife]:
        """See ``OperatorPort``."""
        key, now = self.key("alive"), self.now()
        members = texts(self.ask(["ZRANGE", key, 0, -1])[0])
        scores = self.ask(*(["ZSCORE", key, member] for member in members))
        # One that has ended since has no score.
        seen = {
            member.partition(" ")[::2]: float(at) for member, at in zip(members, scores, strict=True) if at is not None
        }
        return [
            SignOfLife(part=Part(part), name=name, silent_for=max(0.0, now - at))
            for (part, name), at in sorted(seen.items())
            # Another version may have parts that this one does not know.
            if part in set(Part) and at < now + SILENT_AFTER
        ]
