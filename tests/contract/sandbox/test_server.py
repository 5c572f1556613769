import signal
import socket
import subprocess
import sys
from subprocess import PIPE

import httpx
import pytest

from worker.sandbox.server import DEFAULT_TOKENS

SERVE = "from worker.sandbox.server import serve; serve(port=0, ready=lambda url: print(url, flush=True))"
HEADERS = dict(zip(("X-AppSecretToken", "X-AgreementGrantToken"), DEFAULT_TOKENS, strict=True))


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_where_it_answers_and_stays_quiet(stop: signal.Signals) -> None:
    """One line when it can be called; the default tokens open the standard agreement; a signal ends it quietly."""
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        converse(url)
        half_a_request(url)
        process.send_signal(stop)
        assert process.communicate(timeout=60) == ("", "")


def converse(url: str) -> None:
    with httpx.Client(base_url=url, headers=HEADERS, timeout=60) as client:
        assert client.get("/self").json()["agreementNumber"] > 0
        groups = client.get("/product-groups", params={"filter": "name$eq:3010"}).json()
        assert [group["name"] for group in groups["collection"]] == ["3010"]
        client.post("/_sandbox/faults", json={"route": "GET /self", "action": "drop"}).raise_for_status()
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.get("/self")
        assert client.get("/_sandbox/findings").json() == {"findings": []}


def half_a_request(url: str) -> None:
    """A write whose connection breaks within its body changes nothing, and is nobody's mistake."""
    with httpx.Client(base_url=url, headers=HEADERS, timeout=60) as client:
        before = client.get("/_sandbox/requests").json()["requests"]
        with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
            headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
            headers += "Idempotency-Key: k\r\nContent-Length: 100\r\n"
            head = f"POST /customers HTTP/1.1\r\nHost: sandbox\r\n{headers}\r\n"
            connection.sendall(head.encode() + b'{"name":')
        client.get("/self").raise_for_status()

        assert len(client.get("/_sandbox/requests").json()["requests"]) == len(before) + 1
        assert client.get("/_sandbox/findings").json() == {"findings": []}
