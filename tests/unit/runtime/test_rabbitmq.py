"""RabbitMQ's troubles in words: what it says is never quoted."""

import amqp
import pytest
from kombu.exceptions import OperationalError
from pydantic import SecretStr

from config.settings import Settings
from config.settings_sections import Broker as Section
from worker.runtime.broker import Broker, open_broker


@pytest.mark.parametrize(
    ("error", "cause", "step"),
    [
        (amqp.AccessRefused("(0, 0): (403) ACCESS_REFUSED - Login was refused using PLAIN"), "password", "BROKER__URL"),
        (amqp.AccessRefused("ACCESS_REFUSED - access to queue 'x' refused"), "forbids", "set_permissions"),
        (amqp.NotAllowed("NOT_ALLOWED - vhost Zqx not found"), "virtual host", "add_vhost"),
        (amqp.PreconditionFailed("PRECONDITION_FAILED - inequivalent arg 'durable'"), "queue of ours", "delete_queue"),
        (
            amqp.PreconditionFailed("PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out"),
            "waited for a slot",
            "Nothing",
        ),
        (ConnectionRefusedError(111, "Connection refused"), "RabbitMQ does not answer", "Start it"),
        (OperationalError("timed out Zqx"), "no answer within the time allowed", "Start it"),
        (OSError("Server unexpectedly closed connection Zqx"), "RabbitMQ does not answer", "Start it"),
    ],
)
def test_every_trouble_has_its_cause_and_next_step(error: Exception, cause: str, step: str) -> None:
    """By what it answers, as operators know it."""
    broker = _broker("amqp://user:Zqx@mq/opter")

    failure = broker.unavailable(error).failure

    assert failure.reason == "broker-unavailable"
    assert cause in failure.description
    assert step in failure.next_step
    assert "Zqx" not in failure.description + failure.next_step
    assert "Redis" not in failure.description + failure.next_step


def test_another_redis_is_called_the_broker() -> None:
    """So that nobody repairs the store."""
    why = _broker("redis://broker/1").unavailable(ConnectionRefusedError("Connection refused")).failure

    assert why.description.startswith("The broker: Redis does not answer")
    assert "OPTER_ECONOMIC_BROKER__URL" in why.next_step


def _broker(url: str) -> Broker:
    return open_broker(Settings().model_copy(update={"broker": Section(url=SecretStr(url))}))
