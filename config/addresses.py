"""Addresses of Redis and of Celery's broker: which can be read, and what an address says. No message quotes one."""

from urllib.parse import urlsplit

from pydantic import SecretStr

REDIS_SCHEMES, AMQP_SCHEMES = ("redis", "rediss"), ("amqp", "amqps")
#: Schemes whose other side shows a certificate.
_TLS = ("rediss:", "amqps:")
_PERCENT = "in user and password write / as %2F, @ as %40, : as %3A, # as %23, ? as %3F, % as %25"


def redis_address(value: SecretStr) -> SecretStr:
    """Refuse an address of Redis that cannot be read as one: it may hold a password, so no message quotes it."""
    return _checked(value, REDIS_SCHEMES, "the address begins with redis:// or rediss:// (TLS)")


def broker_address(value: SecretStr) -> SecretStr:
    """Refuse an address of a broker that cannot be read as one; empty is none of its own."""
    text = value.get_secret_value()
    begins = "the address begins with redis:// or rediss:// (TLS), amqp:// or amqps:// (RabbitMQ, TLS)"
    return _checked(value, REDIS_SCHEMES + AMQP_SCHEMES, begins) if text else value


def is_rabbitmq(address: str) -> bool:
    """Tell whether an address is one of RabbitMQ."""
    return urlsplit(address).scheme in AMQP_SCHEMES


def speaks_tls(address: str) -> bool:
    """Tell whether an address asks for TLS."""
    return address.startswith(_TLS)


def _checked(value: SecretStr, schemes: tuple[str, ...], begins: str) -> SecretStr:
    try:
        parts = urlsplit(value.get_secret_value())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"the address cannot be read; {_PERCENT}") from None
    if parts.scheme not in schemes:
        raise ValueError(begins)
    if not host or "@" in parts.path + parts.query + parts.fragment:
        raise ValueError(f"the address names no host, or a password that breaks it; {_PERCENT}")
    number = parts.path.strip("/")
    if parts.scheme in REDIS_SCHEMES and number and not number.isdigit():
        raise ValueError("after host and port comes the number of the database, for example /0")
    return value
