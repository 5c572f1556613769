"""Clients of Redis by an address: of one server, or of the Sentinels that know the primary."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelManagedConnection, SentinelManagedSSLConnection

from config.addresses import SentinelAddress, sentinel_address, speaks_tls
from config.settings_sections import Redis


class _ToPrimary:
    """A connection that asks the Sentinels whenever it connects.

    The driver's own asks when it is taken from a pool, and goes back to the old primary when it breaks while a thread
    keeps it, or between two tries of a command (redis-py 8.1, ``AbstractConnection.send_packed_command``).
    """

    _sock: Any

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002  # the driver's signature
        """Connect first, by ``connect``, if there is no connection."""
        if not self._sock:
            self.connect()  # type: ignore[attr-defined]  # the class beside this one
        super().send_packed_command(command, check_health)  # type: ignore[misc]  # the same


class _PlainToPrimary(_ToPrimary, SentinelManagedConnection):
    """Without TLS."""


class _TlsToPrimary(_ToPrimary, SentinelManagedSSLConnection):
    """With TLS."""


def open_client(settings: Redis, **options: Any) -> redis.Redis:
    """Return a client; ``options`` are the driver's. Every new connection goes to whoever is the primary by then."""
    address = settings.url.get_secret_value()
    times: dict[str, Any] = {
        "socket_timeout": settings.socket_timeout,
        "socket_connect_timeout": settings.connect_timeout,
    }
    sentinels = sentinel_address(address)
    if sentinels is None:
        return redis.Redis.from_url(address, **tls_options(settings), **times, **options)
    return _of_primary(sentinels, settings, times | options)


def tls_options(settings: Redis) -> dict[str, str]:
    """Return what a client is told about the authority that signed Redis' certificate; nothing without TLS."""
    if settings.ca_file is None or not speaks_tls(settings.url.get_secret_value()):
        return {}
    return {"ssl_ca_certs": str(settings.ca_file)}


def sentinels_once(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return Celery's configuration in which kombu asks each Sentinel once, too, instead of eleven times."""
    options = configuration.get("broker_transport_options", {})
    if "sentinel_kwargs" in options:
        options["sentinel_kwargs"]["retry"] = Retry(NoBackoff(), 0)
    return configuration


def sentinel_options(address: SentinelAddress, settings: Redis) -> dict[str, Any]:
    """Return the driver's options of connections to Sentinels: none is asked twice, as there are others."""
    return {
        "username": address.sentinel_username,
        "password": address.sentinel_password,
        "socket_timeout": settings.connect_timeout,
        "socket_connect_timeout": settings.connect_timeout,
        "retry": Retry(NoBackoff(), 0),
        **({"ssl": True, **tls_options(settings)} if address.tls else {}),
    }


def _of_primary(address: SentinelAddress, settings: Redis, options: dict[str, Any]) -> redis.Redis:
    sentinels = Sentinel(address.sentinels, sentinel_kwargs=sentinel_options(address, settings))  # type: ignore[no-untyped-call]  # the driver leaves it untyped
    client: redis.Redis = sentinels.master_for(  # type: ignore[no-untyped-call]  # the same
        address.primary,
        db=address.database,
        username=address.username,
        password=address.password,
        connection_class=_TlsToPrimary if address.tls else _PlainToPrimary,
        **tls_options(settings),
        **options,
    )
    return client
