"""What a hostile or broken host can answer to the intake, over real sockets: bounded in size and time, or refused."""

import gzip
import socket
import time
from collections.abc import Callable

import pytest
from support.raw_server import raw_server, read_request
from support.timing import quickest, seconds

from config.settings_sections import Intake
from worker.errors import Retryable
from worker.intake.event_errors import EventRefused
from worker.intake.file_sources import FileSources
from worker.runtime.file_access import allowed_places

LIMIT = 100_000
#: A hundred megabytes in a hundred kilobytes.
BOMB = gzip.compress(bytes(100_000_000))


def _places(url: str, *, deadline: float = 60.0, **changes: object) -> FileSources:
    fields = {"allowed_hosts": (url.removeprefix("http://"),), "allow_http": True, "allow_private_hosts": True}
    return allowed_places(Intake.model_validate(fields | {"fetch_timeout": 60.0} | changes), deadline=deadline)


def _answering(*pieces: bytes, forever: bytes = b"", pause: float = 0.0) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        read_request(connection)
        for piece in pieces:
            connection.sendall(piece)
        while forever:
            connection.sendall(forever)
            time.sleep(pause)

    return script


def _head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, gzip", "x-unheard-of"])
def test_a_bomb_is_not_unfolded(encoding: str) -> None:
    """We ask for the bytes as they are; who sends them packed all the same is refused before one is looked at."""
    head = _head(f"Content-Encoding: {encoding}", f"Content-Length: {len(BOMB)}")
    with raw_server(_answering(head, BOMB)) as url, pytest.raises(EventRefused, match="invoices-file-refused"):
        _places(url).read(f"{url}/period.ndjson", LIMIT)


def test_a_packed_file_without_a_word_of_it_is_just_bytes() -> None:
    """Nothing is unfolded on suspicion: what comes is at most as large as it is on the wire."""
    with raw_server(_answering(_head(f"Content-Length: {len(BOMB)}"), BOMB)) as url:
        assert _places(url).read(f"{url}/period.ndjson", 2 * LIMIT) == BOMB


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (_head("Content-Length: 999999999999"), b"x" * 65_536),
        (_head("Connection: close"), b"x" * 65_536),
        (_head("Transfer-Encoding: chunked"), b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    ],
    ids=["announced", "until closed", "chunked"],
)
def test_an_endless_body_ends_at_the_limit(head: bytes, more: bytes) -> None:
    """Whatever length is announced, or none."""
    with raw_server(_answering(head, forever=more)) as url, pytest.raises(EventRefused, match="event-too-large"):
        _places(url).read(f"{url}/period.ndjson", LIMIT)


@pytest.mark.timing
@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", _head("Content-Length: 1000")], ids=["head", "body"])
def test_a_server_that_drips_is_left_at_the_deadline(head: bytes) -> None:
    """A byte every 0.2 s renews a timeout for ever; the fetch as a whole may take two seconds."""
    with raw_server(_answering(head, forever=b"x", pause=0.2)) as url:
        places = _places(url, deadline=2.0, fetch_timeout=1.0)

        def fetch() -> None:
            with pytest.raises(Retryable):
                places.read(f"{url}/period.ndjson", LIMIT)

        took = quickest(lambda: seconds(fetch), within=6)

    assert took < 6


def test_a_name_of_this_machine_is_not_asked() -> None:
    """An allowed host whose name leads inside is refused without a connection, unless private hosts are allowed."""
    connections: list[bytes] = []
    with raw_server(lambda connection: connections.append(read_request(connection))) as url:
        named = url.replace("127.0.0.1", "localhost")
        with pytest.raises(EventRefused, match="invoices-file-refused"):
            _places(named, allow_private_hosts=False).read(f"{named}/x", LIMIT)

    assert connections == []
