"""The whole archive verified: texts, hashes, what is derived from them, the tree, and every checkpoint."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from worker.archive.checkpoints import Checkpoint
from worker.archive.merkle import Frontier, leaf_hash
from worker.archive.reading import ArchiveReader, Row
from worker.domain.archive import EntryKind, entry_of

#: Problems that are told one by one.
_MOST = 100


@dataclass(kw_only=True, slots=True)
class Verified:
    """What verifying came to."""

    size: int = 0
    #: Root over the entries, hexadecimal.
    root: str = ""
    #: Texts that were deleted, each named by a later entry.
    deleted: int = 0
    checkpoints: int = 0
    problems: list[str] = field(default_factory=list)


def verify(archive: ArchiveReader, checkpoints: Iterable[Checkpoint]) -> Verified:
    """Verify all that is there, in one pass. Raises ``ArchiveUnavailable``."""
    head = archive.head()
    if head is None:
        return Verified()
    found, tree = Verified(), Frontier()
    promised = _by_size(found, checkpoints, head.log)
    gone: set[int] = set()
    named: set[int] = set()
    for row in archive.rows():
        if row.leaf != tree.size:
            found.problems.append(f"entry {tree.size} is missing: the next one is {row.leaf}")
            break
        if row.body is None:
            gone.add(row.leaf)
            tree.append(bytes.fromhex(row.hash))
        else:
            found.problems += _objections(row)
            tree.append(leaf_hash(row.body.encode()))
            named.update(_deleted(row))
        for root in promised.pop(tree.size, set()):
            if root != tree.root.hex():
                found.problems.append(f"the first {tree.size} entries are not those of the checkpoint {root[:16]}")
    found.size, found.root, found.deleted = tree.size, tree.root.hex(), len(gone & named)
    found.problems += [f"the text of entry {leaf} is gone, and no deletion names it" for leaf in sorted(gone - named)]
    found.problems += [f"a checkpoint knows of {size} entries, and there are {tree.size}" for size in sorted(promised)]
    if tree.size and not found.problems and archive.root(tree.size) != found.root:
        found.problems.append("the hashes above the entries are not those of the entries")
    del found.problems[_MOST:]
    return found


def _by_size(found: Verified, checkpoints: Iterable[Checkpoint], log: str) -> dict[int, set[str]]:
    promised: dict[int, set[str]] = {}
    for checkpoint in checkpoints:
        if checkpoint.log == log:
            found.checkpoints += 1
            promised.setdefault(checkpoint.size, set()).add(checkpoint.root)
    return promised


def _objections(row: Row) -> list[str]:
    """Return what an entry with a text has against it."""
    body = row.body or ""
    if leaf_hash(body.encode()).hex() != row.hash:
        return [f"entry {row.leaf} does not have the text that its hash was made of"]
    try:
        entry = entry_of(body)
    except (ValueError, KeyError, TypeError):
        return [f"entry {row.leaf} is no entry of an archive"]
    derived = (entry.kind, entry.key, entry.date, entry.digest, entry.search, tuple(sorted(set(entry.periods))))
    filed = (row.kind, row.key, row.date, row.digest, row.search, row.periods)
    return (
        [] if derived == filed else [f"entry {row.leaf} is filed otherwise than its text says ({row.kind} {row.key})"]
    )


def _deleted(row: Row) -> Iterable[int]:
    """Return the places of the texts that an entry says were deleted."""
    if row.kind != EntryKind.DELETION:
        return ()
    try:
        ranges = json.loads(row.body or "{}")["leaves"]
    except (ValueError, KeyError):  # told of by ``_objections``
        return ()
    return (leaf for first, last in ranges for leaf in range(first, last + 1))
