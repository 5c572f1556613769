"""Whatever is done to an archive behind its back is found, by the program and by the verifier that stands alone."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.archiving import archive_at, invoice_entry

from worker.archive.checkpoints import Checkpoint, CheckpointFile
from worker.archive.log import Archive
from worker.archive.merkle import leaf_hash
from worker.archive.verify import verify

ALONE = Path(__file__).parents[3] / "deploy" / "verify_archive.py"
SIZE = 13


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.sqlite"


@pytest.fixture
def checkpoints(tmp_path: Path) -> CheckpointFile:
    return CheckpointFile(tmp_path / "checkpoints.jsonl")


@pytest.fixture
def archive(path: Path, checkpoints: CheckpointFile) -> Iterator[Archive]:
    """Thirteen entries, two of which have lost their texts, and checkpoints at several sizes."""
    with closing(archive_at(path)) as archive:
        archive.create()
        for number in range(SIZE - 1):
            archive.append([invoice_entry(number, date="2020-01-01" if number in (3, 4) else "2026-11-20")])
            if number in (4, 7):
                _checkpoint(archive, checkpoints)
        assert archive.delete_texts("2021-01-01", most=10) == 2
        _checkpoint(archive, checkpoints)
        yield archive


def _checkpoint(archive: Archive, checkpoints: CheckpointFile) -> None:
    head = archive.head()
    assert head is not None
    checkpoints.add(Checkpoint(log=head.log, size=head.size, root=archive.root(head.size), at="2027-01-15T08:00:00Z"))


def _forge(body: str) -> tuple[str, str]:
    """Return a text that says something else, and its hash."""
    text = body.replace("Acme", "Ecma")
    return text, leaf_hash(text.encode()).hex()


def edit(database: sqlite3.Connection) -> None:
    """A text alone."""
    database.execute("UPDATE archive_entries SET body = replace(body, 'Acme', 'Ecma') WHERE leaf = 6")


def edit_with_hash(database: sqlite3.Connection) -> None:
    """A text with its hash, so that the entry agrees with itself."""
    (body,) = database.execute("SELECT body FROM archive_entries WHERE leaf = 6").fetchone()
    database.execute("UPDATE archive_entries SET body = ?, hash = ? WHERE leaf = 6", _forge(body))


def cut(database: sqlite3.Connection) -> None:
    """One out of the middle."""
    database.execute("DELETE FROM archive_entries WHERE leaf = 6")


def cut_and_close_up(database: sqlite3.Connection) -> None:
    """One out of the middle, and those after it moved up."""
    cut(database)
    for leaf in range(7, SIZE):
        database.execute("UPDATE archive_entries SET leaf = ? WHERE leaf = ?", (leaf - 1, leaf))


def cut_end(database: sqlite3.Connection) -> None:
    """The last ones."""
    database.execute("DELETE FROM archive_entries WHERE leaf >= 11")


def reorder(database: sqlite3.Connection) -> None:
    """Two whole entries exchanged."""
    for old, new in ((6, -1), (7, 6), (-1, 7)):
        database.execute("UPDATE archive_entries SET leaf = ? WHERE leaf = ?", (new, old))


def swap(database: sqlite3.Connection) -> None:
    """The texts of two entries exchanged."""
    bodies = database.execute("SELECT body FROM archive_entries WHERE leaf IN (6, 7) ORDER BY leaf").fetchall()
    for leaf, (body,) in zip((7, 6), bodies, strict=True):
        database.execute("UPDATE archive_entries SET body = ? WHERE leaf = ?", (body, leaf))


def refile(database: sqlite3.Connection) -> None:
    """One under another one's key."""
    database.execute("UPDATE archive_entries SET key = 'main-99' WHERE leaf = 6")


def erase(database: sqlite3.Connection) -> None:
    """A text, as if its time were over."""
    database.execute("UPDATE archive_entries SET body = NULL, search = NULL WHERE leaf = 6")


def put_in(database: sqlite3.Connection) -> None:
    """One more in the middle."""
    for leaf in range(SIZE - 1, 5, -1):
        database.execute("UPDATE archive_entries SET leaf = ? WHERE leaf = ?", (leaf + 1, leaf))
    entry = invoice_entry(77)
    row = (
        6,
        leaf_hash(entry.body.encode()).hex(),
        "invoice",
        entry.key,
        entry.date,
        entry.digest,
        entry.search,
        entry.body,
    )
    database.execute("INSERT INTO archive_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize(
    "tamper",
    [edit, edit_with_hash, cut, cut_and_close_up, cut_end, reorder, swap, refile, erase, put_in],
    ids=lambda tamper: tamper.__name__,
)
def test_whatever_is_done_to_it_is_found(
    archive: Archive, path: Path, checkpoints: CheckpointFile, tamper: Callable[[sqlite3.Connection], None]
) -> None:
    """By both, from the file and from an export of it."""
    with closing(sqlite3.connect(path)) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        tamper(database)
        database.commit()

    assert verify(archive, checkpoints.all()).problems
    assert _alone(path, checkpoints.path)[0] == 1
    if tamper is not refile:  # an export holds the texts alone
        assert _alone(_export(archive, path.with_suffix(".jsonl")), checkpoints.path)[0] == 1


def test_an_archive_as_it_was_written_holds(archive: Archive, path: Path, checkpoints: CheckpointFile) -> None:
    """Deleted texts included; both come to the same root."""
    found = verify(archive, checkpoints.all())

    assert (found.problems, found.size, found.deleted, found.checkpoints) == ([], SIZE, 2, 3)
    for file in (path, _export(archive, path.with_suffix(".jsonl"))):
        code, said = _alone(file, checkpoints.path)
        assert code == 0, said
        assert f"{SIZE} entries, root {found.root}, 3 checkpoints: all holds" in said


def test_a_file_that_is_no_archive_is_said(tmp_path: Path) -> None:
    """With its own exit code: nothing was found out."""
    (tmp_path / "other").write_text("hello", encoding="utf-8")

    assert _alone(tmp_path / "other")[0] == 2
    assert _alone(tmp_path / "nothing")[0] == 2


def test_a_checkpoint_that_was_cut_off_is_said_again(checkpoints: CheckpointFile) -> None:
    """A death in the middle of a line leaves the file readable."""
    first = Checkpoint(log="a", size=1, root="00", at="2027-01-15T08:00:00Z")
    second = Checkpoint(log="a", size=2, root="01", at="2027-01-16T08:00:00Z")
    checkpoints.add(first)
    with checkpoints.path.open("a", encoding="utf-8") as file:
        file.write('{"log":"a","si')

    assert checkpoints.last("a") == first
    checkpoints.add(second)
    assert list(checkpoints.all()) == [first, second]
    assert checkpoints.last("b") is None


def _export(archive: Archive, file: Path) -> Path:
    lines = [json.dumps({"leaf": row.leaf, "hash": row.hash, "body": row.body}) for row in archive.rows()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _alone(*files: Path) -> tuple[int, str]:
    command = [sys.executable, "-I", str(ALONE), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
