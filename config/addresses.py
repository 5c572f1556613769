"""Addresses of Redis and of Celery's broker: which can be read, and what an address says. No message quotes one."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

from pydantic import SecretStr

AMQP_SCHEMES = ("amqp", "amqps")
_PLAIN, _SENTINEL = ("redis", "rediss"), ("redis+sentinel", "rediss+sentinel")
REDIS_SCHEMES = _PLAIN + _SENTINEL
#: Schemes whose other side shows a certificate.
_TLS = ("rediss:", "rediss+sentinel:", "amqps:")
#: Where a Sentinel listens, unless its address says otherwise.
_SENTINEL_PORT = 26379
_PERCENT = "in user and password write / as %2F, @ as %40, : as %3A, # as %23, ? as %3F, % as %25"
_BEGINS = "redis:// or rediss:// (TLS), redis+sentinel:// or rediss+sentinel:// (Sentinels)"
_SENTINEL_FORM = "redis+sentinel://user:password@host1:26379,host2:26379/NAME-OF-THE-PRIMARY/0"
_SENTINELS = re.compile(
    r"[a-z+]+://(?:(?P<username>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?(?P<hosts>[^/@?#]+)/(?P<primary>[^/@?#]+)"
    r"(?:/(?P<database>[0-9]*))?(?:\?(?P<query>.*))?"
)
#: What may follow a question mark: the Sentinels' own user and password.
_OPTIONS = frozenset({"sentinel_username", "sentinel_password"})


@dataclass(frozen=True, kw_only=True, slots=True)
class SentinelAddress:
    """Sentinels, and the primary that they know by its name."""

    sentinels: tuple[tuple[str, int], ...]
    primary: str
    database: int
    #: Of Redis; the Sentinels have their own.
    username: str | None
    password: str | None
    sentinel_username: str | None
    sentinel_password: str | None
    tls: bool

    @property
    def kombu_url(self) -> str:
        """The same as kombu writes it: one address for each Sentinel; the primary's name is an option of its own."""
        user = quote(self.username or "", safe="")
        login = f"{user}:{quote(self.password, safe='')}@" if self.password is not None else ""
        hosts = ((f"[{host}]" if ":" in host else host, port) for host, port in self.sentinels)
        return ";".join(f"sentinel://{login}{host}:{port}/{self.database}" for host, port in hosts)


def redis_address(value: SecretStr) -> SecretStr:
    """Refuse an address of Redis that cannot be read as one: it may hold a password, so no message quotes it."""
    return _checked(value, REDIS_SCHEMES, f"the address begins with {_BEGINS}")


def broker_address(value: SecretStr) -> SecretStr:
    """Refuse an address of a broker that cannot be read as one; empty is none of its own."""
    begins = f"the address begins with {_BEGINS}, amqp:// or amqps:// (RabbitMQ, TLS)"
    return _checked(value, REDIS_SCHEMES + AMQP_SCHEMES, begins) if value.get_secret_value() else value


def is_rabbitmq(address: str) -> bool:
    """Tell whether an address is one of RabbitMQ."""
    return _scheme(address) in AMQP_SCHEMES


def speaks_tls(address: str) -> bool:
    """Tell whether an address asks for TLS."""
    return address.startswith(_TLS)


def sentinel_address(address: str) -> SentinelAddress | None:
    """Return what an address of Sentinels says; None for one of a single server. Raises ``ValueError``."""
    scheme = _scheme(address)
    if scheme not in _SENTINEL:
        return None
    parts = _SENTINELS.fullmatch(address)
    options = parse_qs(parts["query"] or "") if parts else {}
    if parts is None or set(options) - _OPTIONS:
        raise ValueError(f"the address is written as {_SENTINEL_FORM}; {_PERCENT}")
    return SentinelAddress(
        sentinels=tuple(_host(host) for host in parts["hosts"].split(",")),
        primary=unquote(parts["primary"]),
        database=int(parts["database"] or "0"),
        username=unquote(parts["username"] or "") or None,
        password=None if parts["password"] is None else unquote(parts["password"]),
        sentinel_username=options.get("sentinel_username", [None])[0],
        sentinel_password=options.get("sentinel_password", [None])[0],
        tls=speaks_tls(address),
    )


def _scheme(address: str) -> str:
    return address.partition("://")[0]


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError
    return parts.hostname, parts.port or _SENTINEL_PORT


def _checked(value: SecretStr, schemes: tuple[str, ...], begins: str) -> SecretStr:
    address = value.get_secret_value()
    if _scheme(address) not in schemes:
        raise ValueError(begins)
    try:
        if sentinel_address(address):
            return value
    except ValueError:
        raise ValueError(f"the address is written as {_SENTINEL_FORM}; {_PERCENT}") from None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"the address cannot be read; {_PERCENT}") from None
    if not host or "@" in parts.path + parts.query + parts.fragment:
        raise ValueError(f"the address names no host, or a password that breaks it; {_PERCENT}")
    number = parts.path.strip("/")
    if parts.scheme in REDIS_SCHEMES and number and not number.isdigit():
        raise ValueError("after host and port comes the number of the database, for example /0")
    return value
