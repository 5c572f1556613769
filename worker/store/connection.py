"""The connection to Redis: keys, scripts, the server's time, driver errors."""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from time import monotonic
from typing import Any, cast

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from config.settings_sections import Redis, Store
from worker.store.causes import store_unavailable
from worker.store.failover import drop_connections
from worker.store.short_content import lua_table

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
    #: A message is overtaken when another, published this much later, has been claimed: queues are first in, first out.
    overtaken_by: float = 5.0
    #: Leases in a row that may run out, without an end of the execution in between, before it is a dead letter.
    max_crashes: int = _DEFAULTS.max_crashes
    #: An invoice on its last chance has this long before the next follows: it may be the one that kills workers.
    alone_for: float = 10.0
    #: A restart of the server so soon after its last sign of life has lost nothing; see ``doubt_lost_writes``.
    restart_within: float = _DEFAULTS.restart_within
    #: How long the claim of a period's preflight holds it; renewed while the preflight lives.
    period_lease_seconds: float = _DEFAULTS.lease_seconds


#: What a server answers that is no primary (any more): another one may stand behind the name by now. One that is still
#: loading is a connection error to the driver already. Redis 6.2 wraps the word when a script met it, see ``demoted``.
DEMOTED = (redis.exceptions.ReadOnlyError, redis.exceptions.MasterDownError)
_DEMOTED_WORDS = ("READONLY", "MASTERDOWN", "LOADING", "UNBLOCKED")
#: A connection that was idle is tried before it is used, and the system notices a dead other side by itself. The
#: driver does not introduce itself: that takes a command that managed servers may refuse, and time at the start.
CONNECTION_OPTIONS: Mapping[str, Any] = {"socket_keepalive": True, "health_check_interval": 5, "driver_info": None}


def demoted(error: BaseException) -> bool:
    """Return whether a server that is no primary (any more) answered this."""
    return isinstance(error, redis.RedisError) and any(word in str(error) for word in _DEMOTED_WORDS)


def connect(settings: Redis) -> redis.Redis:
    """Return a client that survives a short interruption: every script may safely run twice.

    Without that, one lost answer would cost its invoice a whole lease.
    """
    return redis.Redis.from_url(
        settings.url.get_secret_value(),
        socket_timeout=settings.socket_timeout,
        socket_connect_timeout=settings.connect_timeout,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), 3),
        **tls_options(settings),
        # The driver drops a connection before it tries again, and so looks the name up anew.
        retry_on_error=list(DEMOTED),
        **CONNECTION_OPTIONS,
    )


def tls_options(settings: Redis) -> dict[str, str]:
    """Return what a client is told about the authority that signed Redis' certificate; nothing without TLS."""
    if settings.ca_file is None or not settings.url.get_secret_value().startswith("rediss:"):
        return {}
    return {"ssl_ca_certs": str(settings.ca_file)}


#: Seconds without an answer after which the server is asked: its clock may have been set meanwhile.
STALE = 60.0


@dataclass(kw_only=True)
class RedisClock:
    """The server's time, carried on between its answers by this host's monotonic clock.

    Hosts need not agree: whatever is decided by the time of day is decided by this one. Every answer of the store names
    the server's time; between the sending of a call and its answer that time lay somewhere, so each answer bounds how
    far the server is ahead of the monotonic clock, and the bounds of several are narrower than those of one. Safe to
    share between threads: what has been learnt is replaced as a whole.
    """

    #: Seconds from any fixed point; never set back.
    monotonic: Callable[[], float] = monotonic
    #: The least and the greatest that the server may be ahead of ``monotonic``, and when that was learnt.
    _learnt: tuple[float, float, float] | None = field(default=None)

    def learn(self, server: float, *, sent: float) -> None:
        """Take in the time that an answer names; ``sent`` is when the call was made, by ``monotonic``.

        What contradicts the answers before it means that the server's clock was set: then only this one counts.
        """
        received = self.monotonic()
        least, greatest = server - received, server - sent
        if self._learnt:
            narrower = max(least, self._learnt[0]), min(greatest, self._learnt[1])
            if narrower[0] <= narrower[1]:
                least, greatest = narrower
        self._learnt = least, greatest, received

    def now(self) -> float | None:
        """Return the server's time, never later than it is; None when it has to be asked."""
        learnt, now = self._learnt, self.monotonic()
        if learnt is None or now - learnt[2] > STALE:
            return None
        return now + learnt[0]


#: What a script is called with; Redis knows text only.
Word = str | int | float | bytes


