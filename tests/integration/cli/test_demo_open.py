"""``demo --open``: the demo left to a person, with the page."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from support.installation import PATIENCE

from worker.economic.mapping.reasons import REASONS

SIGN_IN = re.compile(r"Sign in once with\s+(http://127\.0\.0\.1:\d+)(/sign-in/\S+)")
#: What is left to be fixed.
LEFT = ("product-group-missing", "customer-ambiguous", "customer-barred", "totals-mismatch")


class Demo:
    """A demo that runs, and what it has printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "output"
        command = [sys.executable, "-P", "-m", "worker", "demo", "--open", "--folder", str(folder / "demo")]
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)

    def wait_for(self, found: Callable[[], object], what: str) -> None:
        """Wait until it is so; a demo that has ended is not waited for."""
        until = time.monotonic() + 3 * PATIENCE
        while not found():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < until, f"{what}: {self.output.read_text()}"
            time.sleep(0.2)

    def type(self, command: str) -> str:
        """Type a command in a second terminal, as the demo says."""
        script = f". {self.folder}/demo/environment && {sys.executable} -P -m worker {command}"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        return subprocess.run(
            ["/bin/sh", "-c", script], env=environment, cwd=self.folder, capture_output=True, text=True, check=False
        ).stdout

    def ports(self) -> set[int]:
        """Return the ports that it says something listens on: Redis, sandbox, page, Flower."""
        notified = self.output.read_text() + (self.folder / "demo" / "environment").read_text()
        found = {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", notified)}
        assert {port for port in found if _listens(port)} == found
        assert len(found) == 4  # of each one
        return found


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path)
    yield demo
    if demo.process.poll() is None:
        demo.process.send_signal(signal.SIGINT)
        demo.process.wait(PATIENCE)


@pytest.mark.timeout(900)
def test_the_page_is_left_to_a_person(demo: Demo) -> None:
    """The link signs in once; what is left stands by cause; a typed fix is seen by the page; Ctrl-C ends all of it."""
    demo.wait_for(lambda: "Still running" in demo.output.read_text(), "the demo is left open")
    found = SIGN_IN.search(demo.output.read_text())
    assert found, demo.output.read_text()
    address, link = found.groups()
    with httpx.Client(base_url=address, timeout=PATIENCE, follow_redirects=True) as browser:
        secret = link.rpartition("/")[2]
        assert browser.post("/sign-in", data={"link": secret}).url.path == "/"
        shown = browser.get("/to-fix?lang=en").text
        assert [reason for reason in LEFT if REASONS[reason].heading not in shown] == []
        assert "2026-46A" in browser.get("/events").text
        cause = re.findall(r'href="(/to-fix/[^"]+)">[^<]*: 3050<', shown)[0]
        token = re.findall(r'name="form_token" value="([^"]+)"', shown)[0]
        assert "the cause is still there" in browser.post(f"{cause}/check", data={"form_token": token}).text
        assert "3050" in demo.type("sandbox group add 3050")
        assert "the cause is gone" in browser.post(f"{cause}/check", data={"form_token": token}).text
    with httpx.Client(base_url=address, timeout=PATIENCE) as other:
        assert other.post("/sign-in", data={"link": secret}).status_code == 403, "the link works once"

    ports = demo.ports()
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(PATIENCE) == 0
    assert [port for port in ports if _listens(port)] == []
    assert "Traceback" not in demo.output.read_text()
