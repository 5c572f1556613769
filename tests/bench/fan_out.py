"""How fast one large event becomes invoices in the store, and these become checked and queued."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.bare import celery
from bench.figures import Line
from bench.invoices import of_known_customers
from bench.stage import Stage, stage

INVOICES = 5000


def measure() -> list[Line]:
    """Return the lines of the table. No worker exports meanwhile: the queue is left as it is."""
    with (
        TemporaryDirectory(prefix="bench-") as name,
        stage(Path(name), "") as on,
        celery(on.installation, "worker.app", "--queues", "preflight.main"),
    ):
        into_store, checked = _seconds(on)
    return [
        Line(what="invoices/s into the store", value=INVOICES / into_store, note=f"one event of {INVOICES}"),
        Line(
            what="invoices/s checked and queued",
            value=INVOICES / checked,
            note="period check, lookups, Celery messages",
        ),
    ]


def _seconds(on: Stage) -> tuple[float, float]:
    """Return the seconds from the LPUSH to the last record, and from there to the last Celery message."""
    on.check(of_known_customers(10, first=100_000))  # warms the worker: master data, connections
    invoices = of_known_customers(INVOICES, first=200_000)
    began, records = on.check(invoices)
    received = max(record.received_at for record in records)
    return received - began, max(record.published_at for record in records) - received
