"""One HTTP client for each thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from worker.economic.deadline import DeadlineTransport


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds for one operation on the connection; the deadline of the whole call comes on top."""

    connect: float = 5.0
    read: float = 12.0
    write: float = 5.0
    pool: float = 5.0


class Slots:
    """A client for each thread over one TLS context: a client shared by many threads is the bottleneck (measured)."""

    def __init__(self, timeouts: Timeouts, transport: Callable[[], httpx.BaseTransport] | None = None) -> None:
        self._timeouts = httpx.Timeout(
            connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.pool
        )
        self._transport = transport or partial(DeadlineTransport, httpx.create_ssl_context(trust_env=False))
        self._local = threading.local()
        self._lock = threading.Lock()
        self._clients: list[tuple[threading.Thread, httpx.Client]] = []

    def client(self) -> httpx.Client:
        """Return this thread's client."""
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None:
            self._local.client = client = self._build()
            self._remember(client)
        return client

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            clients, self._clients = self._clients, []
        for _, client in clients:
            client.close()
        self._local = threading.local()

    def _build(self) -> httpx.Client:
        return httpx.Client(
            transport=self._transport(),
            timeout=self._timeouts,
            follow_redirects=False,
            trust_env=False,
            # A cookie of one agreement's session must never travel with another call.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"user-agent": "opter-economic"},
        )

    def _remember(self, client: httpx.Client) -> None:
        with self._lock:
            for thread, left in self._clients:
                if not thread.is_alive():
                    left.close()
            self._clients = [pair for pair in self._clients if pair[0].is_alive()]
            self._clients.append((threading.current_thread(), client))
