"""Downloads over https from exactly the hosts that are allowed, from an address that was checked first."""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from worker.domain.reasons import EventReason, failure
from worker.errors import Unavailable, Unreachable
from worker.intake.event_errors import EventRefused, refused


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses behind a host. Raises ``Unreachable`` when the lookup fails."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        text = f"The host {host} cannot be looked up."
        raise Unreachable(failure(EventReason.INVOICES_FILE_UNAVAILABLE, text, field="url", value=host)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in addresses))


#: Networks that translate to IPv4 put its address behind this prefix (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: All IPv6 addresses that are assigned for the public internet (RFC 4291).
_UNICAST = ipaddress.ip_network("2000::/3")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """An answer whose body has not been read yet."""

    status: int
    #: ``Content-Encoding``; empty when there is none.
    encoding: str
    #: The body as it comes over the wire, undecoded.
    chunks: Iterable[bytes]


class Fetch(Protocol):
    """One GET without redirects, tokens or cookies, asking for ``Accept-Encoding: identity``."""

    def __call__(self, url: str, *, address: str) -> AbstractContextManager[Fetched]:
        """Connect to ``address`` (an IP), with the url's host as Host header and TLS server name.

        Connecting to the address that was checked leaves no room for a second, different name lookup.
        Raises ``Unreachable`` or ``Unavailable``; timeouts while the body is read too.
        """


#: Host and port -> the IP addresses behind it, possibly none. Raises ``Unreachable`` when the lookup fails.
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class WebRules:
    """What may be fetched."""

    #: ``host`` (standard port) or ``host:port``, exactly.
    hosts: tuple[str, ...] = ()
    allow_http: bool = False
    allow_private: bool = False
    #: Seconds for the whole answer.
    deadline: float = 20.0


def check(url: str, rules: WebRules) -> SplitResult:
    """Return the parts of an address that may be fetched. Raises ``EventRefused``."""
    try:
        parts = urlsplit(url)
        standard = {"https": 443, "http": 80}.get(parts.scheme, 0)
        port = parts.port or standard
    except ValueError:
        raise _refused(url, "is not a web address") from None
    if not standard or (parts.scheme == "http" and not rules.allow_http):
        raise _refused(url, "is neither file:// nor https://")
    if parts.username is not None or parts.password is not None or parts.fragment or not url.isprintable():
        raise _refused(url, "holds more than host, path and query")
    host = parts.hostname or ""
    allowed = {entry.lower() for entry in rules.hosts}
    if not host or " " in url or not ({f"{host}:{port}", *([host] if port == standard else [])} & allowed):
        raise _refused(url, "names a host that is not allowed")
    return parts


class Web:
    """Reads allowed addresses through a fetch function."""

    def __init__(self, rules: WebRules, *, fetch: Fetch, resolve: Resolve, clock: Callable[[], float]) -> None:
        self.rules = rules
        self._fetch = fetch
        self._resolve = resolve
        self._clock = clock

    def read(self, url: str, limit: int) -> bytes:
        """Return the body. Raises ``EventRefused``; ``Unreachable`` or ``Unavailable`` when a later try may succeed."""
        return b"".join(self.blocks(url, limit))

    def blocks(self, url: str, limit: int) -> Iterator[bytes]:
        """Yield the body block by block. Raises as ``read``, at any block."""
        address = self._address(url, check(url, self.rules))
        ends = self._clock() + self.rules.deadline
        with self._fetch(url, address=address) as answer:
            _check_answer(url, answer)
            yield from self._body(url, answer, limit, ends)

    def _address(self, url: str, parts: SplitResult) -> str:
        addresses = self._resolve(parts.hostname or "", parts.port or {"https": 443, "http": 80}[parts.scheme])
        if not addresses:
            raise _later(url, "The host has no address.")
        if not self.rules.allow_private and not all(_public(address) for address in addresses):
            raise _refused(url, "names a host inside a private network")
        return addresses[0]

    def _body(self, url: str, answer: Fetched, limit: int, ends: float) -> Iterator[bytes]:
        read = 0
        for chunk in answer.chunks:
            read += len(chunk)
            if read > limit:
                raise refused(EventReason.EVENT_TOO_LARGE, f"The file is larger than {limit} bytes.", value=url)
            if self._clock() > ends:
                raise _later(url, f"The file took longer than {self.rules.deadline:g} s.")
            yield chunk


def _check_answer(url: str, answer: Fetched) -> None:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _later(url, f"The host answered {answer.status}.")
    if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise refused(EventReason.INVOICES_FILE_UNAVAILABLE, f"The host answered {answer.status}.", value=url)
    if answer.status != HTTPStatus.OK:
        # A redirect too: it would lead to an address that nobody has allowed.
        raise _refused(url, f"was answered with {answer.status}")
    if answer.encoding not in ("", "identity"):
        # A small compressed body may unfold to any size.
        raise _refused(url, "was answered with a compressed body")


def _public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = ip.ipv4_mapped or (ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None)
        if within is None:
            # Addresses of tunnels (6to4, Teredo) lead on to whatever IPv4 address they hold.
            return ip in _UNICAST and ip.is_global and not (ip.sixtofour or ip.teredo)
        ip = within
    return ip.is_global and not ip.is_multicast


def _refused(url: str, why: str) -> EventRefused:
    return refused(EventReason.INVOICES_FILE_REFUSED, f"The address {why}.", field="url", value=url[:200])


def _later(url: str, what: str) -> Unavailable:
    return Unavailable(failure(EventReason.INVOICES_FILE_UNAVAILABLE, what, field="url", value=url[:200]))
