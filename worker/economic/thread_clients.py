"""One HTTP client per thread, with a deadline for each whole call."""

import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

#: Seconds that an idle connection is kept: longer than any wait inside a job, shorter than servers usually keep it.
_KEEP_ALIVE = 20.0
_PIECE = 65_536


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport, its sockets under the deadline that each request carries as the extension ``deadline``.

    The deadline is a time of ``time.monotonic``; one for each transport at a time, so each belongs to one thread.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._backend = _DeadlineBackend()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=2, keepalive_expiry=_KEEP_ALIVE, network_backend=self._backend
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as httpx's own does; timeouts are raised when the request's deadline has passed."""
        self._backend.until = request.extensions.get("deadline", math.inf)
        return super().handle_request(request)


class _DeadlineBackend(httpcore.SyncBackend):
    """Sockets whose every operation ends at ``until`` (``time.monotonic``). Only looking a name up is not covered."""

    until = math.inf

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        timeout = self.clip(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options), self)

    def clip(self, timeout: float | None, late: type[Exception]) -> float:
        """Return what is left for an operation; raises ``late`` when nothing is."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise late("the deadline of the call has passed")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection that asks its backend before every operation; a timeout alone starts anew with each byte."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _DeadlineBackend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.clip(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            piece = buffer[start : start + _PIECE]
            self._inner.write(piece, self._backend.clip(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = self._backend.clip(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds for one operation on the connection; the deadline of the whole call comes on top."""

    connect: float = 5.0
    read: float = 12.0
    write: float = 5.0
    pool: float = 5.0


class ThreadClients:
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
