"""The parts of the intake: event queue, reader and consumer, put together from the settings."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from redis import Redis

from config.exports import ExportConfig
from config.settings import Settings
from worker.intake.consumer import Consumer
from worker.intake.reading import Reader
from worker.runtime.file_access import allowed_places
from worker.runtime.runtime import Runtime
from worker.store.event_queue import RedisEventQueue, event_client


@contextmanager
def intake_consumer(runtime: Runtime) -> Iterator[Consumer]:
    """Give the consumer of this process; its connections are closed in the end."""
    settings = runtime.settings
    client = event_client(
        settings.redis.url.get_secret_value(),
        socket_timeout=settings.redis.socket_timeout,
        connect_timeout=settings.redis.connect_timeout,
    )
    with closing(client):
        yield _consumer(runtime, client)


def event_reader(settings: Settings, exports: Mapping[str, ExportConfig]) -> Reader:
    """Return what reads events, from the places that the settings allow."""
    intake = settings.intake
    places = allowed_places(intake, deadline=intake.fetch_deadline)
    return Reader(exports, places, invoices_file_limit=intake.max_invoices_file_bytes)


def _consumer(runtime: Runtime, client: Redis) -> Consumer:
    intake = runtime.settings.intake
    return Consumer(
        queue=RedisEventQueue(
            client,
            queue=intake.queue,
            clock=time.time,
            consumer=_name(runtime.settings),
            heartbeat=intake.heartbeat,
        ),
        store=runtime.store,
        reader=event_reader(runtime.settings, runtime.exports),
        announce=runtime.publisher.preflight,
        clock=time.time,
        event_limit=intake.max_event_bytes,
        fetch_attempts=intake.fetch_attempts,
    )


def _name(settings: Settings) -> str:
    return settings.intake.consumer or f"{socket.gethostname()}-{os.getpid()}"
