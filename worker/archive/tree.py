"""The Merkle tree as the database holds it: leaves with the entries, complete subtrees beside them."""

from sqlalchemy import Connection, func, select

from worker.archive.database import unavailable
from worker.archive.merkle import Frontier, Nodes, subtrees
from worker.archive.tables import entries, nodes


def size_of(connection: Connection) -> int:
    """Return how many entries the log has."""
    last = connection.scalar(select(func.max(entries.c.leaf)))
    return 0 if last is None else last + 1


def nodes_of(connection: Connection) -> Nodes:
    """Return what reads the hashes of complete subtrees."""

    def read(level: int, position: int) -> bytes:
        found = select(nodes.c.hash).where(nodes.c.level == level, nodes.c.position == position)
        if level == 0:
            found = select(entries.c.hash).where(entries.c.leaf == position)
        value = connection.scalar(found)
        if value is None:
            raise unavailable(f"a hash of its tree is missing (level {level}, position {position})")
        return bytes.fromhex(value)

    return read


def frontier_of(connection: Connection, size: int) -> Frontier:
    """Return the tree of the first entries, to which others can be added."""
    read = nodes_of(connection)
    return Frontier(size, [read(level, position) for level, position in subtrees(size)])
