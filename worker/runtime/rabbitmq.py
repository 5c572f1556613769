"""RabbitMQ as the broker: lengths of its queues, and its errors in words."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Any

import redis
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from typing_extensions import override

from config.broker import carrier, celery_queue, rabbitmq_options
from config.settings import Settings
from worker.domain.reasons import ProcessReason, failure
from worker.errors import BrokerUnavailable
from worker.runtime.broker import Broker
from worker.store.causes import cause_of

#: What a connection to RabbitMQ fails with (py-amqp; kombu wraps some of it).
ERRORS = (AMQPError, OperationalError, OSError)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cause:
    """One trouble with RabbitMQ: words of its answer, in small letters, what they mean, and the next step."""

    sign: str
    description: str
    next_step: str


#: The first whose sign is found is the cause (RabbitMQ docs, "Access Control", "Channels", "Memory and Disk Alarms").
_CAUSES = (
    _Cause(
        sign="access_refused - login",
        description="it refuses the user or password",
        next_step="Correct both in OPTER_ECONOMIC_BROKER__URL or its secret file, and start the processes again.",
    ),
    _Cause(
        sign="access_refused",
        description="it forbids its user a queue or exchange",
        next_step="Give it all three rights to the whole virtual host (rabbitmqctl set_permissions).",
    ),
    _Cause(
        sign="not_allowed",
        description="there is no such virtual host, or its user has no rights to it",
        next_step="Create the virtual host and give the user its rights (rabbitmqctl add_vhost, set_permissions).",
    ),
    _Cause(
        sign="inequivalent arg",
        description="a queue of ours was made by somebody else, with other options",
        next_step="Delete that queue (rabbitmqctl delete_queue): it is made anew, and what was in it is sent again.",
    ),
    _Cause(
        sign="delivery acknowledgement",
        description="a message waited for a slot for longer than its consumer_timeout",
        next_step="Nothing: the connection is made anew, and what waits is sent again.",
    ),
)


class RabbitMqBroker(Broker):
    """RabbitMQ, over one connection of its own, made at first use and made anew when it breaks."""

    def __init__(self, settings: Settings) -> None:
        options = rabbitmq_options(settings)
        self._connection: Any = Connection(  # type: ignore[no-untyped-call]  # kombu is typed in part only
            carrier(settings).url.get_secret_value(),
            ssl=options["broker_use_ssl"],
            connect_timeout=options["broker_connection_timeout"],
            transport_options=options["broker_transport_options"],
        )
        self._lock = threading.Lock()
        self._channel: Any = None
        self._timeout = settings.redis.socket_timeout
        self.name = "RabbitMQ"
        self.apart = True
        self.tries = 2

    @override
    def check(self) -> None:
        self._twice(lambda _: None)

    @override
    def lengths(self, queues: Sequence[str]) -> Mapping[str, int]:
        """Return how many messages are ready in each, and none that a worker holds already.

        A queue that somebody has deleted is made anew by that, so that what is published gets there.
        """
        lengths = {}

        def count(channel: Any) -> None:
            for name in queues:
                queue: Any = celery_queue(name)
                lengths[name] = int(queue(channel).queue_declare().message_count)

        self._twice(count)
        return lengths

    def _twice(self, ask: Callable[[Any], None]) -> None:
        """Ask over the connection as it is, and over a new one if that one is broken."""
        with self._lock:
            try:
                self._once(ask)
            except ERRORS:
                self._drop()
                try:
                    self._once(ask)
                except ERRORS as error:
                    self._drop()
                    raise self.unavailable(error) from error

    def _once(self, ask: Callable[[Any], None]) -> None:
        if self._channel is None:
            self._connection.connect()
            self._channel = self._connection.channel()
        with self._bounded(self._connection):
            ask(self._channel)

    def _drop(self) -> None:
        self._channel = None
        with suppress(*ERRORS):
            self._connection.collect()

    @override
    def publishing(self, producer: Any) -> AbstractContextManager[object]:
        """A message counts as published once RabbitMQ has confirmed it.

        Of the publisher's own channel alone: Celery's events, sent by many threads, would wait for confirmations.
        """
        producer.channel.basic_publish = producer.channel.basic_publish_confirm
        return self._bounded(producer.connection)

    def _bounded(self, connection: Any) -> AbstractContextManager[object]:
        """An answer is waited for no longer than Redis': with an alarm of memory or disk RabbitMQ gives none at all."""
        bounds: AbstractContextManager[object] = connection.connection.transport.having_timeout(self._timeout)
        return bounds

    @override
    def unavailable(self, error: BaseException) -> BrokerUnavailable:
        said = str(error).lower()
        plain = failure(ProcessReason.BROKER_UNAVAILABLE, f"RabbitMQ does not answer ({type(error).__name__}).")
        cause = next((cause for cause in _CAUSES if cause.sign in said), None)
        if cause:
            text = f"RabbitMQ does not do what it is asked: {cause.description}."
            return BrokerUnavailable(replace(plain, description=text, next_step=cause.next_step))
        known = cause_of(error)
        if known and "redis" not in known.description.lower():
            known_text = known.description[:1].lower() + known.description[1:]
            plain = replace(plain, description=f"RabbitMQ does not answer: {known_text} ({type(error).__name__}).")
        return BrokerUnavailable(plain)

    @override
    def watched(self) -> Iterator[redis.Redis]:
        yield from ()

    @override
    def close(self) -> None:
        with self._lock:
            self._drop()
