"""The parts of a posting of many: which invoices are claimed for it, what each adds, and how they share calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from worker.domain.record import Continue, Step
from worker.workflow.execution import Execution
from worker.workflow.requests import CreateRequest

#: Entries that one call may hold (documentation of the journals service).
MOST_ENTRIES = 500
#: Invoices of one call until a process has read one of its calls back, equal: as long as nobody knows what e-conomic
#: makes of these entries, a mistake has to be small.
TRIAL = 2


def claim_together(execution: Execution) -> Sequence[Execution]:
    """Claim the invoices that may be posted together with this one. Raises ``StoreUnavailable``."""
    context, record = execution.context, execution.record
    most = context.export.voucher.bulk
    wanted = most if context.bulk_trial.passed else min(most, TRIAL)
    others = context.store.claim_others(record.export, record.invoice_type, wanted - 1)
    return [Execution(other, context) for other in others]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One invoice's part of a call."""

    execution: Execution
    request: CreateRequest
    #: What is recorded with the intent.
    progress: Mapping[str, Any]
    #: How many entries it has.
    entries: int

    def intend(self, key: str) -> None:
        """Record this part before the call is sent."""
        self.execution.intend(self.request.step, self.request.path, self.request.body, key=key, **self.progress)

    def withdraw(self, event: str, detail: str = "") -> None:
        """Record that nothing was done; what is sent next has another key."""
        generation = self.execution.progress.generation + 1
        self.execution.save(Continue(event=event, detail=detail), intent=None, generation=generation)


def calls_of(parts: Sequence[Part]) -> list[list[Part]]:
    """Return the parts of each call: as many as fit."""
    calls: list[list[Part]] = []
    room = 0
    for part in parts:
        if part.entries > room:
            calls.append([])
            room = MOST_ENTRIES
        calls[-1].append(part)
        room -= part.entries
    return calls


def key_of(parts: Sequence[Part]) -> str:
    """Return a key that no other call has had: it is never sent again, so nothing has to find it anew."""
    records = [part.execution.record for part in parts]
    who = ",".join(f"{record.id}:{record.fence}:{record.progress.generation}" for record in records)
    digest = sha256(who.encode()).hexdigest()[:16]
    return parts[0].execution.key(f"{Step.BULK_VOUCHER}-{digest}", records[0].progress.generation)
