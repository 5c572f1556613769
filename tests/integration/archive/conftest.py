from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, text
from support.archiving import moving
from support.clock import ManualClock
from support.postgresql import cluster, programs

from worker.archive.database import Database
from worker.archive.log import Archive
from worker.archive.mover import Mover
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with cluster(found) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the test's own archive is, by both kinds of database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'archive.sqlite'}"
        return
    address, name = request.getfixturevalue("postgresql"), f"test_{tmp_path.name.replace('-', '_').lower()}"
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            yield address.replace("/postgres", f"/{name}")
        finally:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def archive(url: str) -> Iterator[Archive]:
    with closing(Archive(Database(url))) as archive:
        yield archive


@pytest.fixture
def store(redis_client: redis.Redis, redis_prefix: str, clock: ManualClock) -> RedisStore:
    return RedisStore(redis_client, prefix=redis_prefix, policy=StorePolicy(), clock=clock)


@pytest.fixture
def mover(
    store: RedisStore, redis_client: redis.Redis, archive: Archive, clock: ManualClock, redis_prefix: str
) -> Mover:
    return moving(store, redis_client, archive, clock, prefix=redis_prefix)
