import json
from typing import Any

import pytest
from celery import Celery
from kombu import Message
from support.samples import export

from config.broker import celery_config
from config.names import (
    AGREEMENT_TASK,
    CAUSES_TASK,
    EXPORT_TASK,
    PREFLIGHT_TASK,
    RECONCILE_TASK,
    export_queue,
    preflight_queue,
    recovery_queue,
)
from config.settings import Settings
from worker.runtime.message_filter import objection, recovered


def _published(task: str, *args: Any, **options: Any) -> Message:
    """What our publisher's ``send_task`` puts on a queue, as a worker gets it."""
    with Celery("test", set_as_current=False) as app:
        headers, properties, body, _ = app.amqp.as_task_v2(f"{args[0]}.ab12cd34", task, args, {}, **options)
    return _message(json.dumps(body), headers=headers, properties=properties)


def _message(body: str, **changes: Any) -> Message:
    fields = {
        "headers": {"task": EXPORT_TASK, "id": "main-1.ab12cd34"},
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "accept": {"application/json"},
    }
    return Message(body, **(fields | changes))


@pytest.mark.parametrize(
    ("task", "key"),
    [
        (EXPORT_TASK, "main-100353"),
        (EXPORT_TASK, "main-DK1-100353"),
        (EXPORT_TASK, "main-x0123456789ab-commission-discount-100353"),
        (PREFLIGHT_TASK, "main-p881"),
        (PREFLIGHT_TASK, "main-DK1-p881"),
        (RECONCILE_TASK, "main-DK1-p881"),
        (AGREEMENT_TASK, "main-agreement"),
        (CAUSES_TASK, "main-causes"),
    ],
)
def test_what_we_publish_comes_in(task: str, key: str) -> None:
    """Every id that the store gives out, under either task."""
    assert objection(_published(task, key)) == ""


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (_published("os.system", "main-1"), "task"),
        (_published("celery.map", "main-1"), "task"),
        (_published(EXPORT_TASK, "main-1", countdown=3600), "options"),
        (_published(EXPORT_TASK, "main-1", expires=60), "options"),
        (_published(EXPORT_TASK, "main-1", time_limit=1), "options"),
        (_published(EXPORT_TASK, "main-1", shadow="x"), "options"),
        (_published(EXPORT_TASK, "main-1", retries=1), "options"),
        (_published(EXPORT_TASK, "main-1", chain=[{"task": EXPORT_TASK}]), "body"),
        (_published(EXPORT_TASK, "main-1", "main-2"), "body"),
        (_published(EXPORT_TASK, 1), "body"),
        (_published(EXPORT_TASK, {"name": "Acme"}), "body"),
        (_published(EXPORT_TASK, "Acme A/S"), "body"),
        (_published(EXPORT_TASK, "main-1\n"), "body"),
        (_published(EXPORT_TASK, "main-" + "1" * 99), "body"),
        (_message("{}"), "body"),
        (_message("5"), "body"),
        (_message("{nope"), "body"),
        (_message(""), "body"),
        (_message('[["main-1"], {}, null]'), "body"),
        (_message('[["main-1"], {"a": 1}, {}]'), "body"),
        (_message('["main-1", {}, {}]'), "body"),
        (_message("[]", content_type="application/x-python-serialize"), "content type"),
        (_message("[]", content_type="application/x-yaml"), "content type"),
        (_message("[]", content_type=None), "content type"),
        (_message("[]", headers={}), "headers"),
        (_message("[]", headers={"task": EXPORT_TASK}), "headers"),
        (_message("[]", headers={"id": "1", "task": [EXPORT_TASK]}), "task"),
    ],
)
def test_what_nobody_of_us_wrote_stays_out(message: Message, why: str) -> None:
    """The objection names the part, never what stands in it."""
    assert objection(message) == why


@pytest.mark.parametrize(
    ("queue", "first"),
    [(recovery_queue("main"), True), (export_queue("main"), False), (preflight_queue("main"), False)],
)
def test_a_message_tells_that_its_worker_died_by_its_queue(queue: str, first: bool) -> None:  # noqa: FBT001  # a row
    """As kombu delivers it, published by the queue's name with our own configuration; in memory here."""
    with Celery("test", broker="memory://", set_as_current=False) as app:
        app.conf.task_queues = celery_config(Settings(), {"main": export()})["task_queues"]
        app.send_task(EXPORT_TASK, args=["main-100353"], queue=queue)
        with app.connection_for_read() as connection, connection.SimpleQueue(app.amqp.queues[queue]) as waiting:
            message = waiting.get(block=False)
        assert recovered(message, "main") is first
        assert not recovered(message, "other")
