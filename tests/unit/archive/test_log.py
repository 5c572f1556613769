"""The archive on SQLite: entries for good, each once, under the tree, found again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Delete, Update, delete, update
from support.archiving import archive_at, invoice_entry

from worker.archive.database import Database
from worker.archive.log import Archive
from worker.archive.merkle import leaf_hash, root_of
from worker.archive.tables import entries, logs, members, nodes
from worker.domain.archive import EntryKind, entry_body, entry_of
from worker.errors import ArchiveUnavailable


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with closing(archive_at(tmp_path / "archive.sqlite")) as archive:
        archive.create()
        yield archive


def test_there_is_no_archive_before_it_is_made(tmp_path: Path) -> None:
    """Asking for it makes none: whoever only reads leaves no empty archive behind."""
    path = tmp_path / "archive.sqlite"
    with closing(archive_at(path)) as archive:
        assert archive.head() is None
        assert not path.exists()
        with pytest.raises(ArchiveUnavailable, match="not there"):
            archive.latest(EntryKind.INVOICE, "main-1")


def test_the_root_is_that_of_the_texts(archive: Archive) -> None:
    """However many are added at once, the tree is the one over all texts in their order."""
    added = [invoice_entry(number) for number in range(23)]
    for start, end in ((0, 1), (1, 3), (3, 16), (16, 23)):
        archive.append(added[start:end])

    expected = root_of([leaf_hash(entry.body.encode()) for entry in added])
    assert expected.hex() == archive.root(23)
    assert root_of([leaf_hash(entry.body.encode()) for entry in added[:9]]).hex() == archive.root(9)


def test_an_entry_is_kept_once(archive: Archive) -> None:
    """The same text again keeps its place, alone or among new ones; another text under the same key comes after it."""
    first, second = invoice_entry(1), invoice_entry(2)
    assert list(archive.append([first, second, first])) == [0, 1, 0]
    assert list(archive.append([invoice_entry(3), second])) == [2, 1]
    assert list(archive.append([invoice_entry(1, note="reexported")])) == [3]

    latest = archive.latest(EntryKind.INVOICE, "main-1")
    assert latest is not None
    assert (latest.leaf, latest.periods, latest.document["older"]) == (3, ("main-p881",), ["reexported"])
    assert archive.members("main-p881", EntryKind.INVOICE) == {"main-1": 3, "main-2": 1, "main-3": 2}


def test_text_is_found_in_any_case_and_as_it_is(archive: Archive) -> None:
    """A percent sign or underscore is no wildcard."""
    archive.append([invoice_entry(1, name="Øst & Co 100%"), invoice_entry(2, name="Vest A_S")])

    assert list(archive.find_members("main-p881", "øst")) == ["main-1"]
    assert list(archive.find_members("main-p881", "0%")) == ["main-1"]
    assert list(archive.find_members("main-p881", "a_s")) == ["main-2"]
    assert list(archive.find_members("main-p881", "t_&")) == []
    assert list(archive.find_members("main-p882", "øst")) == []


@pytest.mark.parametrize(
    "statement",
    [
        delete(entries),
        delete(members),
        delete(nodes),
        delete(logs),
        update(entries).values(body="{}"),
        update(entries).values(body=None, search=None, key="main-9"),
        update(entries).values(body=None, search=None, hash="0" * 64),
        update(nodes).values(hash="0" * 64),
        update(members).values(period="main-p9"),
        update(logs).values(id="other"),
    ],
    ids=str,
)
def test_the_database_refuses_to_change_what_is_there(archive: Archive, statement: Delete | Update) -> None:
    """Whoever wants to has to take its guards away first, and the tree still tells."""
    archive.append([invoice_entry(1), invoice_entry(2)])
    database = archive._database  # noqa: SLF001  # what a person with the database's password could do

    with pytest.raises(ArchiveUnavailable, match="append-only"), database.appending() as connection:
        connection.execute(statement)
    assert archive.latest(EntryKind.INVOICE, "main-1") is not None


def test_texts_whose_time_is_over_go_and_leave_a_note(archive: Archive) -> None:
    """The hashes stay, so that the tree is the same; the note names what was deleted, and stays for ever."""
    archive.append(
        [invoice_entry(number, date=day) for number, day in enumerate(("2021-03-01", "2027-01-01", "2021-12-31"))]
    )
    before = archive.root(3)

    assert archive.delete_texts("2022-01-01", most=10) == 2
    assert archive.delete_texts("2022-01-01", most=10) == 0

    assert before == archive.root(3)
    kept = archive.entries([0, 1, 2, 3])
    assert [leaf for leaf, entry in kept.items() if entry.body is None] == [0, 2]
    assert list(archive.find_members("main-p881", "main-2")) == []
    assert kept[0].digest == invoice_entry(0).digest
    assert kept[3].document["leaves"] == [[0, 0], [2, 2]]


def test_places_of_the_log_of_actions_are_read_backwards(archive: Archive) -> None:
    """The newest below a place first, whatever the order in which they came."""
    actions = [
        entry_of(entry_body(EntryKind.ACTION, f"{place:012}", periods=(), date="2027-01-01", line=str(place)))
        for place in range(12)
    ]
    archive.append(actions[:5])
    archive.append(actions[5:])

    assert [entry.document["line"] for entry in archive.actions(9, 3)] == ["8", "7", "6"]
    assert archive.actions_kept() == 12


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense", "sqlite:////proc/nowhere/archive.sqlite"])
def test_an_address_that_cannot_be_used_is_said(url: str) -> None:
    """As an archive that cannot be used, not as a fault of this program."""
    with pytest.raises(ArchiveUnavailable, match="cannot be used"):
        Archive(Database(url)).create()
