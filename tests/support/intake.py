"""A consumer over any queue and store, with everything else in memory."""

from dataclasses import replace
from typing import Any

from support.events import reader
from support.samples import export

from worker.domain.store_port import IntakePort
from worker.intake.consumer import Consumer
from worker.intake.queue import EventQueue


def consumer(queue: EventQueue, store: IntakePort, **changes: Any) -> Consumer:
    """Return a consumer that knows the export ``main`` and waits next to nothing between tries."""
    result = Consumer(
        queue=queue,
        store=store,
        reader=reader(export()),
        announce=lambda _period, _name: None,
        clock=lambda: 1_800_000_000.0,
        event_limit=10_000_000,
        pause=0.01,
    )
    return replace(result, **changes)
