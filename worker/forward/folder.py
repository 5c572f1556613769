"""The folder on Opter's machine: which files are complete, and where they go. The rules are those of a watched folder.

A file is never deleted. On Windows a file that another program has open can be neither read nor renamed: it is then
tried again at the next look.
"""

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.forward.names import long_path, shortened

DONE, FAILED, OWN = "done", "failed", ".opter-economic"
#: Names of files that somebody still writes, of our own, and of Windows Explorer's.
_NOT_YET = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", ".done", "~", ".error.txt", ".error.json")
_EXPLORER = ("thumbs.db", "desktop.ini")
_HIDDEN = stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How a file looked: another size, time or file number is another content."""

    size: int
    modified: int
    number: int


class Folder:
    """One folder. Every method may raise ``OSError``."""

    def __init__(self, path: Path) -> None:
        """``path`` is absolute."""
        self.path = Path(long_path(str(path))) if os.name == "nt" else path
        self._since: dict[str, tuple[Seen, float]] = {}

    def prepare(self) -> None:
        """Make the folders beside the files, where they are missing."""
        for name in (DONE, FAILED, OWN):
            (self.path / name).mkdir(exist_ok=True)

    def complete(self, *, now: float, stable: float, done_files: bool) -> list[str]:
        """Return the names of files that are complete, in order; ``now`` and ``stable`` in seconds.

        A file is complete when it has not changed for ``stable`` seconds; with ``done_files``, when ``NAME.done`` lies
        beside it, in whatever case.
        """
        names = {path.name for path in self.path.iterdir()}
        found: dict[str, tuple[Seen, float]] = {}
        for name in names:
            if (seen := self._candidate(name)) is not None:
                before = self._since.get(name)
                found[name] = before if before and before[0] == seen else (seen, now)
        self._since = found
        if done_files:
            marked = {name.casefold() for name in names}
            return sorted(name for name in found if f"{name}.done".casefold() in marked)
        return sorted(name for name, (_, since) in found.items() if now - since >= stable)

    def seen(self, name: str) -> Seen:
        """Return how a file looks now."""
        status = os.lstat(self.path / name)
        return Seen(size=status.st_size, modified=status.st_mtime_ns, number=status.st_ino)

    def read(self, name: str) -> bytes | None:
        """Return the content; None when it was written to meanwhile."""
        before = self.seen(name)
        content = (self.path / name).read_bytes()
        return content if before == self.seen(name) and len(content) == before.size else None

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file's content."""
        with (self.path / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def move(self, name: str, into: str, digest: str) -> None:
        """Move a file aside; under another name where that is taken, or too long for what is written beside it."""
        shown = self.shown(name, into, digest)
        (self.path / name).replace(self.path / into / shown)
        for mark in (path for path in self.path.iterdir() if path.name.casefold() == f"{name}.done".casefold()):
            with suppress(OSError):
                mark.replace(self.path / into / f"{shown}.done")

    def refuse(self, name: str, digest: str, *, words: str, document: Any) -> None:
        """Move a file to ``failed``; why is written beside it first, in words and as JSON."""
        shown = self.shown(name, FAILED, digest)
        # Windows' Notepad reads UTF-8 with or without a mark; lines end as it expects them.
        _write(self.path / FAILED / f"{shown}.error.txt", words.replace("\n", "\r\n").encode())
        _write(self.path / FAILED / f"{shown}.error.json", json.dumps(document, ensure_ascii=False, indent=2).encode())
        self.move(name, FAILED, digest)

    def shown(self, name: str, into: str, digest: str) -> str:
        """Return the name that a file gets in another folder; names that differ in case alone count as one."""
        short = shortened(name)
        taken = {path.name.casefold() for path in (self.path / into).iterdir()}
        return short if short == name and name.casefold() not in taken else f"{digest[:8]}-{short}"

    def _candidate(self, name: str) -> Seen | None:
        lower = name.lower()
        if name.startswith((".", "~$")) or lower.endswith(_NOT_YET) or lower in _EXPLORER:
            return None
        try:
            status = os.lstat(self.path / name)
        except OSError:  # gone meanwhile, or being deleted
            return None
        if not stat.S_ISREG(status.st_mode) or getattr(status, "st_file_attributes", 0) & _HIDDEN:
            return None
        return Seen(size=status.st_size, modified=status.st_mtime_ns, number=status.st_ino)


def words_of(name: str, detail: str, problems: Sequence[str], next_step: str) -> str:
    """Return why a file was refused, for people."""
    return "\n".join(
        [
            f"{name} was not taken: nothing of it goes to e-conomic. Correct what is named, and put it here again.",
            f"{name} blev ikke taget: intet af den går til e-conomic. Ret det nævnte, og læg filen i mappen igen.",
            "",
            *(f"- {problem}" for problem in problems or [detail]),
            "",
            next_step,
            "",
        ]
    )


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
