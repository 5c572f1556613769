"""How a worker reads Celery's queues: no more messages than soon find a slot here, so that others get theirs.

Redis gives one message at a time to whoever asks: queues of which enough waits here are not asked for a while. RabbitMQ
sends by itself, to each queue's consumer so many as are not acknowledged yet, and a message is acknowledged when its
execution begins.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from typing_extensions import override

from config.broker import queues_of

#: Seconds that the worker waits inside Redis for a message while some wait here for a slot: kombu notices a slot that
#: has become free, and a queue that may be read again, only in between. Otherwise one second.
_SHORT_WAIT = 0.05


class QueueReading(Protocol):
    """The reading of one connection to the broker; used by the worker's main loop alone."""

    #: Exports whose queues rest.
    resting: Sequence[str]

    def adjust(self, export: str, *, full: bool) -> None:
        """Let the queues of an export rest while enough of it waits here (``full``), and read them again."""

    def hurry(self, *, held: bool) -> None:
        """Look after slots more often while messages wait here for one."""


class RedisReading(QueueReading):
    """Leaves queues out of the command that waits for the next message."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        #: Queues that rest, by export.
        self._out: dict[str, list[str]] = {}

    @property
    @override
    def resting(self) -> Sequence[str]:  # type: ignore[override]  # a view, which nobody sets
        return tuple(self._out)

    @override
    def adjust(self, export: str, *, full: bool) -> None:
        if full and export not in self._out:
            self._out[export] = _take_out(self._channel, frozenset(queues_of(export)))
        elif not full and export in self._out:
            _put_back(self._channel, self._out.pop(export))

    @override
    def hurry(self, *, held: bool) -> None:
        self._channel.brpop_timeout = _SHORT_WAIT if held else self._channel.connection.brpop_timeout


class Prefetching(QueueReading):
    """Has RabbitMQ hold back what is too much; the loop wakes up by itself for a slot that has become free."""

    def __init__(self, consumer: Any, *, most: int) -> None:
        """``consumer`` is Celery's; ``most``: messages of one queue that may wait here."""
        self.resting = ()
        task_consumer, qos = consumer.task_consumer, consumer.qos

        def for_each_consumer(prefetch_count: int) -> None:
            task_consumer.qos(prefetch_count=prefetch_count, apply_global=False)

        # Celery would set one bound for all queues together, so that one export could take it all; and none for 0.
        qos.callback, qos.value = for_each_consumer, most
        qos.update()

    @override
    def adjust(self, export: str, *, full: bool) -> None:
        """Do nothing: what is not acknowledged counts."""

    @override
    def hurry(self, *, held: bool) -> None:
        """Do nothing."""


def reading_of(consumer: Any, *, most: int) -> QueueReading:
    """Return how this connection of Celery's consumer is read; before it begins to consume."""
    if consumer.connection.transport.driver_type == "amqp":
        return Prefetching(consumer, most=most)
    return RedisReading(consumer.task_consumer.channel)


def _take_out(channel: Any, queues: AbstractSet[str]) -> list[str]:
    """Have queues rest; return those that were read. kombu's own cancelling refuses what is on its way."""
    active = channel._active_queues  # noqa: SLF001  # kombu offers nothing else
    resting = [queue for queue in active if queue in queues]
    active[:] = [queue for queue in active if queue not in queues]
    channel._update_queue_cycle()  # noqa: SLF001  # the same
    return resting


def _put_back(channel: Any, queues: Sequence[str]) -> None:
    channel._active_queues.extend(queues)  # noqa: SLF001  # the same
    channel._update_queue_cycle()  # noqa: SLF001  # the same
