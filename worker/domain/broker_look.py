"""What a look at the broker of Celery's messages shows, where it is another server than the store."""

from dataclasses import dataclass

from worker.errors import Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerLook:
    """A broker of its own."""

    #: What it is, for people.
    name: str
    #: Messages that wait in its queues.
    waiting: int = 0
    #: Why it does not answer, if it does not.
    fault: Failure | None = None
