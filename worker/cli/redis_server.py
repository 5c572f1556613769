"""The Redis of one machine: the configured one, else an embedded server with its data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import Settings
from worker.cli.error_output import WrongUsage
from worker.local.embedded import EmbeddedServer, EmbeddedServerError
from worker.runtime import server_problems

_STANDARD_PORT = 6379


@contextmanager
def redis_for(settings: Settings, data: Path) -> Iterator[str]:
    """Give the address of Redis; an embedded server lives as long as the block.

    The embedded server takes the port of the standard address, so that every other command finds it unconfigured.

    Raises ``EmbeddedServerError``; for a configured Redis ``StoreUnavailable``, or ``WrongUsage`` when it is not fit.
    """
    url = settings.redis.url.get_secret_value()
    if not is_embedded(settings):
        require_fit(settings)
        yield url
        return
    server = EmbeddedServer(data, port=urlsplit(url).port or _STANDARD_PORT)
    _start(server)
    try:
        yield server.url
    finally:
        server.stop()


def is_embedded(settings: Settings) -> bool:
    """Tell whether no Redis is configured, so that ``up`` brings one."""
    return "redis" not in settings.model_fields_set or "url" not in settings.redis.model_fields_set


def require_fit(settings: Settings) -> None:
    """Refuse to run on a Redis that may lose data: what it loses could be posted twice, or never.

    Raises ``WrongUsage``, and ``StoreUnavailable`` when it does not answer.
    """
    problems = server_problems(settings)
    if problems:
        raise WrongUsage("This Redis is not fit to hold the store; nothing was started.", "\n  → ".join(problems))


def _start(server: EmbeddedServer) -> None:
    try:
        server.start()
    except EmbeddedServerError as error:
        advice = f"If a Redis of your own is on port {server.port}, name it: REDIS_URL={server.url}."
        raise EmbeddedServerError(f"{error} {advice}") from None
