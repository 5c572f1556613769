"""What Redis, TLS and the network say is told apart, each with the step that ends it."""

import socket
import ssl

import pytest
import redis

from worker.errors import StoreUnavailable
from worker.store.causes import CAUSES, failure_of
from worker.store.connection import translated

SAID = [
    (redis.AuthenticationError("invalid username-password pair or user is disabled."), "password", "REDIS_URL"),
    (redis.AuthenticationError("WRONGPASS invalid username-password pair"), "password", "REDIS_URL"),
    (redis.AuthenticationError("NOAUTH Authentication required."), "password", "REDIS_URL"),
    (redis.exceptions.NoPermissionError("this user has no permissions to run the 'info' command"), "ACL", "users.acl"),
    (redis.OutOfMemoryError("OOM command not allowed when used memory > 'maxmemory'."), "memory", "maxmemory"),
    (
        redis.ResponseError("OOM command not allowed when used memory > 'maxmemory'. script: 1a2b"),
        "memory",
        "maxmemory",
    ),
    (redis.ResponseError("MISCONF Errors writing to the AOF file: No space left on device"), "disk", "Make room"),
    (redis.ReadOnlyError("You can't write against a read only replica."), "replica", "new primary"),
    (redis.ResponseError("READONLY You can't write against a read only replica. script: 1a2b"), "replica", "primary"),
    (redis.exceptions.MasterDownError("MASTERDOWN Link with MASTER is down"), "lost its primary", "primary"),
    (redis.BusyLoadingError("Redis is loading the dataset in memory"), "starting", "Wait"),
    (redis.ConnectionError("max number of clients reached"), "no more connections", "maxclients"),
    (redis.ConnectionError("Error 111 connecting to 10.0.0.7:6379. Connection refused."), "Nothing", "Start Redis"),
    (redis.ConnectionError("Error -2 connecting to cache:6379. Name or service not known."), "host name", "DNS"),
    (redis.TimeoutError("Timeout reading from socket"), "No answer", "PING"),
    (redis.ResponseError("unknown command 'LMOVE', with args beginning with: "), "does not know", "6.2"),
]


@pytest.mark.parametrize(("error", "what", "step"), SAID)
def test_each_cause_is_told_apart(error: redis.RedisError, what: str, step: str) -> None:
    """Description and next step are those of this cause and of no other."""
    told = failure_of(error)

    assert what.lower() in told.description.lower()
    assert step in told.next_step


def test_tls_is_read_through_what_the_driver_wraps() -> None:
    """The driver says only that it could not connect; the certificate's error is its cause."""
    wrapped = redis.ConnectionError("Error 1 connecting to db:6380.")
    wrapped.__cause__ = ssl.SSLCertVerificationError(
        1, "certificate verify failed: unable to get local issuer certificate"
    )

    assert "OPTER_ECONOMIC_REDIS__CA_FILE" in failure_of(wrapped).next_step


def test_an_unresolved_name_is_read_through_what_the_driver_wraps() -> None:
    """Whatever text the resolver gives."""
    wrapped = redis.ConnectionError("Error connecting.")
    wrapped.__cause__ = socket.gaierror(-3, "Temporary failure in name resolution")

    assert "DNS" in failure_of(wrapped).next_step


def test_the_drivers_text_is_never_repeated() -> None:
    """A pipeline's error quotes the whole command, and with it an invoice."""
    said = "Command # 1 (HSET invoice:main-1 content Haulier Ltd) of pipeline caused error: OOM command not allowed"
    with pytest.raises(StoreUnavailable) as raised, translated():
        raise redis.OutOfMemoryError(said)

    assert "Haulier" not in f"{raised.value} {raised.value.failure}"
    assert "memory" in raised.value.failure.description


def test_an_unknown_error_keeps_the_general_advice() -> None:
    """Nothing is guessed."""
    assert failure_of(redis.ResponseError("ERR something new")).next_step.startswith("Start Redis or restore")


def test_every_cause_has_a_step() -> None:
    """A cause without a next step would leave its reader where he was."""
    assert all(cause.description and cause.next_step.endswith((".", "`")) for cause in CAUSES)
