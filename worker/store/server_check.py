"""The check of a Redis server before it is used: its version, and whether it keeps what it is given."""

from collections.abc import Mapping
from typing import Any, cast

import redis

from config.settings import variable
from worker.store.connection import translated

#: First Redis version with every command that the product uses (LMOVE and BLMOVE).
_OLDEST = (6, 2)
#: The way out for an owner who keeps the data safe by other means.
_OR_OTHERWISE = f"or answer for persistence yourself with {variable('redis', 'require_durability')}=false"


def check_server(client: redis.Redis, *, require_durability: bool = True) -> list[str]:
    """Return what is wrong with this server, a sentence with its remedy each; empty when all is well.

    Only INFO is read, as managed servers forbid CONFIG. ``require_durability=False`` is for servers whose owner
    answers for persistence in another way. Raises ``StoreUnavailable`` when the server does not answer.
    """
    return problems_of(server_info(client), require_durability=require_durability)


def server_info(client: redis.Redis) -> Mapping[str, Any]:
    """Return what Redis says of itself; nothing where its user may not ask. Raises ``StoreUnavailable``."""
    with translated():
        try:
            return cast("Mapping[str, Any]", client.info())
        except redis.exceptions.ResponseError as error:
            # Forbidden to this user, or renamed by a provider.
            if isinstance(error, redis.exceptions.NoPermissionError) or "unknown command" in str(error):
                return {}
            raise


def not_told(info: Mapping[str, Any]) -> list[str]:
    """Return what a server with this INFO does not say of itself, for people."""
    facts = {"redis_version": "version", "aof_enabled": "append-only file", "maxmemory_policy": "eviction"}
    return [fact for name, fact in facts.items() if name not in info]


def problems_of(info: Mapping[str, Any], *, require_durability: bool) -> list[str]:
    """Return what is wrong with a server with this INFO."""
    problems = [_version(info)]
    if require_durability:
        problems += [_append_only(info), _eviction(info)]
    return [problem for problem in problems if problem]


def _version(info: Mapping[str, Any]) -> str:
    # Valkey names here the Redis version that it is compatible with, and its own elsewhere.
    version = str(info.get("redis_version", ""))
    # One that does not tell shows it at the first command that it does not know.
    if not version or tuple(int(part) for part in version.split(".")[:2]) >= _OLDEST:
        return ""
    return f"Redis {version} is too old: version 6.2 or later, or any Valkey, is needed."


def _append_only(info: Mapping[str, Any]) -> str:
    if info.get("aof_enabled") == 1:
        return ""
    file = "keeps no append-only file" if "aof_enabled" in info else "does not say whether it keeps an append-only file"
    return (
        f"Redis {file}, and without one a crash forgets what has been posted: set `appendonly yes` and "
        f"`appendfsync everysec` in redis.conf, {_OR_OTHERWISE}."
    )


def _eviction(info: Mapping[str, Any]) -> str:
    policy = info.get("maxmemory_policy", "unknown")
    if policy == "noeviction":
        return ""
    return (
        f"Redis may drop records when its memory is full (maxmemory-policy: {policy}): set "
        f"`maxmemory-policy noeviction` in redis.conf, {_OR_OTHERWISE}."
    )
