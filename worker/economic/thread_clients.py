"""One HTTP client per thread, with a deadline for each whole call, and how many calls may be under way."""

import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import lru_cache, partial
from queue import Empty, SimpleQueue
from typing import Any, Self

import httpcore
import httpx
from typing_extensions import override

from config.settings_sections import Http

#: No answer that we ask for comes near this many bytes.
LARGEST_BODY = 32 * 1024 * 1024
#: Seconds that an idle connection is kept: longer than waits inside an execution, shorter than servers usually keep it.
_KEEP_ALIVE = 20.0
_PIECE = 65_536
#: The few addresses that every invoice uses are parsed once.
_parsed = lru_cache(maxsize=128)(httpx.URL)


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


class ThreadClient:
    """One thread's way to e-conomic: a transport and nothing above it.

    So there are no redirects, no settings from the environment, and no cookies: one of an agreement's session must
    never travel with another call.
    """

    def __init__(self, transport: httpx.BaseTransport, timeouts: dict[str, float | None]) -> None:
        self._transport = transport
        self._timeouts = timeouts

    def send(
        self, method: str, url: str, headers: httpx.Headers, content: bytes, *, deadline: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers (names in lower case) and body of the answer, all within ``deadline`` seconds.

        Raises httpx's errors; an answer larger than ``LARGEST_BODY`` is one.
        """
        extensions = {"timeout": self._timeouts, "deadline": time.monotonic() + deadline}
        request = httpx.Request(method, _parsed(url), headers=headers, content=content or None, extensions=extensions)
        response = self._transport.handle_request(request)
        try:
            received = {name.lower().decode("latin-1"): text.decode("latin-1") for name, text in response.headers.raw}
            return response.status_code, received, _bounded_body(response)
        finally:
            response.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


class ThreadClients:
    """A client for each thread over one TLS context: a client shared by many threads is the bottleneck (measured).

    Agreements may share it: whose a call is its headers say, and nothing of an answer is kept.
    """

    def __init__(self, http: Http, transport: Callable[[], httpx.BaseTransport] | None = None) -> None:
        """``transport`` builds one in place of the network, a new one for each thread."""
        self._timeouts = httpx.Timeout(
            connect=http.connect_timeout, read=http.read_timeout, write=http.write_timeout, pool=http.pool_timeout
        ).as_dict()
        self._transport = transport or partial(DeadlineTransport, httpx.create_ssl_context(trust_env=False))
        self._local = threading.local()
        self._lock = threading.Lock()
        self._clients: list[tuple[threading.Thread, ThreadClient]] = []

    def client(self) -> ThreadClient:
        """Return this thread's client."""
        client: ThreadClient | None = getattr(self._local, "client", None)
        if client is None:
            self._local.client = client = ThreadClient(self._transport(), self._timeouts)
            self._remember(client)
        return client

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            clients, self._clients = self._clients, []
        for _, client in clients:
            client.close()
        self._local = threading.local()

    def _remember(self, client: ThreadClient) -> None:
        with self._lock:
            for thread, abandoned in self._clients:
                if not thread.is_alive():
                    abandoned.close()
            self._clients = [pair for pair in self._clients if pair[0].is_alive()]
            self._clients.append((threading.current_thread(), client))


class CallSlots(AbstractContextManager[None, None]):
    """Bound of the calls that one export has under way in this process.

    An execution takes a slot for its calls alone: while it writes to the store, another one's call is under way.
    """

    def __init__(self, calls: int, *, patience: float) -> None:
        """At most ``calls`` at a time; each waits ``patience`` seconds for its slot at the longest."""
        # Not a semaphore: that is written in Python, and shows in the CPU of an invoice (`python -m bench cpu`).
        self._free = SimpleQueue[None]()
        for _ in range(calls):
            self._free.put(None)
        self._patience = patience

    def taken(self) -> Self:
        """Return what holds a slot until its block ends; to enter it raises ``httpx.PoolTimeout``: nothing was sent.

        So a write that waits behind calls that hang is never sent under a key that e-conomic has forgotten meanwhile.
        """
        return self

    @override
    def __enter__(self) -> None:
        try:
            self._free.get(timeout=self._patience)
        except Empty:
            raise httpx.PoolTimeout(f"no call of the export has ended for {self._patience} s") from None

    @override
    def __exit__(self, *_: object) -> None:
        self._free.put(None)


def _bounded_body(response: httpx.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise httpx.RemoteProtocolError(f"an answer of more than {LARGEST_BODY} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
