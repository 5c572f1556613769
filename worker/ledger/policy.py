"""How long the ledger lets things stand before it takes them up again."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerPolicy:
    """Times in seconds. The lease must outlast the overall deadline of a call to e-conomic."""

    #: How long a claim, or a save or renewal that keeps it, holds an invoice, a customer or a product.
    lease_seconds: float = 20.0
    #: A Celery message is deemed lost at the earliest this long after publishing.
    lost_after: float = 15.0
    #: ... and in a queue that is empty, this long after publishing: workers may still hold some in reserve.
    idle_after: float = 20.0
    #: A message is overtaken when one published this much later has been claimed: queues are first in, first out.
    overtaken_by: float = 5.0
    #: Leases in a row that may run out, without an end of the execution in between, before it is a dead letter.
    max_crashes: int = 3
    #: An invoice on its last chance has this long before the next one follows: one of them may be what kills workers.
    alone_for: float = 10.0
    #: How long the claim of a period's preflight holds it; renewed while the preflight lives.
    period_lease_seconds: float = 20.0
