"""The event queue on Redis lists: an event is always in exactly one of queue, a consumer's own list, or the dead list.

Publishers LPUSH; consumers take from the right. The names of all keys are in ``config.names``.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.names import consumers_key, dead_key, dead_reasons_key, heartbeat_key, processing_key, readings_key
from config.settings_sections import Redis
from worker.store.client import open_client
from worker.store.connection import CONNECTION_OPTIONS, text, translated

#: Seconds after which a consumer is forgotten. Long, because an event may still be moved to the list of a consumer
#: that was frozen while it waited for events: its list is read until no such move can be under way any more.
_FORGET = 24 * 3600.0
#: Dead events read in one trip; each may be large.
_DEAD_PAGE = 20
#: Digits of an event's SHA-256 that are its id, as in ``worker.intake.queue.digest``.
_ID_DIGITS = 16


def event_client(settings: Redis) -> redis.Redis:
    """Return a client for the event queue: it never repeats a command by itself.

    A repeated BLMOVE would move a second event, while the first one's answer was lost. The settings' ``socket_timeout``
    is longer than any wait for an event.
    """
    once = Retry(NoBackoff(), 0)
    return open_client(settings, retry=once, client_name="opter-economic-intake", **CONNECTION_OPTIONS)


class RedisEventQueue:
    """The event queue, for a consumer, a publisher or an operator. Every method may raise ``StoreUnavailable``."""

    def __init__(  # noqa: PLR0913  # whose view it is, and what is logged
        self,
        client: redis.Redis,
        *,
        queue: str,
        clock: Callable[[], float],
        consumer: str = "",
        heartbeat: float = 30.0,
        actions: str = "",
    ) -> None:
        """``clock`` gives seconds since the epoch; ``heartbeat`` is how long a beat counts, in seconds.

        ``actions`` is the key of the log of actions; empty: what a person does here is not logged.
        """
        # redis-py types values as text; events are bytes, in and out.
        self._client: Any = client
        self._queue = queue
        self._clock = clock
        self._consumer = consumer
        self._heartbeat = heartbeat
        self._actions = actions
        self._own = processing_key(queue, consumer)

    def beat(self) -> None:
        """Show the other consumers that this consumer is alive."""
        with translated(self._client), self._client.pipeline() as pipe:
            pipe.zadd(consumers_key(self._queue), {self._consumer: self._clock()})
            pipe.set(heartbeat_key(self._queue, self._consumer), "1", px=int(self._heartbeat * 1000))
            pipe.execute()

    def take(self, timeout: float, *, besides: frozenset[bytes] = frozenset()) -> bytes | None:
        """Return the oldest event of this consumer's list, else move the next there; None after ``timeout`` seconds."""
        with translated(self._client):
            own = self._client.lrange(self._own, 0 if besides else -1, -1)
            left = [raw for raw in own if raw not in besides]
            raw: bytes | None = left[-1] if left else None
            if raw is None:
                raw = self._client.blmove(self._queue, self._own, timeout, "RIGHT", "LEFT")
            return raw

    def readings(self, raw: bytes) -> int:
        """Return how many readings of an event were begun since one came to an end."""
        with translated(self._client):
            return int(self._client.hget(readings_key(self._queue), _digest(raw)) or 0)

    def begin(self, raw: bytes) -> int:
        """Count a reading of an event; return how many were begun since one came to an end."""
        with translated(self._client):
            return int(self._client.hincrby(readings_key(self._queue), _digest(raw), 1))

    def acknowledge(self, raw: bytes) -> None:
        """Forget an event."""
        with translated(self._client), self._client.pipeline() as pipe:
            self._end(pipe, raw)
            pipe.execute()

    def postpone(self, raw: bytes) -> None:
        """Put an event back on the queue, behind all others."""
        with translated(self._client), self._client.pipeline() as pipe:
            self._end(pipe, raw)
            pipe.lpush(self._queue, raw)
            pipe.execute()

    def dead_letter(self, raw: bytes, envelope: bytes) -> None:
        """Move an event to the dead letters, with the reason in its envelope."""
        with translated(self._client), self._client.pipeline() as pipe:
            pipe.lrem(dead_key(self._queue), 0, raw)
            pipe.lpush(dead_key(self._queue), raw)
            pipe.hset(dead_reasons_key(self._queue), _digest(raw), envelope)
            self._end(pipe, raw)
            pipe.execute()

    def reap(self) -> int:
        """Put the events of consumers that are no longer alive back on the queue; return how many."""
        with translated(self._client):
            return sum(self._reap(name, seen) for name, seen in self._others())

    def leave(self) -> None:
        """Put this consumer's events back, and stop counting as a consumer."""
        with translated(self._client):
            for raw in self._client.lrange(self._own, 0, -1):
                self._client.hdel(readings_key(self._queue), _digest(raw))
            self._give_back(self._own)
            self._client.delete(heartbeat_key(self._queue, self._consumer))
            self._client.zrem(consumers_key(self._queue), self._consumer)

    def publish(self, raw: bytes) -> None:
        """Put an event on the queue."""
        with translated(self._client):
            self._client.lpush(self._queue, raw)

    def waiting(self) -> int:
        """Return how many events are on the queue or in the hands of a consumer."""
        with translated(self._client):
            consumers = self._client.zrange(consumers_key(self._queue), 0, -1)
            lists = [self._queue, *(processing_key(self._queue, text(name)) for name in consumers)]
            with self._client.pipeline(transaction=False) as pipe:
                for key in lists:
                    pipe.llen(key)
                return sum(pipe.execute())

    def dead(self) -> Sequence[tuple[bytes, bytes]]:
        """Return (event, envelope) of every dead event, the newest first."""
        with translated(self._client):
            return list(self._dead())

    def refused(self) -> Sequence[tuple[str, bytes]]:
        """Return (id, envelope) of every dead event, in no order."""
        with translated(self._client):
            with self._client.pipeline() as pipe:
                pipe.hgetall(dead_reasons_key(self._queue))
                pipe.llen(dead_key(self._queue))
                envelopes, dead = pipe.execute()
            # One that was put there by hand has no envelope, and is known by its bytes alone.
            found = envelopes.items() if len(envelopes) == dead else ((_digest(raw), why) for raw, why in self._dead())
            return [(text(key)[:_ID_DIGITS], envelope) for key, envelope in found]

    def discard(self, raw: bytes, entry: str = "") -> bool:
        """Forget a dead event for good; False when it is not among the dead letters. ``entry`` is logged with it."""
        with translated(self._client):
            # Two operators at once are both logged: both have said it.
            if self._client.lpos(dead_key(self._queue), raw) is None:
                return False
            with self._client.pipeline() as pipe:
                pipe.lrem(dead_key(self._queue), 0, raw)
                pipe.hdel(dead_reasons_key(self._queue), _digest(raw))
                self._log(pipe, entry)
                return bool(pipe.execute()[0])

    def revive(self, raw: bytes, entry: str = "") -> bool:
        """Move a dead event back to the queue; False when it is not among the dead letters. ``entry``: as above."""
        with translated(self._client):
            # Two operators at once may double the event, which is harmless: the second is known when it is taken in.
            if self._client.lpos(dead_key(self._queue), raw) is None:
                return False
            with self._client.pipeline() as pipe:
                pipe.lpush(self._queue, raw)
                pipe.lrem(dead_key(self._queue), 0, raw)
                pipe.hdel(dead_reasons_key(self._queue), _digest(raw))
                self._log(pipe, entry)
                pipe.execute()
            return True

    def _log(self, pipe: Any, entry: str) -> None:
        if self._actions and entry:
            pipe.rpush(self._actions, entry)

    def _end(self, pipe: Any, raw: bytes) -> None:
        pipe.lrem(self._own, -1, raw)
        pipe.hdel(readings_key(self._queue), _digest(raw))

    def _others(self) -> list[tuple[str, float]]:
        consumers = self._client.zrange(consumers_key(self._queue), 0, -1, withscores=True)
        return [(text(name), float(seen)) for name, seen in consumers if text(name) != self._consumer]

    def _reap(self, name: str, seen: float) -> int:
        if self._client.exists(heartbeat_key(self._queue, name)):
            return 0
        if seen < self._clock() - _FORGET:
            self._client.zrem(consumers_key(self._queue), name)
        return self._give_back(processing_key(self._queue, name))

    def _give_back(self, key: str) -> int:
        """Newest first, each to the end that is taken from: the oldest is next again."""
        moved = 0
        while self._client.lmove(key, self._queue, "LEFT", "RIGHT") is not None:
            moved += 1
        return moved

    def _dead(self) -> Iterator[tuple[bytes, bytes]]:
        start = 0
        while page := self._client.lrange(dead_key(self._queue), start, start + _DEAD_PAGE - 1):
            reasons = self._client.hmget(dead_reasons_key(self._queue), [_digest(raw) for raw in page])
            yield from zip(page, (reason or b"" for reason in reasons), strict=True)
            start += _DEAD_PAGE


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
