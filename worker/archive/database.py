"""The connection to the archive's database, whose errors are turned into ``ArchiveUnavailable``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from worker.archive.tables import entries, metadata
from worker.domain.reasons import ProcessReason, failure
from worker.errors import ArchiveUnavailable

#: Seconds to wait for another writer, and for a connection.
_PATIENCE = 30
_CONNECT = 5
#: Name of the lock under which PostgreSQL lets one writer add at a time.
_WRITER = 6962
#: What a driver's message may tell: the first line, of so many characters; details can quote a row.
_LONGEST = 200


class Database:
    """One database; connections are opened at their first use and shared by threads."""

    def __init__(self, url: str) -> None:
        """``url`` as SQLAlchemy writes it. Raises ``ArchiveUnavailable`` where it is none."""
        with translated():
            address = make_url(url)
            if address.drivername in ("postgresql", "postgres"):
                address = address.set(drivername="postgresql+psycopg")
            self._file = Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None
            self._engine: Engine = create_engine(
                address, hide_parameters=True, connect_args=_arguments(address.drivername)
            )
        if self._file:
            event.listen(self._engine, "connect", _prepare_sqlite)
        self._made = False

    @property
    def where(self) -> str:
        """The address, its password left out."""
        return self._engine.url.render_as_string(hide_password=True)

    @property
    def made(self) -> bool:
        """Whether the archive is there; an SQLite file that is not, or an empty database, is none."""
        if self._file and not self._file.exists():
            return False
        if not self._made:
            with translated():
                self._made = inspect(self._engine).has_table(entries.name)
        return self._made

    def make(self) -> None:
        """Make what is not there."""
        try:
            if self._file:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise unavailable(f"its file cannot be made: {error.strerror}") from error
        with translated(), self._engine.connect() as connection, writing(connection):
            metadata.create_all(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the archive."""
        if not self.made:
            raise unavailable("it is not there")
        with translated(), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def appending(self) -> Iterator[Connection]:
        """Give a connection that no other writes beside, and commit."""
        with translated(), self._engine.connect() as connection, writing(connection):
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """Hold the lock of the one writer until the commit."""
    if connection.dialect.name == "sqlite":
        connection.execution_options(archive_write=True)
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:writer)"), {"writer": _WRITER})
        yield


def unavailable(why: str) -> ArchiveUnavailable:
    """Return the error that says why the archive cannot be used."""
    return ArchiveUnavailable(failure(ProcessReason.ARCHIVE_UNAVAILABLE, f"The archive cannot be used: {why}."))


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ``ArchiveUnavailable``."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise unavailable("its address is none that can be used (sqlite:///... or postgresql://...)") from error
    except DBAPIError as error:
        first, *_ = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        raise unavailable(first.removesuffix(".")[:_LONGEST]) from error
    except SQLAlchemyError as error:
        raise unavailable(type(error).__name__) from error


def _arguments(driver: str) -> dict[str, Any]:
    if driver.startswith("sqlite"):
        return {"timeout": _PATIENCE}
    return {
        "connect_timeout": _CONNECT,
        "options": f"-c lock_timeout={_PATIENCE}s -c statement_timeout={4 * _PATIENCE}s",
    }


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # The driver would begin a transaction at the first change only: too late to read and add under one lock.
    connection.isolation_level = None
    # A commit is on the disk, its folder included, before anything is dropped in Redis.
    connection.execute("PRAGMA synchronous=EXTRA")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        write = connection.get_execution_options().get("archive_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
