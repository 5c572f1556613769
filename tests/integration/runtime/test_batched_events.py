"""What a monitor hears of a real worker."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import redis
from support.installation import Installation, event
from support.samples import customer, invoice, line

COUNT = 60


def _heard(listening: Any) -> list[list[dict[str, Any]]]:
    """Return the batches of task events that lie in the subscription."""
    batches = []
    while message := listening.get_message(timeout=0.1):
        if message["type"] == "pmessage":
            batches.append(json.loads(base64.b64decode(json.loads(message["data"])["body"])))
    return batches


def test_a_monitor_hears_every_event_in_few_messages(tmp_path: Path) -> None:
    """Every invoice is reported as received, started and succeeded; several events travel in one message.

    One that met another's creation of their customer is reported as retried in between.
    """
    invoices = [invoice(line(), invoice_number=500_000 + n, customer=customer(corporate_id=None)) for n in range(COUNT)]
    with Installation(tmp_path) as running, redis.Redis.from_url(running.redis.url) as client:
        running.start_all()
        running.wait_for(lambda: " ready." in running.log("worker-1"), "the worker is ready")
        with client.pubsub() as listening:
            listening.psubscribe("*celeryev/task.multi")
            running.push(event(*invoices))
            running.wait_for(lambda: running.counts() == {"exported": COUNT}, "all are exported")
            time.sleep(1)  # the last batch waits for others
            batches = _heard(listening)

    reported = [(event["uuid"].partition(".")[0], event["type"]) for batch in batches for event in batch]
    kinds = ("task-received", "task-started", "task-succeeded")
    ids = ["main-p881", *(f"main-{each.invoice_number}" for each in invoices)]
    expected = {(key, kind) for key in ids for kind in kinds}
    assert expected <= set(reported)
    assert {kind for _, kind in set(reported) - expected} <= {"task-retried"}
    assert len(batches) <= len(reported) / 4
