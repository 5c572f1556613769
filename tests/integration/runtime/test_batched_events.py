"""What a monitor hears of a real worker."""

import base64
import json
from pathlib import Path
from typing import Any

import redis
from support.installation import Installation, event
from support.samples import customer, invoice, line

from worker.runtime.message_filter import PAUSE

COUNT = 60


def _heard(listening: Any) -> list[list[dict[str, Any]]]:
    """Return the batches of task events that lie in the subscription."""
    batches = []
    while message := listening.get_message(timeout=0.1):
        if message["type"] == "pmessage":
            batches.append(json.loads(base64.b64decode(json.loads(message["data"])["body"])))
    return batches


def _reported(batches: list[list[dict[str, Any]]]) -> set[tuple[str, str]]:
    """Return what was reported of which invoice or period."""
    return {(event["uuid"].partition(".")[0], event["type"]) for batch in batches for event in batch}


def test_a_monitor_hears_every_event_in_few_messages(tmp_path: Path) -> None:
    """Every invoice is reported as received, started and succeeded; several events travel in one message.

    One that met another's creation of their customer is reported as retried in between.
    """
    kinds = ("task-received", "task-started", "task-succeeded")
    invoices = [invoice(line(), invoice_number=500_000 + n, customer=customer(corporate_id=None)) for n in range(COUNT)]
    ids = ["main-p881", *(f"main-{each.invoice_number}" for each in invoices)]
    expected = {(key, kind) for key in ids for kind in kinds}
    with Installation(tmp_path) as running, redis.Redis.from_url(running.redis.url) as client:
        running.start_all()
        running.wait_for(lambda: " ready." in running.log("worker-1"), "the worker is ready")
        with client.pubsub() as listening:
            listening.psubscribe("*celeryev/task.multi")
            running.push(event(*invoices))
            running.wait_for(lambda: running.counts() == {"exported": COUNT}, "all are exported")
            batches: list[list[dict[str, Any]]] = []

            def heard() -> bool:  # the last batch waits for others
                batches.extend(_heard(listening))
                return expected <= _reported(batches)

            running.wait_for(heard, "everything was reported")

    assert {kind for _, kind in _reported(batches) - expected} <= {"task-retried"}
    events = [event for batch in batches for event in batch]
    stamps = [event["timestamp"] for event in events]
    # A batch waits half a second for others: where the period takes its time, fewer of them come.
    assert len(batches) <= max(len(events) / 4, 2 + (max(stamps) - min(stamps)) / PAUSE)
