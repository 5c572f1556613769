"""The archive on a database: entries are added for good, each under the Merkle tree, and read back."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from typing_extensions import override

from worker.archive.database import unavailable
from worker.archive.merkle import inclusion_proof, leaf_hash, verify_inclusion
from worker.archive.reading import ArchiveReader
from worker.archive.tables import entries, logs, members, nodes
from worker.archive.tree import frontier_of, nodes_of, size_of
from worker.domain.archive import ArchiveEntry, ArchiveHead, ArchiveWriting, EntryKind, entry_body, entry_of

#: Rows of one query by key.
_PAGE = 500


class Archive(ArchiveReader, ArchiveWriting):
    """See ``ArchiveWriting``; safe for several processes, of which one adds at a time."""

    @override
    def create(self) -> ArchiveHead:
        if not self._database.made:
            self._database.make()
        with self._database.appending() as connection:
            if connection.scalar(select(logs.c.id)) is None:
                made = datetime.now(UTC).isoformat(timespec="seconds")
                connection.execute(insert(logs).values(id=secrets.token_hex(16), made_at=made))
        head = self.head()
        if head is None:
            raise unavailable("it could not be made")
        return head

    @override
    def append(self, added: Sequence[ArchiveEntry]) -> Sequence[int]:
        hashes = [leaf_hash(entry.body.encode()).hex() for entry in added]
        with self._database.appending() as connection:
            known = _known(connection, hashes)
            size = size_of(connection)
            new = [(at, entry) for at, entry in zip(hashes, added, strict=True) if at not in known]
            # The same text twice in one call is one entry.
            fresh = list(dict(new).items())
            _insert(connection, size, fresh)
            known |= {at: size + nth for nth, (at, _) in enumerate(fresh)}
        leaves = [known[at] for at in hashes]
        self._read_back(added, leaves)
        return leaves

    @override
    def delete_texts(self, until: str, *, most: int) -> int:
        with self._database.appending() as connection:
            old = select(entries.c.leaf).where(entries.c.date < until, entries.c.body.is_not(None))
            # What was deleted, and why, is never deleted itself.
            found = old.where(entries.c.kind != EntryKind.DELETION).order_by(entries.c.leaf).limit(most)
            leaves = list(connection.scalars(found))
            if not leaves:
                return 0
            size = size_of(connection)
            body = entry_body(
                EntryKind.DELETION, f"{until} {size}", periods=(), date=until, leaves=_ranges(leaves), before=until
            )
            _insert(connection, size, [(leaf_hash(body.encode()).hex(), entry_of(body))])
            for at in range(0, len(leaves), _PAGE):
                page = entries.c.leaf.in_(leaves[at : at + _PAGE])
                connection.execute(update(entries).where(page).values(body=None, search=None))
        return len(leaves)

    def _read_back(self, added: Sequence[ArchiveEntry], leaves: Sequence[int]) -> None:
        """Read what was added as another would. Raises ``ArchiveUnavailable`` where it is not there as it should be."""
        kept = self.entries(leaves)
        with self._database.reading() as connection:
            size = size_of(connection)
            read = nodes_of(connection)
            root = frontier_of(connection, size).root
            for entry, leaf in {0: (added[0], leaves[0]), -1: (added[-1], leaves[-1])}.values() if added else ():
                proof = inclusion_proof(read, leaf, size)
                if not verify_inclusion(leaf_hash(entry.body.encode()), leaf, size, proof, root):
                    raise unavailable(f"entry {leaf} is not under its Merkle tree")
        for entry, leaf in zip(added, leaves, strict=True):
            if leaf not in kept or kept[leaf].body != entry.body:
                raise unavailable(f"entry {leaf} does not read as it was written")


def _known(connection: Connection, hashes: Sequence[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for at in range(0, len(hashes), _PAGE):
        page = select(entries.c.hash, entries.c.leaf).where(entries.c.hash.in_(hashes[at : at + _PAGE]))
        known |= {row.hash: row.leaf for row in connection.execute(page)}
    return known


def _insert(connection: Connection, size: int, added: Sequence[tuple[str, ArchiveEntry]]) -> None:
    """Add entries, each with its hash, and the subtrees that they complete."""
    if not added:
        return
    tree = frontier_of(connection, size)
    rows: list[dict[str, Any]] = []
    subtree_rows: list[dict[str, Any]] = []
    member_rows: list[dict[str, Any]] = []
    for leaf, (at, entry) in enumerate(added, size):
        rows.append(
            {
                "leaf": leaf,
                "hash": at,
                "kind": entry.kind.value,
                "key": entry.key,
                "date": entry.date,
                "digest": entry.digest,
                "search": entry.search,
                "body": entry.body,
            }
        )
        member_rows += [{"period": period, "leaf": leaf} for period in dict.fromkeys(entry.periods)]
        subtree_rows += [
            {"level": level, "position": position, "hash": found.hex()}
            for level, position, found in tree.append(bytes.fromhex(at))
        ]
    for table, added_rows in ((entries, rows), (members, member_rows), (nodes, subtree_rows)):
        if added_rows:
            connection.execute(insert(table), added_rows)


def _ranges(leaves: Sequence[int]) -> list[list[int]]:
    """Return ascending numbers as pairs of the first and the last of those that follow each other."""
    ranges: list[list[int]] = []
    for leaf in leaves:
        if ranges and ranges[-1][1] == leaf - 1:
            ranges[-1][1] = leaf
        else:
            ranges.append([leaf, leaf])
    return ranges
