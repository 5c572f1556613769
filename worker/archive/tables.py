"""The tables of the archive: SQLite by default, PostgreSQL alike. The database itself refuses to change or cut them."""

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

#: In SQLite only ``INTEGER`` is the row's own number.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
#: Hashes are hexadecimal, so that a person can compare them.
_HASH = String(64)

metadata = MetaData()

#: One row: which archive this is.
logs = Table(
    "archive_log", metadata, Column("id", String(32), primary_key=True), Column("made_at", Text, nullable=False)
)

#: The log: what is hashed is the UTF-8 of ``body``; all else is derived from it.
entries = Table(
    "archive_entries",
    metadata,
    Column("leaf", _NUMBER, primary_key=True, autoincrement=False),
    Column("hash", _HASH, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("key", Text, nullable=False),
    Column("date", String(10), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("search", Text),
    Column("body", Text),
    UniqueConstraint("hash"),
    Index("archive_entries_key", "kind", "key"),
    Index("archive_entries_date", "date"),
)

#: Period -> its entries.
members = Table(
    "archive_members",
    metadata,
    Column("period", Text, nullable=False),
    Column("leaf", _NUMBER, nullable=False),
    PrimaryKeyConstraint("period", "leaf"),
    Index("archive_members_leaf", "leaf"),
)

#: Complete subtrees above the leaves: they could be made anew from these, at the price of reading all.
nodes = Table(
    "archive_nodes",
    metadata,
    Column("level", Integer, nullable=False),
    Column("position", _NUMBER, nullable=False),
    Column("hash", _HASH, nullable=False),
    PrimaryKeyConstraint("level", "position"),
)

#: What a row may not lose even when its text is deleted.
_KEPT = ("leaf", "hash", "kind", "key", "date", "digest")

_SQLITE_DELETE = """
CREATE TRIGGER IF NOT EXISTS {table}_stays BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END
"""
_SQLITE_UPDATE = """
CREATE TRIGGER IF NOT EXISTS {table}_same BEFORE UPDATE ON {table} WHEN {changed}
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION archive_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'the archive is append-only'; END$$
"""
_POSTGRESQL_DELETE = """
CREATE OR REPLACE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION archive_append_only()
"""
_POSTGRESQL_UPDATE = """
CREATE OR REPLACE TRIGGER {table}_same BEFORE UPDATE ON {table}
FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION archive_append_only()
"""


def _guard(table: Table, *, sqlite: str, postgresql: str, changed: str = "1=1") -> None:
    for dialect, text in (("sqlite", sqlite), ("postgresql", postgresql)):
        _after_create(text.format(table=table.name, changed=changed), dialect)


def _after_create(text: str, dialect: str) -> None:
    statement = DDL(text)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    event.listen(metadata, "after_create", statement.execute_if(dialect=dialect))


_after_create(_POSTGRESQL_FUNCTION, "postgresql")
for _table in (logs, entries, members, nodes):
    _guard(_table, sqlite=_SQLITE_DELETE, postgresql=_POSTGRESQL_DELETE)
for _table in (logs, members, nodes):
    _guard(_table, sqlite=_SQLITE_UPDATE, postgresql=_POSTGRESQL_UPDATE)
# Only the text may go, and only to nothing.
_guard(
    entries,
    sqlite=_SQLITE_UPDATE,
    postgresql=_POSTGRESQL_UPDATE,
    changed="NEW.body IS NOT NULL OR NEW.search IS NOT NULL OR "
    + " OR ".join(f"NEW.{name} <> OLD.{name}" for name in _KEPT),
)
