"""A consumer over any queue and ledger, with everything else in memory."""

from collections.abc import Callable
from typing import Any

from support.events import reader
from support.samples import export

from worker.intake.consumer import Consumer
from worker.intake.queue import EventQueue
from worker.intake.reading import Reader
from worker.invoicing.ports import IntakePort


def consumer(queue: EventQueue, ledger: IntakePort, **changes: Any) -> Consumer:
    """Return a consumer that knows the export ``main`` and waits next to nothing between tries."""
    announce: Callable[[str, str], None] = lambda period, name: None  # noqa: ARG005, E731  # a default to be replaced
    read: Reader = reader(export())
    fields = {
        "queue": queue,
        "ledger": ledger,
        "reader": read,
        "announce": announce,
        "clock": lambda: 1_800_000_000.0,
        "event_limit": 10_000_000,
        "pause": 0.01,
    }
    return Consumer(**(fields | changes))