class StoreConnection:
    """One Redis database below one key prefix."""

    def __init__(
        self, client: redis.Redis, *, prefix: str, policy: StorePolicy, clock: Callable[[], float] | None = None
    ) -> None:
        """``clock`` is for tests: without it scripts take the server's time, so that hosts need not agree."""
        self._client = client
        self._prefix = prefix
        self._clock = clock
        self._server_clock = RedisClock()
        #: Name of a script -> its source and SHA-1, by which Redis knows it once it has run.
        self._scripts: dict[str, tuple[str, str]] = {}
        self._own = threading.local()
        self.policy = policy

    def key(self, *parts: str) -> str:
        """Return the full name of a key."""
        return self._prefix + ":".join(parts)

    def run(self, script: str, *words: Word) -> list[Any]:
        """Run a script by name, and learn the server's time from its answer. Raises ``StoreUnavailable``."""
        now = repr(self._clock()) if self._clock else ""
        sent = self._server_clock.monotonic()
        client = self._of_this_thread()
        with translated(client):
            at, answer = self._evaluate(client, script, (self._prefix, now, *words))
        self._server_clock.learn(float(at), sent=sent)
        return list(answer)

    def now(self) -> float:
        """Return the time that decides, the server's own, in seconds since the epoch, UTC.

        The server is asked only when it has not answered for a minute. Raises ``StoreUnavailable``.
        """
        if self._clock:
            return self._clock()
        now = self._server_clock.now()
        if now is None:
            sent = self._server_clock.monotonic()
            [(seconds, microseconds)] = self.ask(["TIME"])
            self._server_clock.learn(int(seconds) + int(microseconds) / 1e6, sent=sent)
            now = self._server_clock.now()
        return cast("float", now)

    def ask(self, *commands: Sequence[Word], at_once: bool = False) -> list[Any]:
        """Run commands in one trip and return their answers; ``at_once``: with no other client's in between.

        Raises ``StoreUnavailable``.
        """
        with translated(self._client), self._client.pipeline(transaction=at_once) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]  # the driver leaves it untyped
            return list(pipeline.execute())

    def _of_this_thread(self) -> redis.Redis:
        """Return a client that keeps a connection for this thread: to take one from the pool at each call costs CPU."""
        if not hasattr(self._own, "client"):
            with translated(self._client):
                self._own.client = self._client.client()  # type: ignore[no-untyped-call]  # the driver leaves it untyped
        client: redis.Redis = self._own.client
        if client.connection and client.connection.should_reconnect():  # type: ignore[no-untyped-call]  # the same
            client.connection.disconnect()  # type: ignore[no-untyped-call]  # the same
        return client

    def _evaluate(self, client: redis.Redis, name: str, words: Sequence[Word]) -> Any:
        if name not in self._scripts:
            source = _timed(name)
            self._scripts[name] = source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        source, sha = self._scripts[name]
        try:
            return client.evalsha(sha, 0, *words)
        except redis.exceptions.NoScriptError:  # a server that has just started, or another one
            return client.eval(source, 0, *words)


@contextmanager
def translated(client: redis.Redis | None = None) -> Iterator[None]:
    """Turn the driver's errors into ``StoreUnavailable``; connections to a server that is no primary are dropped."""
    try:
        yield
    except redis.RedisError as error:
        if client and demoted(error):
            drop_connections(client)
            if client.connection:
                client.connection.disconnect()  # type: ignore[no-untyped-call]  # the same
        raise store_unavailable(error) from error


def answers(client: redis.Redis) -> bool:
    """Return whether the server answers now."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def token() -> str:
    """Return a name for a call, so that its repeat is recognised."""
    return secrets.token_hex(16)


def text(value: Any) -> str:
    """Return text, whichever way the client decodes; empty for none."""
    return value.decode() if isinstance(value, bytes) else str(value or "")


def texts(values: Sequence[Any]) -> list[str]:
    """Return each as text."""
    # Nearly all are bytes: a call for each would cost more than what it does.
    return [value.decode() if isinstance(value, bytes) else text(value) for value in values]


def mapping(answer: Any) -> dict[str, str]:
    """Return a hash as a script (flat list) or a command (dict in RESP3) answers it."""
    if isinstance(answer, dict):
        return {text(name): text(value) for name, value in answer.items()}
    words = texts(answer)
    return dict(zip(words[::2], words[1::2], strict=True))


def server_info(client: redis.Redis) -> Mapping[str, Any]:
    """Return what Redis says of itself. Raises ``StoreUnavailable``."""
    with translated(client):
        return cast("Mapping[str, Any]", client.info())


def pairs(answer: Sequence[Any]) -> list[tuple[str, float]]:
    """Return members with their scores as a command answers them: flat, or each a list of its own (RESP3)."""
    words = [word for each in answer for word in each] if answer and isinstance(answer[0], list | tuple) else answer
    return [(text(member), float(score)) for member, score in zip(words[::2], words[1::2], strict=True)]


def _timed(script: str) -> str:
    """Return the whole script, which answers the time by which it has run, and its own answer."""
    return f"{lua_table()}{_source('common')}local function script()\n{_source(script)}\nend\nreturn {{AT, script()}}\n"


def _source(name: str) -> str:
    return files("worker.store").joinpath("lua", f"{name}.lua").read_text()
