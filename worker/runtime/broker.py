"""The broker of Celery's messages as the rest of the program asks it: what waits there, and whether it answers.

Celery speaks to it by itself. Here is what Celery does not tell: lengths of queues, for the sweep and the figures.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Protocol

import redis
from typing_extensions import override

from config.addresses import is_rabbitmq
from config.broker import carried_by_store, carrier
from config.names import export_queue, preflight_queue, queue_key, recovery_queue
from config.settings import Settings, variable
from worker.domain.broker_look import BrokerLook
from worker.domain.reasons import ProcessReason
from worker.errors import BrokerUnavailable, StoreUnavailable
from worker.store.causes import failure_of, store_unavailable
from worker.store.connection import connect, translated

#: Kinds of queues whose lengths are figures.
_SHOWN = (export_queue, recovery_queue, preflight_queue)


class Broker(Protocol):
    """What carries the messages. Safe to share between threads."""

    #: What it is, for people.
    name: str
    #: Whether it is something else than the Redis of the store.
    apart: bool
    #: How often a publisher tries: a connection that was idle may be to a broker that has gone since.
    tries: int

    def check(self) -> None:
        """Return if it answers, whatever its user may do. Raises ``StoreUnavailable``."""

    def lengths(self, queues: Sequence[str]) -> Mapping[str, int]:
        """Return how many messages wait in each of these queues. Raises ``StoreUnavailable``."""

    def publishing(self, producer: Any) -> AbstractContextManager[object]:  # noqa: ARG002  # Redis answers each command
        """Have what a producer (kombu's) publishes during a block answered, within the time of the settings."""
        return nullcontext()

    def unavailable(self, error: BaseException) -> StoreUnavailable:
        """Return an error of its driver as ours, with cause and next step."""

    def watched(self) -> Iterator[redis.Redis]:
        """Yield a client whose name may come to lead to another server, if that can happen unnoticed."""

    def close(self) -> None:
        """Close the connections of its own."""


class RedisBroker(Broker):
    """Redis: that of the store, or another one."""

    def __init__(self, client: redis.Redis, *, prefix: str, apart: bool) -> None:
        """``client`` is the store's own, unless ``apart``: then it is closed with the broker."""
        self._client = client
        self._prefix = prefix
        self.name = "Redis"
        self.apart = apart
        self.tries = 1

    @override
    def check(self) -> None:
        with self._translated():
            self._client.ping()

    @override
    def lengths(self, queues: Sequence[str]) -> Mapping[str, int]:
        with self._translated(), self._client.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.llen(queue_key(self._prefix, queue))
            return dict(zip(queues, pipe.execute(), strict=True))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with translated(self._client):
                yield
        except StoreUnavailable as error:
            raise self.unavailable(error.__cause__ or error) from error

    @override
    def unavailable(self, error: BaseException) -> StoreUnavailable:
        if not self.apart:
            return store_unavailable(error)
        why = failure_of(error)
        return BrokerUnavailable(
            replace(
                why,
                reason=ProcessReason.BROKER_UNAVAILABLE,
                description=f"The broker: {why.description}",
                next_step=why.next_step.replace("REDIS_URL", variable("broker", "url")),
            )
        )

    @override
    def watched(self) -> Iterator[redis.Redis]:
        if self.apart:
            yield self._client

    @override
    def close(self) -> None:
        if self.apart:
            self._client.close()


def open_broker(settings: Settings, store: redis.Redis | None = None) -> Broker:
    """Return the broker of these settings; ``store`` is a client of the store's Redis, if there is one already."""
    prefix = settings.redis.prefix
    if store is not None and carried_by_store(settings):
        return RedisBroker(store, prefix=prefix, apart=False)
    broker = carrier(settings)
    if is_rabbitmq(broker.url.get_secret_value()):
        from worker.runtime.rabbitmq import RabbitMqBroker  # noqa: PLC0415  # kombu: few installations need it here

        return RabbitMqBroker(settings)
    other = settings.redis.model_copy(update={"url": broker.url, "ca_file": broker.ca_file})
    return RedisBroker(connect(other), prefix=prefix, apart=True)


def look_at(broker: Broker, exports: Iterable[str]) -> BrokerLook | None:
    """Return how the broker is; None when it is the Redis of the store, of which all is said already."""
    if not broker.apart:
        return None
    try:
        return BrokerLook(name=broker.name, waiting=sum(shown_lengths(broker, exports).values()))
    except StoreUnavailable as error:
        return BrokerLook(name=broker.name, fault=error.failure)


def waiting(broker: Broker) -> Callable[[str], int]:
    """Return what tells how many messages wait in a queue."""
    return lambda queue: broker.lengths([queue])[queue]


def shown_lengths(broker: Broker, exports: Iterable[str]) -> Mapping[str, int]:
    """Return how many messages wait in each queue of these exports that a person wants to see."""
    return broker.lengths([kind(name) for name in exports for kind in _SHOWN])
