# ruff: noqa: INP001, T201  # a script that stands alone, for whoever has Python and nothing of ours
"""Verify an archive without the program that wrote it: ``python verify_archive.py ARCHIVE [CHECKPOINTS...]``.

ARCHIVE is the SQLite file, or what ``opter-economic archive export FILE`` has written. CHECKPOINTS are files of lines
like ``{"log": ..., "size": 3, "root": "5fe1...", "at": ...}``, best those kept elsewhere than the archive. It needs
Python 3.9 and nothing else, and shares no code with the program.

The log is a Merkle tree by RFC 6962: the hash of an entry is SHA-256 over a zero byte and the UTF-8 of its text, that
of two subtrees SHA-256 over a one byte and both hashes. A text that was deleted, as it need be kept no longer, is named
by a later entry of kind "deletion", and its hash stands for it. Ends with 0 when all holds, 1 when something was
edited, cut, reordered, swapped or put in before a checkpoint, 2 when the files cannot be read.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any


def rows(path: Path) -> Iterator[Any]:
    """Yield every entry as it stands."""
    with path.open("rb") as file:
        if file.read(15) != b"SQLite format 3":
            file.seek(0)
            for line in file:
                entry = json.loads(line)
                yield entry["leaf"], entry["hash"], entry["body"], None
            return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        query = "SELECT leaf, hash, body, kind, key, date, digest FROM archive_entries ORDER BY leaf"
        for leaf, digest, body, *derived in database.execute(query):
            yield leaf, digest, body, derived


def leaf_hash(body: str) -> str:
    """Return the hash of a text."""
    return hashlib.sha256(b"\x00" + body.encode()).hexdigest()


class Tree:
    """The complete subtrees of a tree that grows to the right, each as size and hash, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.subtrees: list[tuple[int, bytes]] = []

    def grow(self, digest: str) -> None:
        """Add the hash of an entry."""
        self.size += 1
        self.subtrees.append((1, bytes.fromhex(digest)))
        while len(self.subtrees) > 1 and self.subtrees[-1][0] == self.subtrees[-2][0]:
            (size, right), (_, left) = self.subtrees.pop(), self.subtrees.pop()
            self.subtrees.append((2 * size, hashlib.sha256(b"\x01" + left + right).digest()))

    def root(self) -> str:
        """Return the hash over all."""
        if not self.subtrees:
            return hashlib.sha256(b"").hexdigest()
        root = self.subtrees[-1][1]
        for _, left in reversed(self.subtrees[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root.hex()


def problem_of(leaf: int, digest: str, body: str, derived: list[str] | None) -> str:
    """Return what an entry has against it; empty: it is as it was written."""
    if leaf_hash(body) != digest:
        return f"entry {leaf} does not have the text that its hash was made of"
    said = json.loads(body)
    expected = [said["kind"], said["key"], said["date"], said["fields"]["hash"] if said["kind"] == "invoice" else ""]
    return f"entry {leaf} is filed as {derived}, its text says {expected}" if derived not in (None, expected) else ""


def deleted_by(body: str) -> Iterable[int]:
    """Return the places whose texts an entry says were deleted."""
    document = json.loads(body) if '"kind":"deletion"' in body else {}
    return [leaf for first, last in document.get("leaves", ()) for leaf in range(first, last + 1)]


def verify(path: Path, checkpoints: list[dict[str, Any]]) -> tuple[list[str], Tree]:
    """Return every problem, and the tree over what is there."""
    problems: list[str] = []
    tree, gone, deleted, roots = Tree(), set(), set(), {0: Tree().root()}
    for leaf, digest, body, derived in rows(path):
        if leaf != tree.size:
            problems.append(f"entry {tree.size} is missing or out of its place: {leaf} comes instead")
        if body is None:
            gone.add(leaf)
        else:
            problems += filter(None, [problem_of(leaf, digest, body, derived)])
            deleted.update(deleted_by(body))
        # Of an edited text the text counts, so that the roots tell of it, too.
        tree.grow(digest if body is None else leaf_hash(body))
        roots[tree.size] = tree.root()
    problems += [f"the text of entry {leaf} is gone, and no deletion names it" for leaf in sorted(gone - deleted)]
    wrong = [each for each in checkpoints if roots.get(each["size"]) != each["root"]]
    problems += [f"the first {each['size']} entries are not those of the checkpoint of {each['at']}" for each in wrong]
    return problems, tree


def main(arguments: list[str]) -> int:
    """Print what was found; return the exit code."""
    try:
        archive, *files = map(Path, arguments)
        checkpoints = [json.loads(line) for file in files for line in file.read_text().splitlines() if line]
        problems, tree = verify(archive, checkpoints)
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
        print(f"Cannot be read: {error}\n{(__doc__ or '').splitlines()[0]}")
        return 2
    for problem in problems:
        print(f"NOT AS WRITTEN: {problem}")
    end = "NOT ALL HOLDS" if problems else "all holds"
    print(f"{tree.size} entries, root {tree.root()}, {len(checkpoints)} checkpoints: {end}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
