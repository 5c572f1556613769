import ssl
from inspect import signature
from pathlib import Path

import amqp
import pytest
from celery import Celery
from celery.app.defaults import NAMESPACES, flatten
from kombu.exceptions import OperationalError
from kombu.transport.redis import Channel

from config.broker import carried_by_store, celery_config, route, watching_config
from config.names import (
    AGREEMENT_TASK,
    ARCHIVE_TASK,
    CAUSES_TASK,
    EXPORT_TASK,
    PREFLIGHT_TASK,
    RECONCILE_TASK,
    agreement_id,
    causes_id,
    export_queue,
    preflight_queue,
    queue_key,
    reconcile_queue,
)
from config.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(secrets=tmp_path)


def test_every_option_is_one_that_celery_knows(settings: Settings) -> None:
    """Celery ignores unknown options silently, so a misspelt one would simply not work."""
    known = {name for name, _ in flatten(NAMESPACES)}

    assert set() == set(celery_config(settings, ["main"])) - known


def test_every_transport_option_is_one_that_kombu_knows(settings: Settings) -> None:
    """The same holds for the Redis transport."""
    options = celery_config(settings, ["main"])["broker_transport_options"]

    assert set() == set(options) - set(Channel.from_transport_options)


@pytest.fixture
def rabbitmq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings whose messages go through RabbitMQ."""
    monkeypatch.setenv("OPTER_ECONOMIC_BROKER__URL", "amqps://user:secret@mq.example.dk:5671/opter")
    monkeypatch.setenv("OPTER_ECONOMIC_BROKER__CA_FILE", "/etc/ssl/mq.pem")
    return load_settings(secrets=tmp_path)


def test_rabbitmq_gets_its_own_options_and_no_other(rabbitmq: Settings) -> None:
    """None of Redis', each one that Celery or py-amqp knows, and a certificate that is checked against the host."""
    conf = celery_config(rabbitmq, ["main"])

    assert set() == set(conf) - {name for name, _ in flatten(NAMESPACES)}
    known = set(signature(amqp.Connection.__init__).parameters) | {"max_retries", "interval_start"}
    assert set() == set(conf["broker_transport_options"]) - known
    assert conf["broker_url"] == "amqps://user:secret@mq.example.dk:5671/opter"
    assert conf["broker_use_ssl"] == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "mq.example.dk",
        "ca_certs": "/etc/ssl/mq.pem",
    }
    assert (conf["task_acks_late"], conf["task_default_delivery_mode"]) == (False, "transient")


def test_another_redis_can_carry_the_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the certificate's authority of its own; the store's address stays the store's."""
    monkeypatch.setenv("REDIS_URL", "rediss://store/0")
    monkeypatch.setenv("OPTER_ECONOMIC_REDIS__CA_FILE", "/etc/ssl/store.pem")
    monkeypatch.setenv("OPTER_ECONOMIC_BROKER__URL", "redis://broker/3")
    settings = load_settings(secrets=tmp_path)
    conf = celery_config(settings, ["main"])

    assert conf["broker_url"] == "redis://broker/3"
    assert "broker_use_ssl" not in conf
    assert settings.redis.url.get_secret_value() == "rediss://store/0"
    assert not carried_by_store(settings)


@pytest.mark.parametrize(
    ("own", "broker"), [("amqp://flower:x@mq/opter", "amqp://all:y@mq/opter"), ("redis://flower:x@store/0", "")]
)
def test_flower_has_a_user_of_its_own_with_either_broker(
    own: str, broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less rights than the others need."""
    monkeypatch.setenv("OPTER_ECONOMIC_FLOWER__REDIS_URL", own)
    if broker:
        monkeypatch.setenv("OPTER_ECONOMIC_BROKER__URL", broker)

    assert watching_config(load_settings(secrets=tmp_path))["broker_url"] == own


def test_the_broker_adds_no_recovery_of_its_own(settings: Settings) -> None:
    """Messages are gone when taken and never repeated; only ids in JSON travel, and no result is kept."""
    conf = celery_config(settings, ["main"])

    assert conf["task_acks_late"] is False
    assert conf["broker_transport_options"]["ack_emulation"] is False
    assert (conf["accept_content"], conf["task_serializer"]) == (["json"], "json")
    assert (conf["result_backend"], conf["task_ignore_result"]) == (None, True)


def test_each_export_has_queues_of_its_own(settings: Settings) -> None:
    """The broker takes from its queues in turn, so a large period of one export cannot starve another's."""
    queues = celery_config(settings, ["main", "b"])["task_queues"]

    assert [queue.name for queue in queues] == [
        "preflight.b",
        "preflight.main",
        "recovery.b",
        "recovery.main",
        "export.b",
        "export.main",
        "reconcile.b",
        "reconcile.main",
    ]


@pytest.mark.parametrize(
    ("task", "identifier", "queue"),
    [
        (EXPORT_TASK, "main-100353", export_queue("main")),
        (EXPORT_TASK, "b-DK1-100353", export_queue("b")),
        (PREFLIGHT_TASK, "main-p881", preflight_queue("main")),
        (RECONCILE_TASK, "main-p881", reconcile_queue("main")),
        (AGREEMENT_TASK, agreement_id("main"), reconcile_queue("main")),
        (CAUSES_TASK, causes_id("main"), reconcile_queue("main")),
        (ARCHIVE_TASK, "main-p881", reconcile_queue("main")),
    ],
)
def test_an_id_finds_its_queue(task: str, identifier: str, queue: str) -> None:
    """The id alone names the export, so no publisher can choose a wrong queue."""
    assert {"queue": queue} == route(task, [identifier], {}, {})


def test_a_message_for_an_unknown_export_is_refused(settings: Settings) -> None:
    """It would wait for ever in a queue that no worker reads."""
    with Celery("test", set_as_current=False) as app:
        app.config_from_object(celery_config(settings, ["main"]))

        with pytest.raises(Exception, match=r"export\.other") as caught:
            app.send_task(EXPORT_TASK, args=["other-1"])

    assert not isinstance(caught.value, OperationalError)


def test_a_queue_lies_under_its_full_redis_key(settings: Settings) -> None:
    """The sweep asks Redis for the length of exactly the list that kombu writes."""
    conf = celery_config(settings, ["main"])
    prefix = conf["broker_transport_options"]["global_keyprefix"]

    assert prefix + export_queue("main") == queue_key(settings.redis.prefix, export_queue("main"))
