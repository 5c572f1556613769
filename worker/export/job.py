"""One execution of one invoice: the record under lease and what was learnt since the claim."""

from typing import Any

from worker.errors import Refused
from worker.export.desk import Desk
from worker.invoicing.economic_port import Reply
from worker.invoicing.identity import idempotency_key
from worker.invoicing.invoice import Invoice
from worker.invoicing.record import Continue, Intent, InvoiceRecord, Progress, Step, Transition


class Job:
    """Gathers and writes; what to do next is decided from ``progress``."""

    def __init__(self, record: InvoiceRecord, desk: Desk) -> None:
        self.record = record
        self.desk = desk
        self.invoice = Invoice.model_validate_json(record.content)
        #: The last refusal of this execution, and the body that it refused.
        self.refusal: Refused | None = None
        self.refused_body = ""
        self.refusals = 0
        #: The write that this very execution has recorded; any other was left by an earlier one.
        self.own: Intent | None = None
        #: Reference data read before this time is not believed any more; seconds since the epoch, UTC.
        self.fresh_since: float | None = None

    @property
    def progress(self) -> Progress:
        """How far this invoice has come."""
        return self.record.progress

    def save(self, transition: Transition, **progress: Any) -> None:
        """Write changed progress and the transition. Raises ``LeaseLost`` and ``LedgerDown``."""
        self.record = self.desk.ledger.save(self.record.with_progress(**progress), transition)

    def intend(self, step: Step, path: str, body: str, **progress: Any) -> None:
        """Record a write that is about to be sent, frozen to the byte, before it is sent."""
        key = self._key(step, progress.get("generation", self.progress.generation))
        intent = Intent(step=step, method="POST", path=path, body=body, key=key, at=self.desk.clock())
        self.save(Continue(event=f"{step}-intended"), intent=intent, **progress)
        self.own = intent

    def send(self, intent: Intent) -> Reply:
        """Send the recorded write. Raises what ``Economic.send`` raises; a refusal is kept for the next look."""
        try:
            return self.desk.economic.send(intent)
        except Refused as refusal:
            self.refusal, self.refused_body = refusal, intent.body
            raise

    def delete(self, path: str) -> None:
        """Delete what is ours; needs no recorded intent, as whoever comes after us looks before deleting again."""
        key = self._key(Step.DISCARD, self.progress.generation)
        self.desk.economic.send(
            Intent(step=Step.DISCARD, method="DELETE", path=path, body="", key=key, at=self.desk.clock())
        )

    def _key(self, step: Step, generation: int) -> str:
        agreement = self.desk.economic.reference_data(frozenset()).agreement
        return idempotency_key(f"{self.desk.environment}-{agreement}", self.record.id, step, generation)
