"""The sources of what an event refers to (its invoices, their PDFs): files and https, in allowed places only."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from worker.domain.reasons import EventReason
from worker.intake import web_sources
from worker.intake.event_errors import refused
from worker.intake.web_sources import Web

_BLOCK = 1 << 20


def locate(url: str, folders: Sequence[Path]) -> tuple[Path, PurePosixPath]:
    """Return the allowed folder that a ``file://`` address points into, and the path from there.

    Raises ``EventRefused``.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _refused(url, "is not a file address") from None
    if parts.netloc or parts.query or parts.fragment:
        raise _refused(url, "names a host, or has more than a path")
    path = PurePosixPath(_decoded(parts.path, url))
    for folder in folders:
        if path.is_relative_to(folder) and path != PurePosixPath(folder):
            return folder, path.relative_to(folder)
    raise _refused(url, "is outside the allowed folders")


def blocks(url: str, folders: Sequence[Path], limit: int) -> Iterator[bytes]:
    """Yield the file's bytes. Raises ``EventRefused``: outside, missing, no file, or above ``limit`` bytes."""
    folder, path = locate(url, folders)
    try:
        with _opened(folder, path) as descriptor:
            yield from _bytes(descriptor, url, limit)
    except FileNotFoundError:
        raise refused(EventReason.INVOICES_FILE_UNAVAILABLE, "The file is not there.", value=url) from None
    except OSError as error:
        # A link in the path ends here too: O_NOFOLLOW makes it an error (ELOOP, ENOTDIR).
        raise _refused(url, f"cannot be opened as a plain file ({error.strerror})") from None


def read(url: str, folders: Sequence[Path], limit: int) -> bytes:
    """Return the file's bytes. Raises as ``blocks``."""
    return b"".join(blocks(url, folders, limit))


def _decoded(path: str, url: str) -> str:
    try:
        text = unquote(path, errors="strict")
    except UnicodeDecodeError:
        text = ""
    hidden = any(code in path.lower() for code in ("%2f", "%5c", "%00"))
    if hidden or not text.startswith("/") or "\0" in text or "\\" in text or ".." in text.split("/"):
        raise _refused(url, "is not a plain absolute path")
    return text


@contextmanager
def _opened(folder: Path, path: PurePosixPath) -> Iterator[int]:
    """Walk down one name at a time, each opened relative to the last and never through a link."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    *above, last = path.parts
    for name in above:
        descriptor = _step(descriptor, name, os.O_DIRECTORY)
    # O_NONBLOCK: opening a pipe must not wait for its writer.
    descriptor = _step(descriptor, last, os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _step(descriptor: int, name: str, flag: int) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flag, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def _bytes(descriptor: int, url: str, limit: int) -> Iterator[bytes]:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise _refused(url, "is not a plain file")
    if status.st_nlink > 1:
        # Whoever may write here can link another file of this disk in, and no path tells where the other name is.
        raise _refused(url, "names a file with a second name (hard link), which may lie elsewhere: put a copy there")
    read, too_large = 0, status.st_size > limit
    # Bounded while reading, too: the file may grow meanwhile.
    while not too_large and (block := os.read(descriptor, _BLOCK)):
        read += len(block)
        too_large = read > limit
        if not too_large:
            yield block
    if too_large:
        raise refused(EventReason.EVENT_TOO_LARGE, f"The file is larger than {limit} bytes.", value=url)


def _refused(url: str, why: str) -> Exception:
    return refused(EventReason.INVOICES_FILE_REFUSED, f"The address {why}.", field="url", value=url)


class FileSources:
    """The folders and hosts that events may point at."""

    def __init__(self, folders: tuple[Path, ...], web: Web) -> None:
        self._folders = folders
        self._web = web

    def check(self, url: str) -> None:
        """Refuse an address outside the allowed places, without touching it. Raises ``EventRefused``."""
        if url.lower().startswith("file:"):
            locate(url, self._folders)
        else:
            web_sources.check(url, self._web.rules)

    def read(self, url: str, limit: int) -> bytes:
        """Return at most ``limit`` bytes. Raises ``EventRefused``, ``Unreachable``, ``Unavailable``."""
        return b"".join(self.blocks(url, limit))

    def blocks(self, url: str, limit: int) -> Iterator[bytes]:
        """Yield at most ``limit`` bytes, block by block. Raises as ``read``, at any block."""
        if url.lower().startswith("file:"):
            return blocks(url, self._folders, limit)
        return self._web.blocks(url, limit)
