"""What the operator's commands need of the ledger; the other parts stand in ``ports``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from worker.errors import Failure
from worker.invoicing.period import PeriodRecord
from worker.invoicing.record import InvoiceRecord, State


class OperatorPort(Protocol):
    """What the commands need."""

    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        """Return one record with its whole history."""
        ...

    def period(self, period_id: str) -> PeriodRecord | None:
        """Return one period with its counts."""
        ...

    def periods(self) -> Sequence[PeriodRecord]:
        """Return all periods, newest first."""
        ...

    def invoices(self, period_id: str | None, state: State | None) -> Iterable[InvoiceRecord]:
        """Yield records (history left out) of one period or of all, in one state or in any."""
        ...

    def requeue(self, invoice_ids: Sequence[str], *, by: str) -> Sequence[str]:
        """Send dead letters back to ``received``, attempts at zero; return the ids that moved.

        Their progress is kept, and the preflight of their periods is due again.
        """
        ...

    def reexport(self, invoice_ids: Sequence[str], *, by: str, by_hand: bool = False) -> Sequence[str]:
        """Send exported invoices back to ``received``, outcome cleared; return the ids that moved.

        Each is looked up in e-conomic before anything else is done, whatever the preflight sees. Those that a person
        declared exported stay where they are unless ``by_hand``: nothing in e-conomic need tell that they are there.
        """
        ...

    def settle_by_hand(self, invoice_id: str, *, by: str, why: str) -> bool:
        """Mark an invoice as exported by hand; False when it cannot be.

        It must be dead, or stand still (received, queued, waiting) with nothing of it sent: what may be in e-conomic,
        or is under way to it, has to come to an end first.
        """
        ...

    def paused(self) -> Mapping[str, Failure]:
        """Return the paused exports and why."""
        ...

    def resume(self, export: str) -> bool:
        """Lift a pause; False when there was none."""
        ...
