import os
from pathlib import Path

import pytest

from worker.intake import file_sources
from worker.intake.event_errors import EventRefused

LIMIT = 10


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    folder = tmp_path / "allowed"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("inside")
    (folder / "sub" / "å b.txt").write_text("deeper")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "allowed-too").mkdir()
    (tmp_path / "allowed-too" / "a.txt").write_text("sibling")
    return folder


def _reason(url: str, allowed: Path, limit: int = LIMIT) -> str:
    with pytest.raises(EventRefused) as caught:
        file_sources.read(url, (allowed,), limit)
    return caught.value.problems[0].reason.value


@pytest.mark.parametrize(
    ("way", "content"),
    [("a.txt", b"inside"), ("sub/%C3%A5%20b.txt", b"deeper"), ("sub/å b.txt", b"deeper"), ("./a.txt", b"inside")],
)
def test_a_file_below_an_allowed_folder_is_read(way: str, content: bytes, allowed: Path) -> None:
    """At any depth, with or without percent-encoding."""
    assert file_sources.read(f"file://{allowed}/{way}", (allowed,), LIMIT) == content


@pytest.mark.parametrize(
    "tail",
    [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/sub%2f..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/a.txt%00.ndjson",
        "/%ff",
        "-too/a.txt",
        "",
        "/",
        "/a.txt?x=1",
        "/a.txt#x",
    ],
)
def test_no_spelling_leads_out_of_the_folder(tail: str, allowed: Path) -> None:
    """Dots, encodings, NUL and names that merely begin alike are refused before anything is opened."""
    assert _reason(f"file://{allowed}{tail}", allowed) == "invoices-file-refused"


@pytest.mark.parametrize(
    "url", ["file://host{}/a.txt", "file://localhost{}/a.txt", "file:a.txt", "file://[", "file:///etc/passwd"]
)
def test_no_host_and_no_other_folder_is_accepted(url: str, allowed: Path) -> None:
    """A file address has an empty host and an absolute path."""
    assert _reason(url.format(allowed), allowed) == "invoices-file-refused"


def test_no_link_is_followed(allowed: Path) -> None:
    """Neither as the file nor on the way to it, even if it leads to an allowed file."""
    (allowed / "link.txt").symlink_to(allowed.parent / "secret.txt")
    (allowed / "out").symlink_to(allowed.parent)
    (allowed / "self.txt").symlink_to(allowed / "a.txt")

    reasons = [_reason(f"file://{allowed}/{way}", allowed) for way in ("link.txt", "out/secret.txt", "self.txt")]

    assert reasons == ["invoices-file-refused"] * 3


def test_only_plain_files_are_read(allowed: Path) -> None:
    """A folder is none, and a pipe does not keep us waiting for its writer."""
    os.mkfifo(allowed / "pipe")

    assert _reason(f"file://{allowed}/pipe", allowed) == "invoices-file-refused"
    assert _reason(f"file://{allowed}/sub", allowed) == "invoices-file-refused"


def test_a_missing_file_is_told_from_a_forbidden_one(allowed: Path) -> None:
    """The sender wrote the event too early, or the share is not mounted."""
    assert _reason(f"file://{allowed}/none.txt", allowed) == "invoices-file-unavailable"


def test_size_is_bounded(allowed: Path) -> None:
    """Six bytes pass a limit of six, not one of five."""
    assert file_sources.read(f"file://{allowed}/a.txt", (allowed,), 6) == b"inside"
    assert _reason(f"file://{allowed}/a.txt", allowed, 5) == "event-too-large"


def test_without_allowed_folders_no_file_is_read(allowed: Path) -> None:
    """The default is to refuse all files."""
    with pytest.raises(EventRefused, match="invoices-file-refused"):
        file_sources.read(f"file://{allowed}/a.txt", (), LIMIT)


def test_no_descriptor_stays_open(allowed: Path) -> None:
    """The intake runs for months."""
    before = _descriptors()
    for way in ("a.txt", "none.txt", "sub", "sub/none/none.txt", "a.txt/none"):
        try:
            file_sources.read(f"file://{allowed}/{way}", (allowed,), LIMIT)
        except EventRefused:
            continue

    assert _descriptors() == before


def _descriptors() -> int:
    """The next free number shows how many are open."""
    descriptor = os.open("/", os.O_RDONLY)
    os.close(descriptor)
    return descriptor


def test_no_second_name_of_a_file_elsewhere_is_read(allowed: Path) -> None:
    """A hard link is no link to any path: whoever may write to the folder could show every file of its disk."""
    os.link(allowed.parent / "secret.txt", allowed / "innocent.txt")

    assert _reason(f"file://{allowed}/innocent.txt", allowed) == "invoices-file-refused"
