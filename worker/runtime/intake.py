"""The parts of the intake: event queue, reader and consumer, put together from the settings."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from redis import Redis

from config.settings import Settings
from worker.intake.consumer import Consumer
from worker.intake.places import Places
from worker.intake.reading import Reader
from worker.intake.resolve import resolve
from worker.intake.web import Web, WebRules
from worker.ledger.event_queue import RedisEventQueue, event_client
from worker.runtime.fetch import HttpFetch
from worker.runtime.parts import Runtime


@contextmanager
def intake_consumer(runtime: Runtime) -> Iterator[Consumer]:
    """Give the consumer of this process; its connections are closed in the end."""
    settings = runtime.settings
    client = event_client(
        settings.redis.url.get_secret_value(),
        socket_timeout=settings.redis.socket_timeout,
        connect_timeout=settings.redis.connect_timeout,
    )
    fetch = HttpFetch(timeout=settings.intake.fetch_timeout)
    with closing(client), closing(fetch):
        yield _consumer(runtime, client, fetch)


def _consumer(runtime: Runtime, client: Redis, fetch: HttpFetch) -> Consumer:
    intake = runtime.settings.intake
    return Consumer(
        queue=RedisEventQueue(
            client,
            queue=intake.queue,
            clock=time.time,
            consumer=_name(runtime.settings),
            heartbeat=intake.heartbeat,
        ),
        ledger=runtime.ledger,
        reader=Reader(runtime.exports, _places(runtime.settings, fetch), reference_limit=intake.max_reference_bytes),
        announce=runtime.publisher.preflight,
        clock=time.time,
        event_limit=intake.max_event_bytes,
        fetch_attempts=intake.fetch_attempts,
    )


def _places(settings: Settings, fetch: HttpFetch) -> Places:
    intake = settings.intake
    rules = WebRules(
        hosts=intake.allowed_hosts,
        allow_http=intake.allow_http,
        allow_private=intake.allow_private_hosts,
        deadline=intake.fetch_deadline,
    )
    return Places(intake.allowed_folders, Web(rules, fetch=fetch, resolve=resolve, clock=time.monotonic))


def _name(settings: Settings) -> str:
    return settings.intake.consumer or f"{socket.gethostname()}-{os.getpid()}"
