"""Addresses of Sentinels: the form that several clients know, and nothing of it in an error."""

import pytest
from pydantic import SecretStr

from config.addresses import broker_address, redis_address, sentinel_address


def test_an_address_of_sentinels_names_them_the_primary_and_its_database() -> None:
    """User and password are Redis'; the Sentinels' own come after the question mark."""
    found = sentinel_address(
        "rediss+sentinel://opter:p%40ss%2F1@s1.example.dk:26380,s2.example.dk,[::1]:5/my-primary/3"
        "?sentinel_username=watch&sentinel_password=a%26b"
    )

    assert found
    assert found.sentinels == (("s1.example.dk", 26380), ("s2.example.dk", 26379), ("::1", 5))
    assert (found.primary, found.database, found.tls) == ("my-primary", 3, True)
    assert (found.username, found.password) == ("opter", "p@ss/1")
    assert (found.sentinel_username, found.sentinel_password) == ("watch", "a&b")


def test_kombu_gets_one_address_for_each_sentinel() -> None:
    """Percent-encoded again; without a user the password stands alone."""
    found = sentinel_address("redis+sentinel://:p%40ss@s1:1,s2:2/opter")

    assert found
    assert found.kombu_url == "sentinel://:p%40ss@s1:1/0;sentinel://:p%40ss@s2:2/0"
    assert found.password == "p@ss"
    plain = sentinel_address("redis+sentinel://s1/opter/1")
    assert plain
    assert plain.kombu_url == "sentinel://s1:26379/1"


def test_other_addresses_are_none_of_sentinels() -> None:
    """A single server, or RabbitMQ."""
    assert sentinel_address("redis://h:1/0") is None
    assert sentinel_address("amqp://h/v") is None


@pytest.mark.parametrize(
    "address",
    [
        "redis+sentinel://s1:26379",
        "redis+sentinel://s1:26379/",
        "redis+sentinel://:se/cret@s1/opter/0",
        "redis+sentinel://:se@cret@s1/opter/0",
        "redis+sentinel://s1:cret/opter/0",
        "redis+sentinel://s1,:26379/opter",
        "redis+sentinel://s1/opter/cret",
        "redis+sentinel://s1/opter/0?password=cret",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_unquoted(address: str) -> None:
    """With the form that it should have."""
    for check in (redis_address, broker_address):
        with pytest.raises(ValueError, match="NAME-OF-THE-PRIMARY") as caught:
            check(SecretStr(address))
        assert "cret" not in str(caught.value)
