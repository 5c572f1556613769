"""A name of Redis behind which another server stands by now: noticed, and the connections to the old one dropped."""

from contextlib import closing

import redis


def server_behind_name(client: redis.Redis) -> str:
    """Return the run id of the server that a new connection reaches; empty when none answers, or does not tell.

    Connections that stand say nothing of it: they stay with their server, whatever the name leads to by now.
    """
    pool = client.connection_pool
    anew = redis.ConnectionPool(connection_class=pool.connection_class, **pool.connection_kwargs)
    try:
        with closing(anew), redis.Redis(connection_pool=anew) as asking:
            return str(asking.info("server").get("run_id", ""))
    except (redis.RedisError, OSError):
        return ""


def drop_connections(client: redis.Redis) -> None:
    """Have every connection of a client made anew: idle ones at once, those in use after their command."""
    client.connection_pool.disconnect(inuse_connections=False)
    client.connection_pool.update_active_connections_for_reconnect()
