"""The export of one invoice from claim to verdict: the only place where errors become transitions."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from config.exports import Export
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Bury, InvoiceRecord, State, Transition
from worker.domain.retry import RetryPolicy, decide
from worker.domain.store_port import PinPort, Unclaimed
from worker.economic.reasons import EconomicReason
from worker.errors import ExportError, LeaseLost, LedgerDown, Misconfigured
from worker.workflow import invoice_method, voucher_method
from worker.workflow.context import Desk
from worker.workflow.eligibility import admitted, method_of
from worker.workflow.execution import Job


def accept_agreement(export: Export, pins: PinPort, seen: int) -> None:
    """Refuse an agreement that is not the export's own: the one in the exports file, else that of its first use.

    Raises ``Misconfigured``, which pauses the export, and ``LedgerDown``.
    """
    expected = export.agreement or pins.pin(export.name, seen)
    if expected != seen:
        raise Misconfigured(
            failure(
                EconomicReason.AGREEMENT_MISMATCH, _told(export, expected, seen), field="grant_token", value=str(seen)
            )
        )


def _told(export: Export, expected: int, seen: int) -> str:
    bound = (
        f"the exports file names {expected}"
        if export.agreement
        else f"it has written to {expected} since its first use"
    )
    return f"The tokens of export {export.name} open agreement {seen}, but {bound}."


_METHODS = {"invoice": invoice_method.advance, "voucher": voucher_method.advance}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What one execution came to, for the canonical log line."""

    #: The record as it was last written; None when nothing was claimed.
    record: InvoiceRecord | None
    #: A word: ``exported``, ``waiting``, ``dead``, ``queued`` (paused), ``unclaimed``, ``lease-lost``, ``store-unavailable``.
    result: str
    #: Why it was not claimed.
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exporter:
    """Runs jobs at the desk of their export."""

    desk: Callable[[str], Desk]
    claim: Callable[[str], InvoiceRecord | Unclaimed]
    policy: RetryPolicy
    chance: random.Random
    #: Called with an exception that this program was not written for, before it becomes a dead letter.
    report: Callable[[BaseException], None]

    def run(self, invoice_id: str) -> Ran:
        """Export one invoice, or find out why not. Raises nothing that a worker could do something about."""
        try:
            claimed = self.claim(invoice_id)
        except LedgerDown:
            return Ran(record=None, result="store-unavailable")
        if isinstance(claimed, Unclaimed):
            return Ran(record=None, result="unclaimed", why=claimed.why)
        return self._work(Job(claimed, self.desk(claimed.export).for_type(claimed.invoice_type)))

    def _work(self, job: Job) -> Ran:
        renew = partial(job.desk.ledger.renew, job.record.id, job.record.fence)
        try:
            with job.desk.keeping(renew):
                self._advance(job)
        except LeaseLost:
            return Ran(record=job.record, result="lease-lost")
        except LedgerDown:
            return Ran(record=job.record, result="store-unavailable")
        return Ran(record=job.record, result=job.record.state.value)

    def _advance(self, job: Job) -> None:
        try:
            while job.record.state is State.EXPORTING:
                if admitted(job):
                    _METHODS[method_of(job)](job)
        except (LeaseLost, LedgerDown):
            raise
        except ExportError as error:
            self._settle(job, error)
        except Exception as error:  # noqa: BLE001  # a bug must not lose an invoice: it rests where a person sees it
            self.report(error)
            job.save(_bug(error))

    def _settle(self, job: Job, error: ExportError) -> None:
        if isinstance(error, Misconfigured):
            job.desk.ledger.pause(job.record.export, error.failure)
        now = job.desk.clock()
        job.save(decide(error, attempts=job.record.attempts, now=now, policy=self.policy, random=self.chance))


def _bug(error: Exception) -> Transition:
    return Bury(failure=failure(ProcessReason.INTERNAL_ERROR, f"The program failed with {type(error).__name__}."))
