"""The causes of a Redis that does not do what it is asked: which one it is, and the next step."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import redis

from worker.domain.reasons import ProcessReason, failure
from worker.errors import Failure, StoreUnavailable

_BY_ITSELF = "the export goes on by itself."


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One trouble with Redis, and how it shows."""

    #: Words of the server's or the driver's message, in small letters; one of them is enough.
    signs: tuple[str, ...]
    #: What it means, in plain words.
    description: str
    next_step: str


#: The first whose sign is found is the cause. Prefixes of error replies: Redis documentation, "RESP protocol
#: description", and the sources of Redis 7 (``src/server.c``, ``shared.*err``); words of TLS: OpenSSL through ``ssl``.
CAUSES = (
    Cause(
        signs=("wrongpass", "noauth", "invalid username-password", "without any password configured"),
        description="Redis refuses the user or password",
        next_step="Correct user and password in REDIS_URL or its secret file (special characters percent-encoded), and "
        "start the processes again. Nothing is lost.",
    ),
    Cause(
        signs=("no master found",),
        description="No Sentinel answers that knows a primary of Redis by that name",
        next_step="Start the Sentinels, or correct their hosts and the primary's name in REDIS_URL "
        f"(redis+sentinel://...); {_BY_ITSELF}",
    ),
    Cause(
        signs=("noperm", "no permissions", "has no permission"),
        description="Redis forbids its user a command or key (ACL)",
        next_step=f"Give the user the rights of deploy/redis/users.acl, then ACL LOAD; {_BY_ITSELF}",
    ),
    Cause(
        signs=("oom command not allowed", "maxmemory"),
        description="The memory of Redis is full",
        next_step=f"Raise maxmemory (CONFIG SET, and in redis.conf), never evict; {_BY_ITSELF}",
    ),
    Cause(
        signs=("misconf",),
        description="Redis cannot write to its disk: it is full, or not writable",
        next_step=f"Make room on the disk of Redis' data folder, or correct its rights; {_BY_ITSELF}",
    ),
    Cause(
        # UNBLOCKED: what waited at a list when its primary was demoted (Redis 7, ``src/blocked.c``).
        signs=("readonly", "read only replica", "unblocked"),
        description="This Redis is a replica that takes no writes, as after a failover",
        next_step=f"Point REDIS_URL, or the name in it, at the new primary; {_BY_ITSELF}",
    ),
    Cause(
        signs=("masterdown",),
        description="This Redis is a replica that has lost its primary",
        next_step=f"Point REDIS_URL, or the name in it, at the primary; {_BY_ITSELF}",
    ),
    Cause(
        signs=("loading",),
        description="Redis is starting: it still reads its data",
        next_step=f"Wait; {_BY_ITSELF}",
    ),
    Cause(
        signs=("max number of clients",),
        description="Redis takes no more connections",
        next_step=f"Raise maxclients, or stop what else is connected (CLIENT LIST); {_BY_ITSELF}",
    ),
    Cause(
        signs=("hostname mismatch", "ip address mismatch", "doesn't match", "not valid for"),
        description="The certificate of Redis is for another host name",
        next_step="Address Redis in REDIS_URL by a name that its certificate holds.",
    ),
    Cause(
        signs=("certificate has expired", "certificate is not yet valid"),
        description="The certificate of Redis is not valid today",
        next_step=f"Renew it, or correct the clock of this machine; {_BY_ITSELF}",
    ),
    Cause(
        signs=("certificate_verify_failed", "certificate verify failed", "unknown ca", "self-signed", "self signed"),
        description="The certificate of Redis is signed by an authority that is not trusted here",
        next_step="Name the authority's file (PEM) in OPTER_ECONOMIC_REDIS__CA_FILE, and start the processes again.",
    ),
    Cause(
        signs=(
            "wrong_version_number",
            "wrong version number",
            "record layer failure",
            "unexpected_eof",
            "unexpected eof",
        ),
        description="Redis does not speak TLS at this address",
        next_step="Write redis:// instead of rediss:// in REDIS_URL, or the TLS port.",
    ),
    Cause(
        signs=("name or service not known", "name resolution", "nodename nor servname", "no address associated"),
        description="The host name of Redis is unknown",
        next_step=f"Correct the host in REDIS_URL, or its entry in DNS; {_BY_ITSELF}",
    ),
    Cause(
        signs=("connection refused",),
        description="Nothing listens where Redis should",
        next_step=f"Start Redis, or correct host and port in REDIS_URL; {_BY_ITSELF}",
    ),
    Cause(
        signs=("timeout", "timed out", "no route to host", "network is unreachable"),
        description="No answer within the time allowed",
        next_step=f"See whether Redis hangs or the network is cut (redis-cli PING); {_BY_ITSELF}",
    ),
    Cause(
        signs=("unknown command",),
        description="Redis does not know a command",
        next_step="Use Redis 6.2 or later, or any Valkey, with no command renamed.",
    ),
)


def store_unavailable(error: BaseException) -> StoreUnavailable:
    """Return the error with cause and next step. The driver's text stays out of it: it may quote what was written."""
    return StoreUnavailable(failure_of(error))


#: Codes of the server that may be shown: its text may quote what was written, a code cannot.
_CODES = ("WRONGTYPE", "NOSCRIPT", "EXECABORT", "CROSSSLOT", "BUSY", "ERR")


def failure_of(error: BaseException) -> Failure:
    """Return what a person reads about this error of the driver."""
    cause = cause_of(error)
    kind = type(error).__name__
    unanswered = isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError)
    heading = "Redis does not answer" if unanswered else "Redis refused a command"
    code = next((code for code in _CODES if f"{code} " in str(error)), "")
    kind = f"{kind} {code}".rstrip()
    plain = failure(ProcessReason.STORE_UNAVAILABLE, f"{heading} ({kind}).")
    if cause is None:
        return plain
    return replace(plain, description=f"{heading}: {_lower(cause.description)} ({kind}).", next_step=cause.next_step)


def cause_of(error: BaseException) -> Cause | None:
    """Return the cause, by the whole chain of errors: drivers wrap what the server or TLS said."""
    said = " ".join(f"{type(link).__name__} {link}" for link in _chain(error)).lower()
    return next((cause for cause in CAUSES if any(sign in said for sign in cause.signs)), None)


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _lower(text: str) -> str:
    return text if text.startswith("Redis") else text[:1].lower() + text[1:]
