"""A server that could forget what has been posted is refused, in words that say what to set."""

from typing import Any

import pytest

from worker.store.server_check import not_told, problems_of

GOOD: dict[str, Any] = {"redis_version": "6.2.0", "aof_enabled": 1, "maxmemory_policy": "noeviction"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, []),
        ({"redis_version": "10.0.1"}, []),
        ({"redis_version": "6.0.16"}, ["Redis 6.0.16 is too old"]),
        ({"aof_enabled": 0}, ["appendonly yes"]),
        ({"maxmemory_policy": "allkeys-lru"}, ["maxmemory-policy: allkeys-lru"]),
        ({"redis_version": "5.0.7", "aof_enabled": 0, "maxmemory_policy": "volatile-lru"}, ["5.0.7", "append", "lru"]),
    ],
)
def test_every_problem_is_named(changes: dict[str, Any], named: list[str]) -> None:
    """All at once, one sentence each."""
    problems = problems_of({**GOOD, **changes}, require_durability=True)

    assert len(named) == len(problems)
    assert all(word in problem for word, problem in zip(named, problems, strict=True))


def test_what_a_server_does_not_tell_is_not_assumed() -> None:
    """A managed server that hides both facts needs the owner's word; the text names the setting for it."""
    problems = problems_of({"redis_version": "7.2.4"}, require_durability=True)

    assert ["OPTER_ECONOMIC_REDIS__REQUIRE_DURABILITY=false" in problem for problem in problems] == [True, True]


def test_a_server_that_tells_nothing_is_no_old_one() -> None:
    """INFO may be forbidden: its version then shows at the first command that it does not know, and is not invented."""
    assert problems_of({}, require_durability=False) == []
    assert not any("too old" in problem for problem in problems_of({}, require_durability=True))
    assert not_told({}) == ["version", "append-only file", "eviction"]
    assert not_told(GOOD) == []


def test_an_owner_may_answer_for_persistence() -> None:
    """Then only the version counts."""
    lax = {**GOOD, "aof_enabled": 0, "maxmemory_policy": "allkeys-lru"}

    assert problems_of(lax, require_durability=False) == []
    assert len(problems_of({**lax, "redis_version": "4.0"}, require_durability=False)) == 1
