"""What a Redis server must be set to before money depends on it."""

from collections.abc import Mapping
from typing import Any

import redis

from config.settings import variable
from worker.store.connection import translated

#: First Redis version with every command that the product uses (LMOVE and BLMOVE).
OLDEST = (6, 2)
UPON_YOURSELF = f"or take persistence upon yourself with {variable('redis', 'require_durability')}=false"


def check_server(client: redis.Redis, *, require_durability: bool = True) -> list[str]:
    """Return what is wrong with this server, one sentence with its remedy each; empty when all is well.

    INFO alone is asked: managed servers forbid CONFIG. ``require_durability=False`` is for servers whose owner
    answers for persistence in another way. Raises ``StoreUnavailable`` when the server does not answer.
    """
    with translated():
        info: Mapping[str, Any] = client.info()
    return problems_of(info, require_durability=require_durability)


def problems_of(info: Mapping[str, Any], *, require_durability: bool) -> list[str]:
    """Return what is wrong with a server that gives this INFO."""
    problems = [_version(info)]
    if require_durability:
        problems += [_append_only(info), _eviction(info)]
    return [problem for problem in problems if problem]


def _version(info: Mapping[str, Any]) -> str:
    # Valkey tells here which Redis version it is compatible with, and its own elsewhere.
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) >= OLDEST:
        return ""
    return f"Redis {version} is too old: version 6.2 or later, or any Valkey, is needed."


def _append_only(info: Mapping[str, Any]) -> str:
    if info.get("aof_enabled") == 1:
        return ""
    found = (
        "keeps no append-only file" if "aof_enabled" in info else "does not say whether it keeps an append-only file"
    )
    return (
        f"Redis {found}, and without one a crash forgets what has been posted: set `appendonly yes` and "
        f"`appendfsync everysec` in redis.conf, {UPON_YOURSELF}."
    )


def _eviction(info: Mapping[str, Any]) -> str:
    policy = info.get("maxmemory_policy", "not told")
    if policy == "noeviction":
        return ""
    return (
        f"Redis may drop records when its memory is full (maxmemory-policy: {policy}): set "
        f"`maxmemory-policy noeviction` in redis.conf, {UPON_YOURSELF}."
    )
