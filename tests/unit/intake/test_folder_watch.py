"""A watched folder: complete files become events exactly once, whenever it is killed; the rest says why not."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.events import event, invoices, reader
from support.formats import UBL_MAPPING, to_csv, to_ubl, to_xml
from support.samples import export, invoice

from worker.domain.reasons import ProcessReason, failure
from worker.errors import StoreUnavailable
from worker.intake.reading import read_event
from worker.intake.sources.folder import kept_folders
from worker.intake.sources.folder_watch import FolderWatch, FolderWatches

#: A file that says all about its period.
PERIOD = to_xml(event()["data"])


class Place:
    """A folder, its watcher, and what reached the queue."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 1000.0
        self.published: list[bytes] = []
        self.most_inline = 1 << 20
        self.settings: dict[str, Any] = {"folder": path, "stable_seconds": 5, "quiet_seconds": 60}
        self.publish: Callable[[bytes], None] = self.published.append
        self.restart()

    def restart(self, **settings: Any) -> None:
        self.settings |= settings
        config, inline = export(source=self.settings), self.most_inline
        self.watch = FolderWatch(config, publish=self._publish, clock=lambda: self.now, most_inline=inline)

    def _publish(self, raw: bytes) -> None:
        self.publish(raw)

    def put(self, name: str, content: bytes) -> None:
        (self.path / name).write_bytes(content)

    def turn(self, seconds: float = 0) -> int:
        self.now += seconds
        return self.watch.turn()

    def settle(self, seconds: float = 100) -> None:
        """Let whatever is there become complete."""
        self.turn()
        self.turn(seconds)

    def files(self, folder: str = ".") -> list[str]:
        return sorted(path.name for path in (self.path / folder).iterdir() if path.is_file())

    def numbers(self) -> list[list[int]]:
        """Return the numbers of the invoices of each event, read as the intake does."""
        exports = export(source={"folder": self.path})
        read = reader(exports, folders=kept_folders({"main": exports}), limit=1 << 28)
        events = [read.read(read_event(raw, limit=1 << 28)) for raw in self.published]
        return [[each.invoice_number for each in period.invoices] for period in events]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty folder; its permissions are given back in the end."""
    yield Place(tmp_path)
    tmp_path.chmod(0o700)


def test_a_file_is_taken_once_it_has_not_changed_for_a_while(place: Place) -> None:
    """Half-written, it waits; complete, it becomes an event and lies in done, unchanged."""
    place.put("p.xml", PERIOD[:500])
    assert [place.turn(), place.turn(4)] == [0, 0]
    place.put("p.xml", PERIOD)
    assert [place.turn(4), place.turn(4), place.turn(1)] == [0, 0, 1]

    assert place.numbers() == [[100001, 100002]]
    assert (place.files(), place.files("done")) == ([], ["p.xml"])
    assert (place.path / "done" / "p.xml").read_bytes() == PERIOD


@pytest.mark.parametrize("at", range(1, 5))
@pytest.mark.parametrize("broken", [False, True])
def test_a_file_that_changes_while_it_is_read_waits(tmp_path: Path, at: int, *, broken: bool) -> None:
    """Whoever writes it pauses in the middle of it just then: neither half of it is taken, nor the file refused."""
    whole = b"\n".join(json.dumps(each).encode() for each in invoices(3)) + b"\n"
    half = whole[: whole.index(b"\n", len(whole) // 2) + (-5 if broken else 1)]
    path, reads = tmp_path / "p.ndjson", 0

    def alive() -> None:
        nonlocal reads
        reads += 1
        if reads == at:
            path.write_bytes(half)

    now, published = 1000.0, list[bytes]()
    source = {"folder": tmp_path, "stable_seconds": 5, "quiet_seconds": 1}
    watch = FolderWatch(export(source=source), publish=published.append, clock=lambda: now, alive=alive)
    path.write_bytes(whole)
    watch.turn()
    now += 10
    watch.turn()
    assert (published, path.exists(), reads >= at) == ([], True, True)
    path.write_bytes(whole)
    for _ in range(2):
        watch.turn()
        now += 10

    assert [len(json.loads(each)["data"]["invoices"]) for each in published] == [3]


def test_a_done_file_says_that_a_file_is_complete(place: Place) -> None:
    """However fresh it is; without one it stays, however old it is."""
    place.restart(complete="done-file")
    place.put("p.xml", PERIOD)
    assert place.turn(500) == 0
    place.put("p.xml.done", b"")

    assert place.turn() == 1
    assert place.files("done") == ["p.xml", "p.xml.done"]


@pytest.mark.parametrize("name", [".p.xml", "p.xml.tmp", "p.xml.part", "p.filepart", "~$p.xlsx"])
def test_names_of_unfinished_files_are_left_alone(place: Place, name: str) -> None:
    """Programs write under such a name and rename in the end."""
    place.put(name, PERIOD)
    (place.path / "folder").mkdir()
    (place.path / "link.xml").symlink_to("/etc/passwd")

    place.settle()

    assert (place.published, place.files("failed")) == ([], [])


@pytest.mark.parametrize("name", ["p.xml", "æøå 'x' \"$(id)\".xml", "-rf.xml", "a\nb.xml"])
def test_a_refused_file_lies_beside_the_reasons(place: Place, name: str) -> None:
    """In words and as JSON, with any name; the file itself is unchanged."""
    content = PERIOD.replace(b"<net>1000.00</net>", b"<net>x</net>", 1)
    place.put(name, content)

    place.settle()

    assert place.published == []
    assert (place.path / "failed" / name).read_bytes() == content
    words = (place.path / "failed" / f"{name}.error.txt").read_text(encoding="utf-8")
    assert "blev ikke taget" in words
    assert "invoice 100001" in words
    problems = json.loads((place.path / "failed" / f"{name}.error.json").read_bytes())["problems"]
    assert [(problem["invoiceNumber"], problem["value"]) for problem in problems] == [(100001, "x")]


def test_the_same_content_again_is_known(place: Place) -> None:
    """It is the same event, which the intake knows; a note says so. Other content under its name is another file."""
    for content in (PERIOD, PERIOD, to_xml(event(invoices(1, first=7))["data"])):
        place.put("p.xml", content)
        place.settle()

    ids = [json.loads(raw)["id"] for raw in place.published]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)
    assert len(place.files("done")) == 4
    assert len([name for name in place.files("done") if name.endswith(".known.txt")]) == 1


def test_one_file_per_invoice_is_one_period_when_all_have_come(place: Place) -> None:
    """The number in each file says when; until then they wait, in whatever order they come."""
    data = event(invoices(3))["data"]
    for number in (2, 0):
        place.put(f"{number}.xml", to_xml(data | {"invoices": [data["invoices"][number]]}))
        place.turn()
    assert place.turn(10) == 0
    place.put("1.xml", to_xml(data | {"invoices": [data["invoices"][1]]}))
    place.turn()
    assert place.turn(6) == 1

    assert place.numbers() == [[100001, 100002, 100003]]


def test_a_period_that_stays_incomplete_is_refused_when_it_is_quiet(place: Place) -> None:
    """What is missing is said beside the files; nothing of it is exported."""
    data = event(invoices(3))["data"]
    place.put("1.xml", to_xml(data | {"invoices": data["invoices"][:2]}))

    place.settle(50)
    assert place.files() == ["1.xml"]
    place.turn(20)

    assert place.published == []
    assert "3" in (place.path / "failed" / "1.xml.error.txt").read_text(encoding="utf-8")


def test_files_without_a_period_become_one_when_it_is_quiet(place: Place) -> None:
    """CSV and single invoices name none; the period's number follows from what is in it."""
    place.put("a.csv", to_csv([invoice(invoice_number=1)]))
    place.turn()
    place.turn(50)
    place.put("b.csv", to_csv([invoice(invoice_number=2)]))
    place.turn()
    assert place.turn(50) == 0
    assert place.turn(10) == 1

    assert place.numbers() == [[1, 2]]


