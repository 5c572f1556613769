"""Fixtures that every tier shares."""

import os
import uuid
from collections.abc import Iterator

import hypothesis
import pytest
import redis
from support.clock import ManualClock
from support.ports import free_port

from worker.local.embedded import EmbeddedServer

# Examples are bounded in number; how long one takes says more of the machine than of the code.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

# Shared test bodies show what differed, like any test's.
pytest.register_assert_rewrite("support.store")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server: the embedded one, or ``REDIS_URL``'s (only keys below a random prefix are then touched)."""
    own = os.environ.get("REDIS_URL")
    if own:
        yield own
        return
    with EmbeddedServer(tmp_path_factory.mktemp("redis"), port=free_port()) as server:
        yield server.url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of the session's server; keys belong below ``redis_prefix``."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def redis_prefix() -> str:
    """A key prefix that no other test uses."""
    return f"test-{uuid.uuid4().hex}:"


@pytest.fixture
def clock() -> ManualClock:
    """A settable clock, at 2027-01-15T08:00:00Z."""
    return ManualClock()
