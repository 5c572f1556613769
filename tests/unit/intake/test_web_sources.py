from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from support.clock import ManualClock

from worker.errors import Retryable
from worker.intake.event_errors import EventRefused
from worker.intake.web_sources import Fetched, Web, WebRules, check

RULES = WebRules(hosts=("files.example.dk", "Other.example.dk:8443"), deadline=20.0)
URL = "https://files.example.dk/period.ndjson"
PUBLIC = "93.184.215.14"


def _web(  # noqa: PLR0913  # one keyword for each thing that a test may be about
    rules: WebRules = RULES,
    *,
    addresses: Iterable[str] = (PUBLIC,),
    status: int = 200,
    encoding: str = "",
    chunks: Iterable[bytes] = (b"con", b"tent"),
    clock: ManualClock | None = None,
    calls: list[tuple[str, str]] | None = None,
) -> Web:
    @contextmanager
    def fetch(url: str, *, address: str) -> Iterator[Fetched]:
        if calls is not None:
            calls.append((url, address))
        yield Fetched(status=status, encoding=encoding, chunks=chunks)

    def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("files.example.dk", 443)
        return list(addresses)

    return Web(rules, fetch=fetch, resolve=resolve, clock=clock or ManualClock())


def test_an_allowed_address_is_read_at_the_ip_that_was_looked_at() -> None:
    """The fetch gets the checked address, so a second name lookup cannot lead elsewhere."""
    calls: list[tuple[str, str]] = []

    content = _web(calls=calls).read(URL, 7)

    assert (content, calls) == (b"content", [(URL, PUBLIC)])


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.dk:8443/x",
        "https://FILES.example.dk/x",
        "https://files.example.dk:443/x?a=b",
    ],
)
def test_hosts_on_the_list_are_allowed(url: str) -> None:
    """Host names ignore case; a host without a port means the standard one."""
    assert check(url, RULES).path == "/x"


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example.dk/x",
        "ftp://files.example.dk/x",
        "gopher://files.example.dk/x",
        "//files.example.dk/x",
        "files.example.dk/x",
        "https:///x",
        "https://evil.dk/x",
        "https://files.example.dk.evil.dk/x",
        "https://sub.files.example.dk/x",
        "https://files.example.dk:8443/x",
        "https://other.example.dk/x",
        "https://files.example.dk@evil.dk/x",
        "https://user:pw@files.example.dk/x",
        "https://evil.dk/?files.example.dk",
        "https://files.example.dk:99999/x",
        "https://[files.example.dk]/x",
        "https://files.example.dk/x#y",
        "https://files.example.dk/a b",
        "https://files.example.dk/\r\nHost: evil.dk",
        "https://93.184.215.14/x",
        "https://localhost/x",
        "data:application/json,{}",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    """The list is exact: no sub-domains, no other port, no user part, no other scheme."""
    with pytest.raises(EventRefused, match="invoices-file-refused"):
        check(url, RULES)


def test_http_has_to_be_allowed() -> None:
    """Plain http is for a closed network, on request."""
    assert check("http://files.example.dk/x", replace(RULES, allow_http=True)).scheme == "http"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3", "224.0.0.1",
     "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "ff02::1",
     "64:ff9b::7f00:1", "64:ff9b::a01:203", "2002:7f00:1::1", "2002:a01:203::1", "198.18.0.1", "240.0.0.1",
     "::", "::7f00:1", "::ffff:0:127.0.0.1", "fec0::1", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    """No answer of the name lookup may be private, loopback, link-local, shared or multicast: not even one of two."""
    with pytest.raises(EventRefused, match="invoices-file-refused"):
        _web(addresses=[PUBLIC, address]).read(URL, 7)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]
)
def test_a_name_that_leads_outside_is_read(address: str) -> None:
    """Also in the ways in which IPv6 may spell it."""
    assert _web(addresses=[address]).read(URL, 7) == b"content"


def test_private_hosts_can_be_allowed() -> None:
    """A company's own file server is usually in a private network."""
    assert _web(replace(RULES, allow_private=True), addresses=["10.1.2.3"]).read(URL, 7) == b"content"


@pytest.mark.parametrize("status", [301, 302, 307, 201, 204, 206, 400, 401, 403])
def test_an_answer_that_is_no_file_is_refused(status: int) -> None:
    """A redirect is not followed: nobody has allowed where it leads."""
    with pytest.raises(EventRefused, match="invoices-file-refused"):
        _web(status=status).read(URL, 7)


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_file_is_told(status: int) -> None:
    """The sender is asked to make it available."""
    with pytest.raises(EventRefused, match="invoices-file-unavailable"):
        _web(status=status).read(URL, 7)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_host_is_asked_again_later(status: int) -> None:
    """An outage is never absence."""
    with pytest.raises(Retryable):
        _web(status=status).read(URL, 7)


def test_a_name_without_an_address_is_asked_again_later() -> None:
    """A name server may be behind."""
    with pytest.raises(Retryable):
        _web(addresses=[]).read(URL, 7)


def test_a_compressed_answer_is_refused() -> None:
    """A few bytes may unfold to gigabytes."""
    with pytest.raises(EventRefused, match="invoices-file-refused"):
        _web(encoding="gzip").read(URL, 7)


def test_an_endless_answer_ends_at_the_limit() -> None:
    """Reading stops with the chunk that goes beyond it, whatever length was announced."""
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"xx"

    with pytest.raises(EventRefused, match="event-too-large"):
        _web(chunks=endless()).read(URL, 7)

    assert taken == 4  # 2, 4, 6, 8 > 7


def test_a_slow_answer_ends_at_the_deadline() -> None:
    """A host that sends a byte now and then cannot hold the queue: 4 x 6 s > 20 s."""
    clock = ManualClock()

    def slow() -> Iterator[bytes]:
        for _ in range(10):
            clock.advance(6)
            yield b"x"

    started = clock.now
    with pytest.raises(Retryable):
        _web(chunks=slow(), clock=clock).read(URL, 100)

    assert clock.now - started == 24