def test_a_ubl_file_is_mapped_by_the_exports_mapping(place: Place) -> None:
    """The mapping is read at each turn, so that a correction counts at once."""
    mapping = place.path.parent / "mapping.toml"
    mapping.write_text('[[ubl.accounts]]\ncost = "3010"\naccount = "3010"\n', encoding="utf-8")
    assert UBL_MAPPING.ubl.accounts
    place.restart(mapping=mapping)
    place.put("i.xml", to_ubl(invoice()))

    place.settle()

    assert place.numbers() == [[100353]]


def test_a_large_period_is_referred_to(place: Place) -> None:
    """The event names a file that the intake may read."""
    place.most_inline = 100
    place.restart()
    place.put("p.xml", PERIOD)

    place.settle()

    assert "invoicesRef" in json.loads(place.published[0])["data"]
    assert place.numbers() == [[100001, 100002]]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at", range(1, 40))
def test_killed_at_any_moment_a_file_is_taken_exactly_once(
    place: Place, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Before or after any write, rename, removal or publication: the next start sends the same event, or none again."""
    place.put("p.xml", PERIOD)
    place.turn()
    left = at

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

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink", "fsync"):
            patch.setattr(os, name, counted(getattr(os, name)))
        place.publish = counted(place.published.append)
        with suppress(Killed):
            place.turn(100)
    place.publish = place.published.append
    place.restart()
    place.settle()

    assert len({json.loads(raw)["id"] for raw in place.published}) == 1
    assert {tuple(numbers) for numbers in place.numbers()} == {(100001, 100002)}
    assert (place.files(), [name for name in place.files("done") if name == "p.xml"]) == ([], ["p.xml"])
    assert place.files("failed") == []


def test_a_long_file_is_read_with_signs_of_life(tmp_path: Path) -> None:
    """A watcher at a large file is not taken for one that hangs, which would be killed at it again and again."""
    (tmp_path / "p.xml").write_bytes(PERIOD)
    config = export(source={"folder": tmp_path, "stable_seconds": 0})
    signs: list[int] = []
    watches = FolderWatches({"main": config}, publish=len, clock=lambda: 0.0, alive=lambda: signs.append(1))

    assert watches.turn() == 1
    assert len(signs) == 2 * 2


def test_while_redis_is_away_files_stay(place: Place) -> None:
    """They are published when it is back, once."""
    place.put("p.xml", PERIOD)

    def away(raw: bytes) -> None:
        raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, f"{len(raw)} bytes too many"))

    place.publish = away
    with pytest.raises(StoreUnavailable):
        place.settle()
    assert place.files() == ["p.xml"]
    place.publish = place.published.append

    assert place.turn() == 1
    assert place.files("done") == ["p.xml"]


def _absent(folder: Path) -> Callable[[], None]:
    return folder.mkdir


def _a_file(folder: Path) -> Callable[[], None]:
    folder.write_bytes(b"")

    def mend() -> None:
        folder.unlink()
        folder.mkdir()

    return mend


def _without_rights(folder: Path) -> Callable[[], None]:
    """Root may do anything; what it cannot do either is to make a folder where the system keeps its own."""
    folder.symlink_to("/proc/self/fdinfo")

    def mend() -> None:
        folder.unlink()
        folder.mkdir()

    return mend


def _full(folder: Path) -> Callable[[], None]:
    """Every write into the watcher's own folder ends as on a full disk."""
    folder.mkdir()
    (folder / "p.xml").write_bytes(to_xml(event(invoices(1, first=7))["data"]))
    own = folder / ".opter-economic"
    own.mkdir()
    (own / "reading.part").symlink_to("/dev/full")

    return (own / "reading.part").unlink


def _our_fault(folder: Path) -> Callable[[], None]:
    """A list of files that we never wrote so."""
    own = folder / ".opter-economic"
    own.mkdir(parents=True)
    (own / "x.event").write_bytes(b"{}")
    (own / "x.intent").write_bytes(b"[]")

    return (own / "x.intent").unlink


@pytest.mark.parametrize("trouble", [_absent, _a_file, _without_rights, _full, _our_fault])
def test_a_folder_in_trouble_does_not_keep_the_others_back(
    tmp_path: Path, trouble: Callable[[Path], Callable[[], None]]
) -> None:
    """It is a fault for as long as it lasts: absent, no folder, without rights, a full disk, even a fault of ours."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.mkdir()
    mend = trouble(bad)
    (good / "p.xml").write_bytes(PERIOD)
    exports = {
        name: export(name=name, source={"folder": folder, "stable_seconds": 0}) for name, folder in
        (("broken", bad), ("main", good))
    }  # fmt: skip
    published: list[bytes] = []
    watches = FolderWatches(exports, publish=published.append, clock=lambda: 0.0)

    watches.turn()
    watches.turn()
    assert list(watches.faults) == ["broken"]
    assert str(bad) in watches.faults["broken"] or trouble is _our_fault
    assert [json.loads(each)["data"]["export"] for each in published] == ["main"]
    assert (good / "done" / "p.xml").exists()
    mend()
    watches.turn()

    assert watches.faults == {}


def _manifest(*names: str, **more: Any) -> bytes:
    return json.dumps({"files": [{"name": name} for name in names], **more}).encode()


@pytest.mark.parametrize("first", ["manifest", "files"])
def test_a_manifest_closes_the_period_of_the_files_that_it_names(place: Place, first: str) -> None:
    """Once all have come, in whatever order; what it says of the period counts for files that say nothing."""
    data = event(invoices(3))["data"]
    said = {"period": data["period"], "invoiceCount": 2, "controlTotals": [_total(2)]}
    parts = {f"{number}.csv": to_csv([invoice(invoice_number=number)]) for number in (1, 2)}
    place.put("3.csv", to_csv([invoice(invoice_number=3)]))
    both = [("p.manifest.json", _manifest("2.csv", "1.csv", **said)), *parts.items()]
    for name, content in both if first == "manifest" else reversed(both):
        assert place.turn(6) == 0
        place.put(name, content)
        place.turn()

    assert place.turn(6) == 1
    assert (place.numbers(), place.files()) == ([[1, 2]], ["3.csv"])
    assert place.files("done") == ["1.csv", "2.csv", "p.manifest.json"]
    assert json.loads(place.published[0])["data"]["period"]["id"] == 881


def _total(count: int) -> dict[str, str]:
    return {"currency": "DKK", "net": f"{count * 1000}.00", "vat": f"{count * 250}.00", "gross": f"{count * 1250}.00"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"invoiceCount": 3}, "invoice count"),
        ({"controlTotals": [{"currency": "DKK", "net": "1.00", "vat": "0.25", "gross": "1.25"}]}, "control totals"),
        ({"export": "other"}, "its export differs"),
        ({"period": {"id": 7, "name": "other", "closedAt": "2026-11-20T15:04:05Z"}}, "period"),
        ({"files": [{"name": "p.xml", "sha256": 64 * "0"}]}, "SHA-256"),
        ({"files": []}, "files"),
        ({"files": [{"name": "../p.xml"}]}, "files"),
        ({"files": [{"name": "p.xml"}, {"name": "p.xml"}]}, "twice"),
        ({"invoicecount": 2}, "invoicecount"),
    ],
)
def test_a_manifest_that_is_not_true_is_refused(place: Place, more: dict[str, Any], says: str) -> None:
    """Count, totals, export, period and hash are compared with what is in the files; nothing of them is sent."""
    place.restart(closed_by="manifest")
    place.put("p.xml", PERIOD)
    place.put("p.manifest.json", json.dumps({"files": [{"name": "p.xml"}]} | more).encode())

    place.settle()

    assert place.published == []
    assert says in (place.path / "failed" / "p.manifest.json.error.txt").read_text(encoding="utf-8")


def test_files_of_a_manifest_that_do_not_come_are_named(place: Place) -> None:
    """After the quiet time the ones that came are refused with it; before, they wait however whole they are."""
    place.put("p.xml", PERIOD)
    place.put("p.manifest.json", _manifest("p.xml", "q.xml"))
    place.turn()
    assert (place.turn(50), place.files()) == (0, ["p.manifest.json", "p.xml"])
    place.turn(20)

    assert (place.published, place.files()) == ([], [])
    assert "q.xml" in (place.path / "failed" / "p.xml.error.txt").read_text(encoding="utf-8")


def test_where_only_a_manifest_closes_files_wait_for_one(place: Place) -> None:
    """However whole and however long; then they are taken."""
    place.restart(closed_by="manifest")
    place.put("p.xml", PERIOD)
    place.settle(1000)
    assert (place.published, place.files()) == ([], ["p.xml"])
    place.put("P.Manifest.JSON", _manifest("p.xml"))
    place.settle()

    assert place.numbers() == [[100001, 100002]]


def test_a_name_that_leaves_no_room_does_not_stop_the_folder(place: Place) -> None:
    """A file system holds 255 bytes of a name; what is put beside such a file gets a shorter one."""
    place.put("æ" * 125 + ".xml", b"no invoice")
    place.put("p.xml", PERIOD)

    place.settle()

    assert (place.numbers(), place.files()) == ([[100001, 100002]], [])
    assert len(place.files("failed")) == 3


def test_a_copy_under_another_name_does_not_count_twice(place: Place) -> None:
    """Of a period in several files, it would close the period without the one that is missing."""
    data = event(invoices(2))["data"]
    parts = [to_xml(data | {"invoices": [each]}) for each in data["invoices"]]
    place.put("1.xml", parts[0])
    place.put("1 - copy.xml", parts[0])
    place.turn()
    assert (place.turn(6), place.files()) == (0, ["1 - copy.xml"])
    place.put("2.xml", parts[1])
    place.turn()

    assert place.turn(6) == 1
    assert (place.numbers(), place.files(), place.files("failed")) == ([[100001, 100002]], [], [])
    assert place.files("done") == ["1 - copy.xml", "1.xml", "1.xml.known.txt", "2.xml"]


def test_a_part_that_comes_again_after_its_period_is_known(place: Place) -> None:
    """Alone it would wait and be refused as incomplete; all of them together are the same event again."""
    data = event(invoices(2))["data"]
    parts = {f"{number}.xml": to_xml(data | {"invoices": [each]}) for number, each in enumerate(data["invoices"])}
    for name, content in parts.items():
        place.put(name, content)
    place.settle()
    place.put("0.xml", parts["0.xml"])
    place.settle()
    assert (place.files(), place.files("failed"), len(place.published)) == ([], [], 1)
    for name, content in parts.items():
        place.put(name, content)
    place.settle()

    assert [json.loads(raw)["id"] for raw in place.published] == [json.loads(place.published[0])["id"]] * 2
