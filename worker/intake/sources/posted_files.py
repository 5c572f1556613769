"""Files that came by HTTP and wait in the watched folder for the rest of their period."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.forward.folder import FAILED, OWN, Folder, is_candidate, write
from worker.forward.names import portable

#: Digits of the hash that a file's name in the folder begins with.
_DIGITS = 16
_KIND = "file-"
_POSTED = re.compile(f"^[0-9a-f]{{{_DIGITS}}}-")


@dataclass(frozen=True, kw_only=True, slots=True)
class PostedFile:
    """Where a file stands that was put into the folder."""

    #: The event that it became part of; empty: it waits, or was refused.
    event_id: str = ""
    #: Why it was refused, as beside the file; empty: it was not.
    problems: Sequence[dict[str, Any]] = ()


def file_id(sha256: str) -> str:
    """Return what the status address of a file names it by."""
    return f"{_KIND}{sha256}"


def drop_file(folder: Path, raw: bytes, *, name: str, sha256: str, done: bool) -> None:
    """Put a file into the folder, safe from a loss of power, unless the same content waits there or was taken before.

    One that was refused is put there again: the mapping may have been corrected. Raises ``OSError``.
    """
    Folder(folder).prepare()
    shown = f"{sha256[:_DIGITS]}-{kept_name(name)}"
    if _waiting(folder, sha256) is None and not (folder / OWN / f"{sha256}.receipt").exists():
        write(folder / shown, raw)
    if done and (folder / shown).exists():
        write(folder / f"{shown}.done", b"")


def kept_name(name: str) -> str:
    """Return the name that a posted file keeps in the folder: no file that was accepted counts as unfinished there."""
    plain = portable(name)
    return plain if is_candidate(f"-{plain}") else f"{plain}_"


def original_name(name: str) -> str:
    """Return the name that a file in the folder was posted with, as it was kept; any other file's own."""
    return _POSTED.sub("", name)


def find_file(folder: Path, posted_id: str) -> PostedFile | None:
    """Return where the file of a status address stands; None when it is not known. Raises ``OSError``."""
    sha256 = posted_id.removeprefix(_KIND)
    receipt = folder / OWN / f"{sha256}.receipt"
    if receipt.exists():
        return PostedFile(event_id=receipt.read_text(encoding="utf-8").partition(" ")[0])
    if _waiting(folder, sha256) is not None:
        return PostedFile()
    for reasons in sorted((folder / FAILED).glob(f"*{sha256[:_DIGITS]}-*.error.json")):
        document = json.loads(reasons.read_bytes())
        if document["sha256"] == sha256:
            return PostedFile(problems=document["problems"])
    return None


def is_file_id(posted_id: str) -> bool:
    """Tell whether a status address names a file rather than an event."""
    digits = posted_id.removeprefix(_KIND)
    return digits != posted_id and len(digits) == 64 and set(digits) <= set("0123456789abcdef")  # noqa: PLR2004  # SHA-256


def _waiting(folder: Path, sha256: str) -> Path | None:
    return next((path for path in folder.glob(f"{sha256[:_DIGITS]}-*") if not path.name.endswith(".done")), None)
