"""The seam to Redis: keys, scripts and time below, and errors of our own above."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.commands.core import Script
from redis.retry import Retry

from config.settings_sections import Redis, Store
from worker.domain.reasons import ProcessReason, failure
from worker.errors import StoreUnavailable

_DEFAULTS = Store()


@dataclass(frozen=True, kw_only=True, slots=True)
class StorePolicy:
    """Times in seconds; what can be set has its default in the settings.

    The lease must outlast the overall deadline of a call to e-conomic.
    """

    #: How long a claim, or a save or renewal that keeps it, holds an invoice, a customer or a product.
    lease_seconds: float = _DEFAULTS.lease_seconds
    #: A Celery message is deemed lost at the earliest this long after publishing.
    lost_after: float = _DEFAULTS.lost_after
    #: ... and in a queue that is empty, this long after publishing: workers may still hold some in reserve.
    idle_after: float = 20.0
    #: A message is overtaken when one published this much later has been claimed: queues are first in, first out.
    overtaken_by: float = 5.0
    #: Leases in a row that may run out, without an end of the execution in between, before it is a dead letter.
    max_crashes: int = _DEFAULTS.max_crashes
    #: An invoice on its last chance has this long before the next one follows: one of them may be what kills workers.
    alone_for: float = 10.0
    #: How long the claim of a period's preflight holds it; renewed while the preflight lives.
    period_lease_seconds: float = _DEFAULTS.lease_seconds


def connect(settings: Redis) -> redis.Redis:
    """Return a client that survives a short interruption: every script may safely run twice.

    Without that, one lost answer would cost its invoice a whole lease.
    """
    return redis.Redis.from_url(
        settings.url.get_secret_value(),
        socket_timeout=settings.socket_timeout,
        socket_connect_timeout=settings.connect_timeout,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), 3),
    )


#: What a script is called with; Redis knows text only.
Word = str | int | float


class StoreConnection:
    """One Redis database below one key prefix."""

    def __init__(
        self, client: redis.Redis, *, prefix: str, policy: StorePolicy, clock: Callable[[], float] | None = None
    ) -> None:
        """``clock`` is for tests: without it scripts take the server's time, so that hosts need not agree on one."""
        self._client = client
        self._prefix = prefix
        self._clock = clock
        self._scripts: dict[str, Script] = {}
        self.policy = policy

    def key(self, *parts: str) -> str:
        """Return the full name of a key."""
        return self._prefix + ":".join(parts)

    def run(self, script: str, *words: Word) -> list[Any]:
        """Run a script by name. Raises ``StoreUnavailable``."""
        now = repr(self._clock()) if self._clock else ""
        with translated():
            return list(self._script(script)(args=[self._prefix, now, *words]))

    def ask(self, *commands: Sequence[Word]) -> list[Any]:
        """Run commands in one trip and return their answers. Raises ``StoreUnavailable``."""
        with translated(), self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]  # the driver leaves it untyped
            return list(pipeline.execute())

    def _script(self, name: str) -> Script:
        if name not in self._scripts:
            self._scripts[name] = self._client.register_script(_source("common") + _source(name))
        return self._scripts[name]


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ``StoreUnavailable``."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise _down(f"Redis does not answer: {_brief(error)}") from error
    except redis.RedisError as error:
        raise _down(f"Redis refused a command: {_brief(error)}") from error


def token() -> str:
    """Name one call, so that its repeat is recognised."""
    return uuid.uuid4().hex


def text(value: Any) -> str:
    """Return text, whichever way the client decodes; empty for none."""
    return value.decode() if isinstance(value, bytes) else str(value or "")


def texts(values: Sequence[Any]) -> list[str]:
    """Return each as text."""
    return [text(value) for value in values]


def mapping(answer: Any) -> dict[str, str]:
    """Return a hash as a script (flat list) or a command (dict in RESP3) answers it."""
    if isinstance(answer, dict):
        return {text(name): text(value) for name, value in answer.items()}
    words = texts(answer)
    return dict(zip(words[::2], words[1::2], strict=True))


def _source(name: str) -> str:
    return files("worker.store").joinpath("lua", f"{name}.lua").read_text()


def _brief(error: redis.RedisError) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _down(description: str) -> StoreUnavailable:
    return StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, description))
