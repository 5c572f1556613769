"""Flower's doors: own host names, figures behind the password, an environment without tokens."""

import base64

import pytest
from pydantic import SecretStr

from config.settings import Settings
from worker.cli.processes import flower_command, flower_environment
from worker.flower_page import host_of, may_read


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("127.0.0.1:5555", "127.0.0.1"),
        ("LOCALHOST", "localhost"),
        ("[::1]:5555", "::1"),
        ("[::1]", "::1"),
        ("evil.example:5555", "evil.example"),
        ("localhost.evil.example", "localhost.evil.example"),
        ("", ""),
    ],
)
def test_the_host_is_what_the_browser_asked_for(header: str, host: str) -> None:
    """Without port and brackets, in small letters."""
    assert host_of(header) == host


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "passwords", "open_"),
    [
        ("", (), True),
        ("", ("ann:secret",), False),
        (_basic("ann:secret"), ("ann:secret",), True),
        (_basic("ann:secret"), ("kim:other", "ann:secret"), True),
        (_basic("ann:wrong"), ("ann:secret",), False),
        ("Bearer " + base64.b64encode(b"ann:secret").decode(), ("ann:secret",), False),
        ("Basic %%%", ("ann:secret",), False),
        ("Basic", ("ann:secret",), False),
    ],
)
def test_figures_need_the_password_of_the_page(header: str, passwords: tuple[str, ...], open_: bool) -> None:  # noqa: FBT001  # a table's column
    """The same ``user:password`` that the pages ask for."""
    assert may_read(header, passwords) is open_


def test_no_token_reaches_its_process() -> None:
    """Whatever an installation calls the variables of its tokens."""
    environ = {"PATH": "/bin", "ECONOMIC_GRANT_TOKEN_MAIN": "t", "TOKEN": "t", "REDIS_URL": "redis://a/0"}

    assert flower_environment(Settings(), environ) == {"PATH": "/bin", "REDIS_URL": "redis://a/0"}


def test_a_redis_user_of_its_own_hides_that_of_the_others() -> None:
    """Whoever reads Flower's environment gets no user that may write invoices."""
    flower = Settings().flower.model_copy(update={"redis_url": SecretStr("redis://flower:x@a/0")})
    settings = Settings().model_copy(update={"flower": flower})
    environ = {
        "REDIS_URL": "redis://a/0",
        "OPTER_ECONOMIC_REDIS__URL": "redis://b/0",
        "OPTER_ECONOMIC_FLOWER__PORT": "1",
    }

    assert flower_environment(settings, environ) == {"OPTER_ECONOMIC_FLOWER__PORT": "1"}


def test_a_rabbitmq_user_of_its_own_hides_that_of_the_others() -> None:
    """The same with RabbitMQ; the file of its certificates stays."""
    flower = Settings().flower.model_copy(update={"redis_url": SecretStr("amqp://flower:x@mq/opter")})
    settings = Settings().model_copy(update={"flower": flower})
    environ = {"OPTER_ECONOMIC_BROKER__URL": "amqp://all:y@mq/opter", "OPTER_ECONOMIC_BROKER__CA_FILE": "/ca.pem"}

    assert flower_environment(settings, environ) == {"OPTER_ECONOMIC_BROKER__CA_FILE": "/ca.pem"}


def test_it_remembers_a_bounded_number_of_tasks() -> None:
    """110,000 took 549 MB, more than its limit of memory in Kubernetes."""
    assert "--max_tasks=10000" in flower_command(Settings())
