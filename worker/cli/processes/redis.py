"""The Redis of one machine: the configured one, else an embedded server with its data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import Settings
from worker.ledger.embedded import EmbeddedServer, EmbeddedServerError

_STANDARD_PORT = 6379


@contextmanager
def redis_for(settings: Settings, data: Path) -> Iterator[str]:
    """Give the address of Redis; an embedded server lives as long as the block. Raises ``EmbeddedServerError``.

    The embedded one takes the port of the standard address, so that every other command finds it unconfigured.
    """
    url = settings.redis.url.get_secret_value()
    if "redis" in settings.model_fields_set and "url" in settings.redis.model_fields_set:
        yield url
        return
    server = EmbeddedServer(data, port=urlsplit(url).port or _STANDARD_PORT)
    _start(server)
    try:
        yield server.url
    finally:
        server.stop()


def _start(server: EmbeddedServer) -> None:
    try:
        server.start()
    except EmbeddedServerError as error:
        advice = f"If a Redis of your own is on port {server.port}, name it: REDIS_URL={server.url}."
        raise EmbeddedServerError(f"{error} {advice}") from None
