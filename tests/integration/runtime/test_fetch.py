"""Fetching over real sockets: whose certificate counts, and that no server can keep us."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.raw_server import Script, raw_server, read_request
from support.timing import quickest, seconds

from worker.errors import Retryable, Unavailable, Unreachable
from worker.runtime.file_access import HttpFetch

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
HOST = "files.example"


def answering(text: bytes, seen: list[bytes]) -> Script:
    def script(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(text)

    return script


def fetched(fetch: HttpFetch, url: str) -> tuple[int, str, bytes]:
    with fetch(url, address="127.0.0.1") as answer:
        return answer.status, answer.encoding, b"".join(answer.chunks)


def named(url: str) -> str:
    """The same address by a name that no resolver knows: it is never looked up again."""
    return url.replace("127.0.0.1", HOST) + "/p/1.pdf?key=x"


class TestPlain:
    """What goes over the wire."""

    def test_one_get_under_its_own_name(self) -> None:
        """To the address given, with the url's host; nothing of us but what HTTP needs."""
        seen: list[bytes] = []
        with raw_server(answering(HEAD + b"Content-Encoding: gzip\r\n\r\n%PDF-", seen)) as url:
            found = fetched(HttpFetch(timeout=60, deadline=60), named(url))
        lines = seen[0].decode().split("\r\n")

        assert found == (200, "gzip", b"%PDF-")  # undecoded: whether that is accepted is for the caller
        assert lines[0] == "GET /p/1.pdf?key=x HTTP/1.1"
        assert f"host: {named(url).split('/')[2]}" in [line.lower() for line in lines]
        assert "accept-encoding: identity" in [line.lower() for line in lines]
        assert not [line for line in lines if line.lower().startswith(("x-", "cookie", "authorization"))]

    def test_a_redirect_is_not_followed(self) -> None:
        """It leads to an address that nobody has allowed."""
        seen: list[bytes] = []
        moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        with raw_server(answering(moved, seen)) as url:
            assert fetched(HttpFetch(timeout=60, deadline=60), named(url)) == (302, "", b"")
        assert len(seen) == 1

    def test_no_server(self) -> None:
        """Nobody listens."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(Unreachable):
            fetched(HttpFetch(timeout=60, deadline=60), f"http://{HOST}:{port}/")

    @pytest.mark.parametrize("sent", [b"", HEAD, HEAD + b"\r\n%P", b"\x00\xff\r\n\r\n"])
    def test_an_answer_that_breaks_off(self, sent: bytes) -> None:
        """Half a file is none; later may be better."""
        with raw_server(answering(sent, [])) as url, pytest.raises(Unavailable):
            fetched(HttpFetch(timeout=60, deadline=60), named(url))

    @pytest.mark.timing
    @pytest.mark.parametrize("opening", [b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD.replace(b"5", b"500") + b"\r\n"])
    def test_bytes_that_drip_in(self, opening: bytes) -> None:
        """In the head or in the body: each byte renews a timeout, the deadline of the whole it does not."""

        def drip(connection: socket.socket) -> None:
            read_request(connection)
            connection.sendall(opening)
            for _ in range(100):
                connection.sendall(b"a")
                time.sleep(0.05)

        with raw_server(drip) as url:

            def fetch() -> None:
                with pytest.raises(Retryable):
                    fetched(HttpFetch(timeout=1, deadline=0.5), named(url))

            took = quickest(lambda: seconds(fetch), within=0.9)

        assert took == pytest.approx(0.5, abs=0.4)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for ``files.example`` that only these tests trust, with its key in the same file."""
    tool = shutil.which("openssl")
    if not tool:
        pytest.skip("openssl makes the test's certificate")
    folder = tmp_path_factory.mktemp("tls")
    name = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    made = ["-newkey", "rsa:2048", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem", "-days", "2"]
    subprocess.run([tool, "req", "-x509", "-nodes", *made, *name], check=True, capture_output=True)
    (folder / "both.pem").write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return folder / "both.pem"


@contextmanager
def tls_server(certificate: Path, names: list[str | None]) -> Iterator[str]:
    """Answer over TLS with this certificate, whatever name is asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def note(_: ssl.SSLObject | ssl.SSLSocket, name: str | None, __: ssl.SSLContext) -> None:
        names.append(name)

    context.sni_callback = note

    def script(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            while read_request(secured):
                secured.sendall(HEAD + b"\r\n%PDF-")

    with raw_server(script) as url:
        yield url.replace("http://", "https://")


class TestTls:
    """The certificate proves the name that was allowed, not the address."""

    @pytest.fixture
    def fetch(self, certificate: Path) -> HttpFetch:
        trusting = ssl.create_default_context(cafile=str(certificate))
        return HttpFetch(timeout=60, deadline=60, context=trusting)

    def test_the_right_name(self, certificate: Path, fetch: HttpFetch) -> None:
        """Asked for and proved, although the connection goes to an address."""
        names: list[str | None] = []
        with tls_server(certificate, names) as url:
            assert fetched(fetch, named(url)) == (200, "", b"%PDF-")
        assert names == [HOST]

    def test_another_name(self, certificate: Path, fetch: HttpFetch) -> None:
        """Right after a fetch under the right name: no connection is shared between names of one address."""
        with tls_server(certificate, []) as url:
            fetched(fetch, named(url))
            with pytest.raises(Unreachable):
                fetched(fetch, named(url).replace(HOST, "other.example"))

    def test_an_unknown_authority(self, certificate: Path) -> None:
        """The world's authorities did not sign it."""
        with tls_server(certificate, []) as url, pytest.raises(Unreachable):
            fetched(HttpFetch(timeout=60, deadline=60), named(url))


def test_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with colons goes into brackets."""
    asked: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with (
        pytest.raises(Unreachable),
        HttpFetch(timeout=60, deadline=60)("https://files.example/1", address="2001:db8::7"),
    ):
        pass

    assert asked == [("2001:db8::7", 443)]
