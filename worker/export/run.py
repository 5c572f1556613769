"""The export of one invoice from claim to verdict: the only place where errors become transitions."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from worker.errors import ExportError, LeaseLost, LedgerDown, Misconfigured
from worker.export import invoice_method, voucher_method
from worker.export.admission import admitted, method_of
from worker.export.desk import Desk
from worker.export.job import Job
from worker.invoicing.ports import Unclaimed
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.record import Bury, InvoiceRecord, State, Transition
from worker.invoicing.retry import RetryPolicy, decide

_METHODS = {"invoice": invoice_method.advance, "voucher": voucher_method.advance}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What one execution came to, for the canonical log line."""

    #: The record as it was last written; None when nothing was claimed.
    record: InvoiceRecord | None
    #: A word: ``exported``, ``waiting``, ``dead``, ``queued`` (paused), ``unclaimed``, ``lease-lost``, ``ledger-down``.
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
            return Ran(record=None, result="ledger-down")
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
            return Ran(record=job.record, result="ledger-down")
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
    return Bury(failure=failure(Reason.INTERNAL_ERROR, f"The program failed with {type(error).__name__}."))
