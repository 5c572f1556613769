"""Flower without a password: on this machine only, its pages open, its API shut, and nothing to be changed."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from support.installation import PATIENCE, Installation
from support.ports import free_port

pytestmark = pytest.mark.xdist_group("flower")  # one installation for all of them

#: Settings of Flower's own that would open it, were ours not stronger.
_OPENING = {"FLOWER_ADDRESS": "0.0.0.0", "FLOWER_READ_ONLY": "false"}  # noqa: S104  # what must not happen


class Watched(Installation):
    """An installation with Flower on a port of its own, in an environment that tries to open it."""

    def __init__(self, folder: Path) -> None:
        self.flower_port = free_port()
        super().__init__(folder, flower__port=str(self.flower_port))

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | _OPENING

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.flower_port}"

    def shows(self) -> bool:
        try:
            return httpx.get(f"{self.address}/tasks", timeout=PATIENCE).is_success
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Watched(tmp_path_factory.mktemp("flower")) as installation:
        installation.start("flower", "flower")
        installation.wait_for(installation.shows, "Flower shows its page")
        yield installation


def test_it_listens_on_this_machine_only(watched: Watched) -> None:
    """``/metrics`` and ``/healthcheck`` are open to whoever reaches it, so nobody else may."""
    port = f":{watched.flower_port:04X}"
    sockets = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    listening = [words[1] for words in sockets if words[1].endswith(port) and words[3] == "0A"]

    assert listening == [f"0100007F{port}"]  # 127.0.0.1


@pytest.mark.parametrize("path", ["/api/tasks", "/api/workers", "/api/task/info/main-1.ab12cd34", "/api/queues/length"])
def test_its_api_is_shut_without_a_password(watched: Watched, path: str) -> None:
    """A page that somebody has open elsewhere in the browser could ask it otherwise."""
    assert httpx.get(watched.address + path, timeout=PATIENCE).status_code == HTTPStatus.UNAUTHORIZED


def test_its_pages_offer_nothing_to_change(watched: Watched) -> None:
    """Neither over the API nor by a button."""
    answer = httpx.post(f"{watched.address}/api/worker/shutdown/worker@x", timeout=PATIENCE)

    assert answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    assert "revoke" not in httpx.get(f"{watched.address}/tasks", timeout=PATIENCE).text.lower()


def test_other_sites_may_not_read_it(watched: Watched) -> None:
    """No page of another origin gets to see an answer."""
    answer = httpx.get(f"{watched.address}/tasks", headers={"Origin": "https://evil.example"}, timeout=PATIENCE)

    assert "access-control-allow-origin" not in answer.headers


def test_it_answers_for_its_own_host_names_only(watched: Watched) -> None:
    """A name elsewhere that resolves to this machine (DNS rebinding) would read it through a browser here."""
    answer = httpx.get(f"{watched.address}/tasks", headers={"Host": "evil.example"}, timeout=PATIENCE)

    assert answer.status_code == HTTPStatus.MISDIRECTED_REQUEST
