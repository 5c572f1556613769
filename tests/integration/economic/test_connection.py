"""Connections over real sockets: the deadline holds, and connections are used again."""

import itertools
import socket
import threading
import time

import httpx
import pytest
from support import samples
from support.clock import ManualClock
from support.raw_server import Script, raw_server, read_request

from worker.domain.record import Intent
from worker.economic import api_calls
from worker.economic.client import EconomicClient
from worker.economic.thread_clients import Timeouts
from worker.errors import ExportError, Unavailable, Uncertain, Unreachable
from worker.store.rate_limiter import MemoryRateLimiter

pytestmark = pytest.mark.timing

HEAD = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
BODY = b'{"logId": "abcd"}'
DEADLINE = 0.5


def economic(url: str, *, deadline: float = DEADLINE, read: float = 0.4) -> EconomicClient:
    clock = ManualClock()
    return EconomicClient(
        samples.export(api_url=url),
        rate_limiter=MemoryRateLimiter(clock=clock, sleep=clock.advance),
        timeouts=Timeouts(connect=0.4, read=read, write=0.4, pool=0.4),
        clock=clock,
        deadline=deadline,
    )


def drip(text: bytes) -> Script:
    """Send a byte every 50 ms: no read ever times out."""

    def script(connection: socket.socket) -> None:
        read_request(connection)
        for byte in text:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return script


def silent(connection: socket.socket) -> None:
    read_request(connection)
    connection.recv(1)


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def half(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(HEAD + BODY[:5])


def polite(connection: socket.socket) -> None:
    while read_request(connection):
        connection.sendall(HEAD + BODY)


@pytest.mark.parametrize("script", [drip(HEAD + BODY), drip(HEAD[:20] * 50)], ids=["head", "endless head"])
def test_the_deadline_holds_while_bytes_drip_in(script: Script) -> None:
    """Each byte renews a read timeout; the deadline of the whole call it does not."""
    with raw_server(script) as url:
        asked = economic(url)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            asked.draft(17)
        took = time.monotonic() - began
        asked.close()

    assert took == pytest.approx(DEADLINE, abs=0.3)


def test_the_deadline_holds_while_the_body_drips_in() -> None:
    """The head came at once, the body never ends in time."""

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(HEAD)
        for byte in itertools.cycle(b" "):
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    with raw_server(script) as url:
        asked = economic(url)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            asked.draft(17)
        took = time.monotonic() - began
        asked.close()

    assert took == pytest.approx(DEADLINE, abs=0.3)


def test_the_deadline_cuts_a_longer_read_timeout_short() -> None:
    """Ten seconds of patience with each byte, half a second for the whole."""
    with raw_server(silent) as url:
        asked = economic(url, read=10)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            asked.draft(17)
        took = time.monotonic() - began
        asked.close()

    assert took == pytest.approx(DEADLINE, abs=0.3)


@pytest.mark.parametrize("script", [silent, hang_up, half])
def test_a_broken_answer_leaves_a_write_uncertain(script: Script) -> None:
    """Silence, a closed connection and half a body: it may have happened."""
    intent = Intent(step="draft", method="POST", path="/invoices/drafts", body="{}", key="k", at=0.0)
    with raw_server(script) as url:
        asked = economic(url)
        with pytest.raises(Uncertain):
            asked.send(intent)
        with pytest.raises(Unavailable):
            asked.draft(17)
        asked.close()


def test_no_server_no_doubt() -> None:
    """A refused connection proves that nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    asked = economic(f"http://127.0.0.1:{port}")
    with pytest.raises(Unreachable):
        asked.draft(17)
    asked.close()


def test_a_connection_is_used_again() -> None:
    """Five calls of one thread, one connection."""
    connections: list[int] = []

    def script(connection: socket.socket) -> None:
        connections.append(connection.fileno())
        polite(connection)

    with raw_server(script) as url:
        asked = economic(url)
        assert [asked.draft(number) for number in range(1, 6)] == [None] * 5
        asked.close()

    assert len(connections) == 1


def test_the_deadline_of_one_call_is_not_that_of_the_next() -> None:
    """A connection kept alive beyond the first call's deadline serves the second."""
    with raw_server(polite) as url:
        asked = economic(url)
        asked.draft(1)
        time.sleep(DEADLINE + 0.1)

        assert asked.draft(2) is None
        asked.close()


def test_a_connection_that_the_server_closed_is_not_used_for_a_write() -> None:
    """Otherwise each pause longer than the server's patience would leave a write in doubt."""
    gone = threading.Event()

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(HEAD + BODY)
        connection.close()
        gone.set()

    with raw_server(script) as url:
        asked = economic(url)
        asked.draft(1)
        gone.wait(2)

        assert asked.draft(2) is None
        asked.close()


def test_an_endless_body_is_cut_off() -> None:
    """An answer may fill the deadline, not the memory."""
    megabyte = b" " * 1_048_576

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(megabyte)

    with raw_server(script) as url:
        asked = economic(url, deadline=20)
        with pytest.raises(Unavailable) as caught:
            asked.draft(1)
        asked.close()

    assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError)
    assert str(api_calls.LARGEST_BODY) in str(caught.value.__cause__)


def test_close_can_be_called_from_another_thread() -> None:
    """The worker stops from its main thread; its slots' connections end with it, and a later call opens a new one."""
    with raw_server(polite) as url:
        asked = economic(url)
        thread = threading.Thread(target=asked.draft, args=(1,))
        thread.start()
        thread.join()
        asked.close()

        assert asked.draft(2) is None
        asked.close()


def test_errors_are_ours() -> None:
    """Whatever the wire does, only the error tree comes out."""
    with raw_server(drip(b"\x00\xff\r\n\r\n")) as url:
        asked = economic(url)
        with pytest.raises(ExportError):
            asked.draft(1)
        asked.close()
