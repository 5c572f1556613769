"""Checkpoints: how long the archive's log was and what its root was, kept apart from the archive itself.

Whoever changes the archive would have to change every copy of them, too: on disk, and wherever they were sent.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from worker.archive.database import unavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The archive at one moment."""

    #: Which archive, see ``ArchiveHead``.
    log: str
    #: Entries.
    size: int
    #: Root of the Merkle tree over them, hexadecimal.
    root: str
    #: ISO 8601, UTC.
    at: str


class CheckpointFile:
    """A file to which is only added: one checkpoint a line, JSON, each on the disk before it counts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> Iterator[Checkpoint]:
        """Yield every checkpoint, the oldest first. Raises ``ArchiveUnavailable`` for a line that is none."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise unavailable(f"its checkpoints cannot be read ({self.path})") from error
        for number, line in enumerate(text.splitlines(), 1):
            # A line without its end was cut off by a death in the middle: what it said is said again.
            if number == text.count("\n") + 1:
                return
            try:
                yield Checkpoint(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise unavailable(f"line {number} of {self.path} is no checkpoint") from error

    def last(self, log: str) -> Checkpoint | None:
        """Return the last checkpoint of an archive."""
        found = [checkpoint for checkpoint in self.all() if checkpoint.log == log]
        return found[-1] if found else None

    def add(self, checkpoint: Checkpoint) -> None:
        """Add a checkpoint; it is on the disk when this returns. Raises ``ArchiveUnavailable``."""
        line = json.dumps(asdict(checkpoint), separators=(",", ":")) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            with self.path.open("ab+", buffering=0) as file:
                _end_line(file.fileno())
                file.write(line.encode())
                os.fsync(file.fileno())
        except OSError as error:
            raise unavailable(f"its checkpoints cannot be written ({self.path}: {error.strerror})") from error


def _end_line(descriptor: int) -> None:
    """Take back a line that was cut off, so that the next one stands by itself."""
    size = os.fstat(descriptor).st_size
    text = os.pread(descriptor, size, 0)
    if text and not text.endswith(b"\n"):
        os.ftruncate(descriptor, text.rfind(b"\n") + 1)
