"""Connections over real sockets: the deadline holds, and connections are used again."""

import itertools
import socket
import threading
import time

import httpx
import pytest
from support import samples
from support.economic_bodies import networked_client
from support.raw_server import Script, raw_server, read_request
from support.timing import quickest, seconds

from worker.domain.record import Intent
from worker.economic.client import EconomicClient
from worker.economic.thread_clients import LARGEST_BODY
from worker.errors import ExportError, Unavailable, Uncertain, Unreachable

pytestmark = pytest.mark.timing

HEAD = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
BODY = b'{"logId": "abcd"}'
DEADLINE = 0.5
#: One that a call which is answered at once does not reach, on a busy machine either.
PATIENT = 5.0


def connect(url: str, *, deadline: float = 60.0, read: float = 60.0) -> EconomicClient:
    return networked_client(
        export=samples.export(api_url=url),
        connect_timeout=60.0,
        read_timeout=read,
        write_timeout=60.0,
        pool_timeout=60.0,
        deadline=deadline,
    )


def time_to_give_up(url: str, *, read: float = 0.4) -> float:
    """Return how long a call took that was given up at the deadline, in the quickest of a few runs."""

    def call() -> None:
        economic = connect(url, deadline=DEADLINE, read=read)
        with pytest.raises(Unavailable):
            economic.draft(17)
        economic.close()

    return quickest(lambda: seconds(call), within=DEADLINE + 0.3)


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
        took = time_to_give_up(url)

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
        took = time_to_give_up(url)

    assert took == pytest.approx(DEADLINE, abs=0.3)


def test_the_deadline_cuts_a_longer_read_timeout_short() -> None:
    """Ten seconds of patience with each byte, half a second for the whole."""
    with raw_server(silent) as url:
        took = time_to_give_up(url, read=10)

    assert took == pytest.approx(DEADLINE, abs=0.3)


@pytest.mark.parametrize("script", [silent, hang_up, half])
def test_a_broken_answer_leaves_a_write_uncertain(script: Script) -> None:
    """Silence, a closed connection and half a body: it may have happened."""
    intent = Intent(step="draft", method="POST", path="/invoices/drafts", body="{}", key="k", at=0.0)
    with raw_server(script) as url:
        economic = connect(url, read=0.4)
        with pytest.raises(Uncertain):
            economic.send(intent)
        with pytest.raises(Unavailable):
            economic.draft(17)
        economic.close()


def test_no_server_no_doubt() -> None:
    """A refused connection proves that nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    economic = connect(f"http://127.0.0.1:{port}")
    with pytest.raises(Unreachable):
        economic.draft(17)
    economic.close()


def test_a_connection_is_used_again() -> None:
    """Five calls of one thread, one connection."""
    connections: list[int] = []

    def script(connection: socket.socket) -> None:
        connections.append(connection.fileno())
        polite(connection)

    with raw_server(script) as url:
        economic = connect(url)
        assert [economic.draft(number) for number in range(1, 6)] == [None] * 5
        economic.close()

    assert len(connections) == 1


def test_the_deadline_of_one_call_is_not_that_of_the_next() -> None:
    """A connection kept alive beyond the first call's deadline serves the second."""
    with raw_server(polite) as url:
        economic = connect(url, deadline=PATIENT)
        economic.draft(1)
        time.sleep(PATIENT + 0.1)

        assert economic.draft(2) is None
        economic.close()


def test_a_connection_that_the_server_closed_is_not_used_for_a_write() -> None:
    """Otherwise each pause longer than the server's patience would leave a write in doubt."""
    gone = threading.Event()

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(HEAD + BODY)
        connection.close()
        gone.set()

    with raw_server(script) as url:
        economic = connect(url)
        economic.draft(1)
        assert gone.wait(60)

        assert economic.draft(2) is None
        economic.close()


def test_an_endless_body_is_cut_off() -> None:
    """An answer may fill the deadline, not the memory."""
    megabyte = b" " * 1_048_576

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(megabyte)

    with raw_server(script) as url:
        economic = connect(url)
        with pytest.raises(Unavailable) as caught:
            economic.draft(1)
        economic.close()

    assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError)
    assert str(LARGEST_BODY) in str(caught.value.__cause__)


def test_close_can_be_called_from_another_thread() -> None:
    """The worker stops from its main thread; its threads' connections end with it, and a later call opens a new one."""
    with raw_server(polite) as url:
        economic = connect(url)
        thread = threading.Thread(target=economic.draft, args=(1,))
        thread.start()
        thread.join()
        economic.close()

        assert economic.draft(2) is None
        economic.close()


def test_errors_are_ours() -> None:
    """Whatever the network does, only the error tree comes out."""
    with raw_server(drip(b"\x00\xff\r\n\r\n")) as url:
        economic = connect(url)
        with pytest.raises(ExportError):
            economic.draft(1)
        economic.close()
