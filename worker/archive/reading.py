"""The archive read: by place, by key, by period, by text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from typing_extensions import override

from worker.archive.database import Database
from worker.archive.merkle import inclusion_proof
from worker.archive.tables import entries, logs, members
from worker.archive.tree import frontier_of, nodes_of, size_of
from worker.domain.archive import ArchiveHead, ArchiveReading, EntryKind, KeptEntry, action_key
from worker.domain.invoice_search import MOST_FOUND

#: Rows of one query.
_PAGE = 500
_COLUMNS = (entries.c.leaf, entries.c.kind, entries.c.key, entries.c.digest)
#: Kinds whose texts say what the store has to know again after it was lost.
_TELLING = (EntryKind.PERIOD, EntryKind.EVENT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An entry as the database has it, to be verified."""

    leaf: int
    hash: str
    kind: str
    key: str
    date: str
    digest: str
    search: str | None
    body: str | None
    #: Sorted.
    periods: tuple[str, ...]


class ArchiveReader(ArchiveReading):
    """See ``ArchiveReading``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def where(self) -> str:
        """The address, its password left out."""
        return self._database.where

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    @override
    def head(self) -> ArchiveHead | None:
        if not self._database.made:
            return None
        with self._database.reading() as connection:
            log = connection.scalar(select(logs.c.id))
            return ArchiveHead(log=log, size=size_of(connection)) if log else None

    def root(self, size: int) -> str:
        """See ``ArchiveWriting``."""
        with self._database.reading() as connection:
            return frontier_of(connection, size).root.hex()

    def proof(self, leaf: int, size: int) -> dict[str, Any]:
        """Return the hash of an entry, the path from it to the root over the first ``size``, and that root."""
        with self._database.reading() as connection:
            read = nodes_of(connection)
            path = inclusion_proof(read, leaf, size)
            root = frontier_of(connection, size).root.hex()
            return {"hash": read(0, leaf).hex(), "size": size, "root": root, "path": [step.hex() for step in path]}

    @override
    def entries(self, leaves: Sequence[int]) -> Mapping[int, KeptEntry]:
        found: dict[int, KeptEntry] = {}
        with self._database.reading() as connection:
            for at in range(0, len(leaves), _PAGE):
                where = entries.c.leaf.in_(leaves[at : at + _PAGE])
                found |= {entry.leaf: entry for entry in self._kept(connection, where)}
        return found

    @override
    def latest(self, kind: EntryKind, key: str) -> KeptEntry | None:
        with self._database.reading() as connection:
            newest = select(func.max(entries.c.leaf)).where(entries.c.kind == kind, entries.c.key == key)
            return next(iter(self._kept(connection, entries.c.leaf == newest.scalar_subquery())), None)

    @override
    def members(self, period_id: str, kind: EntryKind) -> Mapping[str, int]:
        return self._members(period_id, entries.c.kind == kind)

    @override
    def find_members(self, period_id: str, text: str) -> Mapping[str, int]:
        found = entries.c.search.contains(text, autoescape=True)
        return self._members(period_id, entries.c.kind == EntryKind.INVOICE, found, most=MOST_FOUND)

    @override
    def member_page(self, period_id: str, start: int, count: int, *, of: int) -> Mapping[str, int]:
        # From the nearer end: what lies before a page has to be counted off.
        back = start > of - start - count
        query = _of_period(period_id, entries.c.kind == EntryKind.INVOICE)
        # In the order of the members' own key, so that the database begins at one end and stops after the page.
        order = members.c.leaf.desc() if back else members.c.leaf
        skip = of - start - count if back else start
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(order).limit(count).offset(skip)).all()
        return {row.key: row.leaf for row in (rows[::-1] if back else rows)}

    @override
    def periods(self, text: str = "") -> Sequence[str]:
        last = func.max(entries.c.leaf)
        query = select(entries.c.key).where(entries.c.kind == EntryKind.PERIOD)
        if text:
            query = query.where(entries.c.search.contains(text, autoescape=True))
        with self._database.reading() as connection:
            return list(connection.scalars(query.group_by(entries.c.key).order_by(last.desc())))

    @override
    def since(self, leaf: int, most: int) -> Sequence[KeptEntry]:
        with self._database.reading() as connection:
            told = entries.c.kind.in_(_TELLING)
            page = entries.c.leaf.between(leaf, leaf + most - 1)
            bodies = {
                row.leaf: row.body
                for row in connection.execute(select(entries.c.leaf, entries.c.body).where(page, told))
            }
            rows = connection.execute(select(*_COLUMNS).where(page).order_by(entries.c.leaf)).all()
            belongs = _periods(connection, [row.leaf for row in rows])
            return [_entry(row, belongs, bodies.get(row.leaf)) for row in rows]

    @override
    def invoices(self, export: str) -> Iterator[KeptEntry]:
        before = f"{export}-"
        last = select(func.max(entries.c.leaf).label("leaf")).where(entries.c.kind == EntryKind.INVOICE)
        last = last.where(entries.c.key.startswith(before, autoescape=True)).group_by(entries.c.key)
        with self._database.reading() as connection:
            leaves = sorted(connection.scalars(last))
        for at in range(0, len(leaves), _PAGE):
            yield from self.entries(leaves[at : at + _PAGE]).values()

    @override
    def actions(self, before: int, most: int) -> Sequence[KeptEntry]:
        action = entries.c.kind == EntryKind.ACTION
        last = select(func.max(entries.c.leaf).label("leaf")).where(action, entries.c.key < action_key(before))
        newest = last.group_by(entries.c.key).order_by(entries.c.key.desc()).limit(most)
        with self._database.reading() as connection:
            return self._kept(connection, entries.c.leaf.in_(list(connection.scalars(newest))))[::-1]

    @override
    def actions_kept(self) -> int:
        with self._database.reading() as connection:
            newest = connection.scalar(select(func.max(entries.c.key)).where(entries.c.kind == EntryKind.ACTION))
            return int(newest) + 1 if newest else 0

    def numbers(self) -> Mapping[EntryKind, int]:
        """Return how many entries there are of each kind."""
        with self._database.reading() as connection:
            counted = select(entries.c.kind, func.count()).group_by(entries.c.kind)
            return {EntryKind(row[0]): row[1] for row in connection.execute(counted)}

    def rows(self) -> Iterator[Row]:
        """Yield every entry as it stands, in order."""
        last = -1
        columns = (*_COLUMNS, entries.c.hash, entries.c.date, entries.c.search, entries.c.body)
        while True:
            with self._database.reading() as connection:
                page = select(*columns).where(entries.c.leaf > last).order_by(entries.c.leaf).limit(_PAGE)
                found = connection.execute(page).all()
                belongs = _periods(connection, [row.leaf for row in found])
            if not found:
                return
            yield from (Row(**row._mapping, periods=belongs.get(row.leaf, ())) for row in found)  # noqa: SLF001  # its public name
            last = found[-1].leaf

    def _members(self, period_id: str, *where: ColumnElement[bool], most: int | None = None) -> Mapping[str, int]:
        query = _of_period(period_id, *where).order_by(entries.c.leaf).limit(most)
        with self._database.reading() as connection:
            return {row.key: row.leaf for row in connection.execute(query)}

    def _kept(self, connection: Connection, where: ColumnElement[bool]) -> Sequence[KeptEntry]:
        query: Select[Any] = select(*_COLUMNS, entries.c.body).where(where).order_by(entries.c.leaf)
        rows = connection.execute(query).all()
        belongs = _periods(connection, [row.leaf for row in rows])
        return [_entry(row, belongs, row.body) for row in rows]


def _of_period(period_id: str, *where: ColumnElement[bool]) -> Select[Any]:
    joined = select(entries.c.key, entries.c.leaf).join(members, members.c.leaf == entries.c.leaf)
    return joined.where(members.c.period == period_id, *where)


def _periods(connection: Connection, leaves: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for at in range(0, len(leaves), _PAGE):
        where = members.c.leaf.in_(leaves[at : at + _PAGE])
        for row in connection.execute(select(members).where(where).order_by(members.c.period)):
            found[row.leaf] = (*found.get(row.leaf, ()), row.period)
    return found


def _entry(row: Any, belongs: Mapping[int, tuple[str, ...]], body: str | None) -> KeptEntry:
    return KeptEntry(
        leaf=row.leaf,
        kind=EntryKind(row.kind),
        key=row.key,
        periods=belongs.get(row.leaf, ()),
        digest=row.digest,
        body=body,
    )
