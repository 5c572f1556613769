"""What became of what was accepted: received, read, refused with the reason, exported n of m."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from worker.domain.invoice_period import PeriodRecord, PeriodState
from worker.domain.posted_event import PostedEvent, PostedEvents
from worker.domain.record import State


class Periods(Protocol):
    """What is asked of the store."""

    def period(self, period_id: str) -> PeriodRecord | None:
        """Return one period with its counts."""

    def periods(self) -> Sequence[PeriodRecord]:
        """Return all periods."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far an event has come."""

    state: Literal["received", "read", "exported", "refused"]
    #: The period that its invoices were taken into; None: none was.
    period: PeriodRecord | None = None
    problems: Sequence[Mapping[str, Any]] = ()

    def document(self) -> dict[str, Any]:
        """Return it as the answer shows it."""
        shown: dict[str, Any] = {"state": self.state, "problems": list(self.problems)}
        if self.period:
            counts = self.period.counts
            exported, failed = counts.get(State.EXPORTED, 0), counts.get(State.DEAD, 0)
            shown["period"] = {"id": self.period.id, "name": self.period.name}
            shown["invoices"] = {
                "announced": self.period.invoice_count,
                "exported": exported,
                "failed": failed,
                "onTheWay": self.period.total - exported - failed,
            }
        return shown


def progress_of(event: PostedEvent, store: Periods, events: PostedEvents) -> Progress:
    """Return how far an event has come. Raises ``StoreUnavailable``."""
    period = store.period(event.period_id)
    envelope = events.refusal(event.sha256)
    problems = [_written(problem) for problem in json.loads(envelope)["problems"]] if envelope else []
    if period is None or not _brought(period, event.event_key):
        return Progress(state="refused" if problems else "received", problems=problems)
    return Progress(state=_state(period), period=period, problems=problems)


def progress_in_folder(event_key: str, store: Periods) -> Progress:
    """Return how far the event has come that files of the watched folder became."""
    period = next((period for period in store.periods() if _brought(period, event_key)), None)
    return Progress(state=_state(period), period=period) if period else Progress(state="received")


def _written(problem: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in problem.items() if name != "invoice_number"}
    return shown | {"invoiceNumber": problem["invoice_number"]}


def _brought(period: PeriodRecord, event_key: str) -> bool:
    """Whether a period's invoices, or some of them, came with this event; a part has a hash behind the event's key."""
    whole = any(key == event_key or key.startswith(f"{event_key}@") for key in period.events)
    return whole and period.state is not PeriodState.REGISTERING


def _state(period: PeriodRecord) -> Literal["read", "exported"]:
    return "exported" if period.counts.get(State.EXPORTED, 0) >= period.invoice_count else "read"
