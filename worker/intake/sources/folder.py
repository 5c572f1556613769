"""A watched folder as files: which of them are complete, and where they go when they were taken or refused.

A file is never deleted. It leaves the folder by a rename, into ``done`` or ``failed``, once all about it is safe.
"""

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.exports import ExportConfig
from worker.domain.sums import Problem
from worker.forward.names import shortened
from worker.intake.sources.refusal_words import words

DONE, FAILED, OWN = "done", "failed", ".opter-economic"
#: Names of files that somebody still writes, and of our own.
_NOT_YET = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", ".done", "~", ".error.txt", ".error.json")
_BLOCK = 1 << 20
#: Bytes of a name that file systems allow.
_LONGEST_NAME = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """How a file looked: another size, time or file number is another content."""

    size: int
    modified: int
    number: int


class Folder:
    """One folder. Every method may raise ``OSError``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._since: dict[str, tuple[Seen, float]] = {}

    def prepare(self) -> None:
        """Make the folders beside the files, where they are missing."""
        for name in (DONE, FAILED, OWN):
            (self.path / name).mkdir(exist_ok=True)

    def complete(self, *, now: float, stable: float, done_files: bool) -> list[str]:
        """Return the names of files that are complete, in order; ``now`` and ``stable`` in seconds.

        A file is complete when it has not changed for ``stable`` seconds; with ``done_files``, when ``NAME.done`` lies
        beside it.
        """
        names = {path.name for path in self.path.iterdir()}
        found: dict[str, tuple[Seen, float]] = {}
        for name in names:
            if (seen := self._candidate(name)) is not None:
                before = self._since.get(name)
                found[name] = before if before and before[0] == seen else (seen, now)
        self._since = found
        if done_files:
            return sorted(name for name in found if f"{name}.done" in names)
        return sorted(name for name, (_, since) in found.items() if now - since >= stable)

    def seen(self, name: str) -> Seen:
        """Return how a file looks now."""
        status = os.lstat(self.path / name)
        return Seen(size=status.st_size, modified=status.st_mtime_ns, number=status.st_ino)

    def quiet_for(self, now: float) -> float:
        """Return the seconds since the last file came or changed."""
        return now - max((since for _, since in self._since.values()), default=now)

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file's content."""
        hashed = hashlib.sha256()
        with (self.path / name).open("rb") as file:
            while block := file.read(_BLOCK):
                hashed.update(block)
        return hashed.hexdigest()

    def move(self, name: str, into: str, digest: str) -> Path:
        """Move a file aside; under another name where that is taken by another content. Return where it is."""
        target = self.path / into / self._shown(name, into, digest)
        (self.path / name).replace(target)
        mark = f"{name}.done"
        if len(mark.encode(errors="replace")) <= _LONGEST_NAME:
            with suppress(FileNotFoundError):
                (self.path / mark).replace(self.path / into / f"{target.name}.done")
        self._since.pop(name, None)
        return target

    def refuse(self, name: str, problems: Sequence[Problem]) -> None:
        """Move a file to ``failed``; why is written beside it first, in words and as JSON."""
        digest = self.digest(name)
        shown = self._shown(name, FAILED, digest)
        write(self.path / FAILED / f"{shown}.error.txt", words(name, problems).encode())
        document = {"file": name, "sha256": digest, "problems": [_document(problem) for problem in problems]}
        write(self.path / FAILED / f"{shown}.error.json", json.dumps(document, ensure_ascii=False, indent=2).encode())
        self.move(name, FAILED, digest)

    def _shown(self, name: str, into: str, digest: str) -> str:
        """Return a file's name in another folder; a long one is cut, so that what is written beside it has room."""
        short = shortened(name)
        return name if short == name and not (self.path / into / name).exists() else f"{digest[:8]}-{short}"

    def _candidate(self, name: str) -> Seen | None:
        if not is_candidate(name):
            return None
        try:
            status = os.lstat(self.path / name)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return Seen(size=status.st_size, modified=status.st_mtime_ns, number=status.st_ino)


def is_candidate(name: str) -> bool:
    """Tell whether a file may be taken at all, by its name."""
    return not name.startswith((".", "~$")) and not name.lower().endswith(_NOT_YET)


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and keep it through a loss of power."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Keep the names in a folder through a loss of power, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network shares cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _document(problem: Problem) -> dict[str, Any]:
    return {
        "reason": problem.reason.value,
        "description": problem.description,
        "invoiceNumber": problem.invoice_number,
        "field": problem.field,
        "value": problem.value,
    }


def kept_folders(exports: Mapping[str, ExportConfig]) -> tuple[Path, ...]:
    """Return where watched folders keep what their events refer to; the intake may read there."""
    return tuple((export.source.folder / OWN).resolve() for export in exports.values() if export.source.folder)
