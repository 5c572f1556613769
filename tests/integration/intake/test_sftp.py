"""Files picked up from a real SFTP server in this process: each comes once, and is moved aside only when it is safe."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from support.events import event
from support.formats import to_xml
from support.samples import export
from support.sftp_server import PASSWORD, SftpServer

from worker.intake.sources.folder_watch import FolderWatch
from worker.intake.sources.sftp import SftpFault, SftpPickup
from worker.intake.sources.sftp_watch import SftpPickups

PERIOD = to_xml(event()["data"])


class Place:
    """A server, the watched folder here, its watcher, and what reached the queue."""

    def __init__(self, path: Path) -> None:
        self.there, self.here, self.secrets = path / "there", path / "here", path / "secrets"
        for folder in (self.there / "out", self.here, self.secrets):
            folder.mkdir(parents=True)
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(self.secrets / "key"))
        (self.secrets / "password").write_text(f"{PASSWORD}\n")
        self.server = SftpServer(self.there, key)
        self.now = 1000.0
        self.published: list[bytes] = []
        self.source: dict[str, Any] = {
            "folder": self.here,
            "sftp": "sftp://opter@127.0.0.1/out",
            "sftp_host_key": self.server.public_key,
            "sftp_key_file": "key",
            "stable_seconds": 5,
            "quiet_seconds": 60,
        }
        self.restart()

    def restart(self, **changes: Any) -> None:
        self.source = {name: value for name, value in (self.source | changes).items() if value is not None}
        config = export(source=self.source)
        monotonic, secrets = lambda: self.now, self.secrets
        self.pickup = SftpPickup(config, secrets=secrets, monotonic=monotonic, port=self.server.port)
        self.watch = FolderWatch(config, publish=self.published.append, clock=lambda: self.now)

    def put(self, name: str, content: bytes = PERIOD) -> None:
        (self.there / "out" / name).write_bytes(content)

    def look(self, seconds: float = 0) -> int:
        self.now += seconds
        return self.pickup.turn()

    def settle(self) -> int:
        self.look()
        return self.look(6)

    def take(self) -> None:
        self.watch.turn()
        self.now += 100
        self.watch.turn()

    def files(self, *parts: str) -> list[str]:
        return sorted(path.name for path in self.there.joinpath("out", *parts).iterdir() if path.is_file())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.server.close()


@pytest.mark.parametrize("way", ["key", "password"])
def test_a_complete_file_comes_once_and_is_moved_aside(place: Place, way: str) -> None:
    """Half-written it waits; here it is an event like any file of the folder."""
    if way == "password":
        place.restart(sftp_key_file=None, sftp_password_file="password")
    place.put("p.xml", PERIOD[:100])
    place.put("q.tmp", PERIOD)
    assert place.look() == 0
    place.put("p.xml")
    assert [place.look(6), place.look(6), place.look(6)] == [0, 1, 0]
    assert (place.files(), place.files("done")) == (["q.tmp"], ["p.xml"])
    place.take()

    assert len(place.published) == 1
    assert (place.here / "done" / "p.xml").read_bytes() == PERIOD


@pytest.mark.parametrize("mark", ["p.xml.done", "P.XML.DONE"])
def test_a_done_file_says_that_a_file_is_complete(place: Place, mark: str) -> None:
    """There and here alike, in whatever case Windows wrote it."""
    place.restart(complete="done-file")
    place.put("p.xml")
    assert place.settle() == 0
    place.put(mark, b"")
    assert place.look() == 1
    place.take()

    assert (place.files(), place.files("done"), len(place.published)) == ([], ["p.xml", "p.xml.done"], 1)


@pytest.mark.parametrize("taken", [False, True])
def test_broken_off_before_it_is_moved_there_it_is_not_taken_twice(place: Place, *, taken: bool) -> None:
    """It is safe here first. Whether it was taken meanwhile or not, the next look only moves it."""
    place.put("p.xml")
    place.server.broken.add("rename")
    with pytest.raises(SftpFault, match="not now"):
        place.settle()
    if taken:
        place.take()
    place.server.broken.clear()
    place.restart()

    assert place.settle() == 0
    place.take()
    assert (place.files(), place.files("done"), len(place.published)) == ([], ["p.xml"], 1)


def test_a_file_that_grows_while_it_comes_waits(place: Place) -> None:
    """Half of it is not taken."""
    place.put("p.xml", PERIOD[:100])
    place.look()
    place.server.on_open = lambda: place.put("p.xml")
    assert place.look(6) == 0
    place.server.on_open = lambda: None

    assert (place.look(6), place.look(6)) == (0, 1)


def test_names_are_made_to_fit_and_nothing_is_written_over(place: Place) -> None:
    """Another content under a name that was picked up before gets another one, on either side."""
    other = to_xml(event(event_id="e")["data"] | {"period": {"id": 7, "name": "7", "closedAt": "2026-11-20T15:04:05Z"}})
    for content in (PERIOD, other):
        place.put("con.xml", content)
        place.settle()

    assert {path.read_bytes() for path in (place.there / "out" / "done").iterdir()} == {PERIOD, other}
    assert {path.read_bytes() for path in place.here.iterdir() if path.is_file()} == {PERIOD, other}


def test_folders_and_links_stay(place: Place) -> None:
    """Only plain files are files."""
    (place.there / "out" / "p.xml").mkdir()
    (place.there / "out" / "q.xml").symlink_to("/etc/passwd")

    assert (place.settle(), place.files(), place.pickup.turn()) == (0, ["q.xml"], 0)


def test_another_server_gets_nothing(place: Place) -> None:
    """Neither password nor a look: its key is not the pinned one."""
    place.restart(
        sftp_key_file=None,
        sftp_password_file="password",
        sftp_host_key=asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip(),
    )
    place.put("p.xml")

    with pytest.raises(SftpFault, match="another host key"):
        place.settle()
    assert place.files() == ["p.xml"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sftp_key_file": None, "sftp_password_file": "wrong"}, "does not let opter in"),
        ({"sftp": "sftp://nobody@127.0.0.1/out"}, "does not let nobody in"),
        ({"sftp": "sftp://opter@127.0.0.1/none"}, "No such file"),
        ({"sftp_key_file": "missing"}, "missing"),
        ({"sftp_key_file": "password"}, "sftp_key_file"),
    ],
)
def test_what_is_wrong_is_said_without_a_secret(place: Place, change: dict[str, Any], says: str) -> None:
    """In a sentence, as a fault that passes when it is set right."""
    (place.secrets / "wrong").write_text("wrong-word-4711")
    place.restart(**change)
    with pytest.raises(SftpFault) as caught:
        place.look()

    assert says in str(caught.value)
    assert ("4711" in str(caught.value), PASSWORD in str(caught.value)) == (False, False)


def test_a_fault_lasts_until_the_server_is_back(place: Place, tmp_path: Path) -> None:
    """It is noted for readiness, and forgotten when the next look goes well."""
    pickups = SftpPickups({}, secrets=tmp_path, stop=threading.Event())
    (place.there / "out").rename(place.there / "gone")
    pickups.look(place.pickup)
    assert list(pickups.faults) == ["main"]
    (place.there / "gone").rename(place.there / "out")
    pickups.look(place.pickup)

    assert pickups.faults == {}
