"""The forwarder: complete files are sent and moved aside once, whatever breaks off and whoever has them open."""

import hashlib
import io
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from worker.forward import command
from worker.forward.folder import Folder
from worker.forward.forwarder import Forwarder
from worker.forward.sending import Answer, Unusable
from worker.intake.sources import folder as watched

ACCEPTED = Answer(outcome="sent", detail="accepted")
REFUSED = Answer(
    outcome="refused",
    detail="p.xml: x is no amount.",
    next_step="Correct it.",
    problems=("invoice 7: æ is no amount.",),
    danish=("faktura 7: er ikke et beløb.",),
    document={"status": 422},
)


class Place:
    """A folder, its forwarder, and what the other side got."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 1000.0
        self.got: list[tuple[str, bytes]] = []
        self.answer: Callable[[str, bytes], Answer] = lambda _name, _content: ACCEPTED
        self.restart()

    def restart(self, *, done_files: bool = False) -> None:
        self.forwarder = Forwarder(folder=Folder(self.path), send=self._send, stable_seconds=5, done_files=done_files)

    def _send(self, name: str, content: bytes) -> Answer:
        self.got.append((name, content))
        return self.answer(name, content)

    def put(self, name: str, content: bytes = b"1") -> None:
        (self.path / name).write_bytes(content)

    def turn(self, seconds: float = 0.0) -> Any:
        self.now += seconds
        return self.forwarder.turn(self.now)

    def settle(self) -> Any:
        self.turn()
        return self.turn(10)

    def files(self, folder: str = ".") -> list[str]:
        return sorted(path.name for path in (self.path / folder).iterdir() if path.is_file())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_file_is_sent_once_it_has_not_changed_for_a_while(place: Place) -> None:
    """Half-written, it waits; complete, it is sent and lies in done."""
    place.put("p.xml", b"half")
    place.turn()
    place.put("p.xml", b"whole")
    place.turn(4)
    assert (place.turn(4).sent, place.got) == (0, [])

    assert (place.turn(5).sent, place.turn(10).sent) == (1, 0)
    assert place.got == [("p.xml", b"whole")]
    assert (place.files(), place.files("done")) == ([], ["p.xml"])


def test_a_done_file_counts_in_any_case(place: Place) -> None:
    """Windows tells no case apart, and neither do those who write for it."""
    place.restart(done_files=True)
    place.put("P.xml")
    assert place.settle().sent == 0
    place.put("p.XML.DONE")

    assert place.turn().sent == 1
    assert place.files("done") == ["P.xml", "P.xml.done"]


NAMES = ["p.xml", ".p", "~$p.xlsx", "p.tmp", "P.PART", "p.filepart", "p~", "p.xml.done", "p.error.txt", "æ.csv", "p"]


def test_the_rules_are_those_of_a_watched_folder(tmp_path: Path) -> None:
    """Which names are never taken is the same on either side; here Explorer's own files are left too."""
    for name in NAMES:
        (tmp_path / name).write_bytes(b"1")
    here, there = Folder(tmp_path), watched.WatchedFolder(tmp_path)
    taken = here.complete(now=0, stable=0, done_files=False)
    assert taken == there.complete(now=0, stable=0, done_files=False) == ["p", "p.xml", "æ.csv"]
    (tmp_path / "Thumbs.db").write_bytes(b"1")

    assert here.complete(now=0, stable=0, done_files=False) == taken


def test_a_refused_file_lies_beside_the_reasons(place: Place) -> None:
    """In words, both languages, and as JSON; the next file is sent all the same."""
    place.put("a.xml", b"wrong")
    place.put("b.xml")
    place.answer = lambda name, _: REFUSED if name == "a.xml" else ACCEPTED
    turn = place.settle()

    assert (turn.sent, turn.refused, place.files("done")) == (1, 1, ["b.xml"])
    assert place.files("failed") == ["a.xml", "a.xml.error.json", "a.xml.error.txt"]
    words = (place.path / "failed" / "a.xml.error.txt").read_text(encoding="utf-8")
    assert ("blev ikke taget" in words, "æ is no amount" in words, "Correct it." in words) == (True, True, True)
    assert words.index("På dansk:") < words.index("- faktura 7: er ikke et beløb.")
    assert json.loads((place.path / "failed" / "a.xml.error.json").read_bytes())["status"] == 422


def test_names_that_differ_in_case_alone_do_not_replace_each_other(place: Place) -> None:
    """On Windows they are one name: the second gets another, nothing is written over."""
    for name, content in (("p.xml", b"1"), ("P.XML", b"2"), ("p.xml", b"3")):
        place.put(name, content)
        place.settle()

    kept = {(place.path / "done" / name).read_bytes() for name in place.files("done")}
    assert (kept, len({name.casefold() for name in place.files("done")})) == ({b"1", b"2", b"3"}, 3)


def test_a_long_name_leaves_room_for_the_reasons(place: Place) -> None:
    """A file system holds 255 bytes; the longest name is shortened when it is put aside."""
    place.put("æ" * 125 + ".xml")
    place.answer = lambda *_: REFUSED

    assert place.settle().refused == 1
    assert (place.files(), len(place.files("failed"))) == ([], 3)


