"""A folder that files come to: which of them are complete, and where they go. The watcher and the forwarder share it.

A file is never deleted. It leaves the folder by a rename, into ``done`` or ``failed``, once all about it is safe. On
Windows a file that another program has open can be neither read nor renamed: it is then tried again at the next look.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.forward.names import long_path, shortened

DONE, FAILED, OWN = "done", "failed", ".opter-economic"
#: Behind the name of a file that is complete.
_MARK = ".done"
#: Names of files that somebody still writes, of our own, and of Windows Explorer's.
_NOT_YET = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", _MARK, "~", ".error.txt", ".error.json")
_EXPLORER = ("thumbs.db", "desktop.ini")
_HIDDEN = stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM


@dataclass(frozen=True, kw_only=True, slots=True)
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
        #: The marks that lay there at the last look, by their name in small letters; None: not looked yet.
        self._marks: dict[str, Path] | None = None

    def prepare(self) -> None:
        """Make the folders beside the files, where they are missing; the folder itself is its owner's to make."""
        os.scandir(self.path).close()  # what is wrong with it is said of it, and not of what is to be made in it
        for name in (DONE, FAILED, OWN):
            (self.path / name).mkdir(exist_ok=True)

    def complete(self, *, now: float, stable: float, done_files: bool) -> list[str]:
        """Return the names of files that are complete, in order; ``now`` and ``stable`` in seconds.

        A file is complete when it has not changed for ``stable`` seconds; with ``done_files``, when ``NAME.done`` lies
        beside it, in whatever case: whoever writes from Windows tells none apart.
        """
        names = {path.name for path in self.path.iterdir()}
        marks = self._marks = self._marks_among(names)
        found: dict[str, tuple[Seen, float]] = {}
        for name in names:
            if (seen := self._candidate(name)) is not None:
                before = self._since.get(name)
                found[name] = before if before and before[0] == seen else (seen, now)
        self._since = found
        if done_files:
            return sorted(name for name in found if _mark(name) in marks)
        return sorted(name for name, (_, since) in found.items() if now - since >= stable)

    def seen(self, name: str) -> Seen:
        """Return how a file looks now."""
        status = os.lstat(self.path / name)
        return Seen(size=status.st_size, modified=status.st_mtime_ns, number=status.st_ino)

    def unchanged(self, names: Iterable[str]) -> bool:
        """Tell whether files still look as when they were found to be complete: nobody writes to them since."""
        try:
            return all(name in self._since and self._since[name][0] == self.seen(name) for name in names)
        except FileNotFoundError:
            return False

    def read(self, name: str) -> bytes | None:
        """Return the content; None when it was written to meanwhile."""
        before = self.seen(name)
        content = (self.path / name).read_bytes()
        return content if before == self.seen(name) and len(content) == before.size else None

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file's content."""
        with (self.path / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def move(self, name: str, into: str, digest: str) -> Path:
        """Move a file aside; under another name where that is taken, or too long for what is written beside it.

        Return where it is.
        """
        target = self.path / into / self._shown(name, into, digest)
        (self.path / name).replace(target)
        if self._marks is None:  # started anew, with a move that was broken off
            self._marks = self._marks_among(path.name for path in self.path.iterdir())
        if mark := self._marks.pop(_mark(name), None):
            with suppress(OSError):
                mark.replace(target.with_name(f"{target.name}{_MARK}"))
        self._since.pop(name, None)
        return target

    def refuse(self, name: str, digest: str, *, words: str, document: Mapping[str, Any]) -> None:
        """Move a file to ``failed``; why is written beside it first, in words and as JSON."""
        reasons = self.path / FAILED / self._shown(name, FAILED, digest)
        # Windows' Notepad reads UTF-8 with or without a mark; lines end as it expects them.
        write(reasons.with_name(f"{reasons.name}.error.txt"), text_bytes(words.replace("\n", "\r\n")))
        document = {"file": name, "sha256": digest, **document}
        write(
            reasons.with_name(f"{reasons.name}.error.json"),
            text_bytes(json.dumps(document, ensure_ascii=False, indent=2)),
        )
        self.move(name, FAILED, digest)

    def _shown(self, name: str, into: str, digest: str) -> str:
        """Return a file's name in another folder; a long one is cut, so that what is written beside it has room."""
        short = shortened(name)
        return short if short == name and not self._taken(name, into) else f"{digest[:8]}-{short}"

    def _taken(self, name: str, into: str) -> bool:
        """Tell whether a name is taken there; names that differ in case alone count as one."""
        return name.casefold() in {path.name.casefold() for path in (self.path / into).iterdir()}

    def _marks_among(self, names: Iterable[str]) -> dict[str, Path]:
        return {name.casefold(): self.path / name for name in names if name.casefold().endswith(_MARK)}

    def _candidate(self, name: str) -> Seen | None:
        if not is_candidate(name):
            return None
        try:
            status = os.lstat(self.path / name)
        except OSError as error:
            # Gone meanwhile; Windows says something else of a file that is being deleted.
            if isinstance(error, FileNotFoundError) or os.name == "nt":
                return None
            raise
        if not stat.S_ISREG(status.st_mode) or getattr(status, "st_file_attributes", 0) & _HIDDEN:
            return None
        return Seen(size=status.st_size, modified=status.st_mtime_ns, number=status.st_ino)


def _mark(name: str) -> str:
    return f"{name}{_MARK}".casefold()


def is_candidate(name: str) -> bool:
    """Tell whether a file may be taken at all, by its name."""
    lower = name.lower()
    return not name.startswith((".", "~$")) and not lower.endswith(_NOT_YET) and lower not in _EXPLORER


def refusal_text(name: str, problems: Iterable[str], next_steps: Iterable[str], danish: Sequence[str]) -> str:
    """Return why a file was refused, for people; ``danish`` are the problems once more."""
    return "\n".join(
        [
            f"{name} was not taken: nothing of it goes to e-conomic. Correct what is named, and put it here again.",
            f"{name} blev ikke taget: intet af den går til e-conomic. Ret det nævnte, og læg filen i mappen igen.",
            "",
            *(f"- {problem}" for problem in problems),
            "",
            *next_steps,
            "",
            *(("På dansk:", *(f"- {problem}" for problem in danish), "") if danish else ()),
        ]
    )


def text_bytes(text: str) -> bytes:
    """Return text as UTF-8; what a file's name has that is no text is shown by its number."""
    return text.encode(errors="backslashreplace")


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
    """Keep the names in a folder through a loss of power, where the system can."""
    if os.name == "nt":  # opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network shares cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