def test_a_file_that_is_open_elsewhere_is_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to read it: the others are sent meanwhile, it follows when it is closed."""
    place.put("a.xml")
    place.put("b.xml")
    place.turn()
    opened = io.open

    def locked(file: Any, *arguments: Any, **options: Any) -> Any:
        if str(file).endswith("a.xml"):
            raise PermissionError(13, "in use", str(file))
        return opened(file, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", locked)
        turn = place.turn(10)
    assert (turn.sent, turn.left, place.files()) == (1, 1, ["a.xml"])

    assert (place.turn().sent, place.files()) == (1, [])


def test_a_file_that_cannot_be_moved_is_not_sent_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was accepted; it is moved as soon as who has it open lets go. A new content under its name is sent."""
    place.put("a.xml")
    place.turn()
    replaced = os.replace

    def locked(source: Any, *arguments: Any) -> None:
        if str(source).endswith("a.xml"):
            raise PermissionError(13, "in use", str(source))
        replaced(source, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", locked)
        assert [place.turn(10).left for _ in range(3)] == [1, 1, 1]
    assert place.turn().sent == 1
    assert (len(place.got), place.files("done")) == (1, ["a.xml"])


def test_while_the_other_side_is_away_files_stay(place: Place) -> None:
    """The first that is not answered ends the look, with the time to wait; later all are sent in order."""
    for name in ("a.xml", "b.xml"):
        place.put(name)
    place.answer = lambda *_: Answer(outcome="later", detail="429", retry_after=30)
    turn = place.settle()
    assert (turn.left, turn.wait, len(place.got), place.files()) == (2, 30, 1, ["a.xml", "b.xml"])
    place.answer = lambda *_: ACCEPTED

    assert place.turn().sent == 2


def test_a_wrong_set_up_moves_no_file(place: Place) -> None:
    """Not signed right, or another address: no file is at fault."""
    place.put("a.xml")
    place.turn()
    place.answer = lambda *_: Answer(outcome="stop", detail="The signature is wrong.")

    with pytest.raises(Unusable, match="signature"):
        place.turn(10)
    assert place.files() == ["a.xml"]


def test_a_file_that_changes_while_it_is_read_waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of it is never sent."""
    place.put("a.xml", b"half")
    place.turn()
    opened = io.open

    def grown(file: Any, *arguments: Any, **options: Any) -> Any:
        if str(file).endswith("a.xml"):
            with opened(file, "ab") as more:
                more.write(b"more")
        return opened(file, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", grown)
        assert place.turn(10).sent == 0
    assert place.got == []


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("at", range(1, 22))
def test_killed_at_any_moment_a_file_is_accepted_once(
    place: Place, monkeypatch: pytest.MonkeyPatch, at: int, *, refused: bool
) -> None:
    """Before or after sending, any write or rename: the next start sends the same content, or moves what is left."""
    place.put("p.xml", b"content")
    place.turn()
    left = at
    contents: set[str] = set()

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            result = call(*arguments, **options)
            left -= 1
            if left == 0:
                raise Killed
            return result

        return step

    def take(_: str, content: bytes) -> Answer:
        contents.add(hashlib.sha256(content).hexdigest())
        return REFUSED if refused else ACCEPTED

    with monkeypatch.context() as patch:
        for name in ("replace", "fsync"):
            patch.setattr(os, name, counted(getattr(os, name)))
        place.answer = counted(take)
        with suppress(Killed):
            place.turn(10)
    place.answer = take
    place.restart()
    place.settle()

    assert (len(contents), place.files()) == (1, [])
    assert "p.xml" in place.files("failed" if refused else "done")
    assert (place.files("done") == []) == refused


def test_once_waits_until_files_count_as_complete_and_says_what_is_left(place: Place) -> None:
    """For a task that is started every few minutes: 0 all sent, 1 something waits for a person or for later."""
    place.put("p.xml")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        place.now += seconds

    assert command.run_once(place.forwarder, lambda: place.now, sleep) == command.ALL_SENT
    assert (slept, place.files("done")) == ([5], ["p.xml"])
    place.put("q.xml")
    place.answer = lambda *_: Answer(outcome="later", detail="away")
    assert command.run_once(place.forwarder, lambda: place.now, sleep) == command.SOME_LEFT


def test_run_on_waits_longer_while_nothing_is_taken(place: Place) -> None:
    """Up to five minutes, at least as long as it was asked to; after a success it looks every few seconds again."""

    class Enough(Exception):
        pass

    place.put("p.xml")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        place.now += seconds
        if len(slept) == 12:
            raise Enough
        if len(slept) == 10:
            place.answer = lambda *_: ACCEPTED

    place.answer = lambda *_: Answer(outcome="later", detail="away", retry_after=7)
    with pytest.raises(Enough):
        command.run_on(place.forwarder, lambda: place.now, sleep)

    assert slept == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 5, 5]
