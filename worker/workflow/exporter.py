"""The export of one invoice from claim to verdict: the only place where errors become transitions."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from config.exports import ExportConfig
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import InvoiceRecord, MoveToDeadLetters, State, Transition
from worker.domain.retry import RetryPolicy, decide
from worker.domain.store_port import PinPort, Unclaimed
from worker.economic.reasons import EconomicReason
from worker.errors import ExportError, LeaseLost, Misconfigured, StoreUnavailable
from worker.workflow import invoice_method, voucher_method
from worker.workflow.context import ExportContext
from worker.workflow.eligibility import eligible, method_of
from worker.workflow.execution import Execution


def accept_agreement(export: ExportConfig, pins: PinPort, seen: int) -> None:
    """Refuse an agreement that is not the export's own: the one in the exports file, else that of its first use.

    Raises ``Misconfigured``, which pauses the export, and ``StoreUnavailable``.
    """
    expected = export.agreement or pins.pin(export.name, seen)
    if expected != seen:
        raise Misconfigured(
            failure(
                EconomicReason.AGREEMENT_MISMATCH, _told(export, expected, seen), field="grant_token", value=str(seen)
            )
        )


def _told(export: ExportConfig, expected: int, seen: int) -> str:
    bound = (
        f"the exports file names {expected}"
        if export.agreement
        else f"it has written to {expected} since its first use"
    )
    return f"The tokens of export {export.name} open agreement {seen}, but {bound}."


_METHODS = {"invoice": invoice_method.advance, "voucher": voucher_method.advance}


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionResult:
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

    context: Callable[[str], ExportContext]
    claim: Callable[[str], InvoiceRecord | Unclaimed]
    policy: RetryPolicy
    chance: random.Random
    #: Called with an exception that this program was not written for, before it becomes a dead letter.
    report: Callable[[BaseException], None]

    def run(self, invoice_id: str) -> ExecutionResult:
        """Export one invoice, or find out why not. Raises nothing that a worker could do something about."""
        try:
            claimed = self.claim(invoice_id)
        except StoreUnavailable:
            return ExecutionResult(record=None, result="store-unavailable")
        if isinstance(claimed, Unclaimed):
            return ExecutionResult(record=None, result="unclaimed", why=claimed.why)
        return self._work(Execution(claimed, self.context(claimed.export).for_type(claimed.invoice_type)))

    def _work(self, execution: Execution) -> ExecutionResult:
        renew = partial(execution.context.store.renew, execution.record.id, execution.record.fence)
        try:
            with execution.context.lease_renewal(renew):
                self._advance(execution)
        except LeaseLost:
            return ExecutionResult(record=execution.record, result="lease-lost")
        except StoreUnavailable:
            return ExecutionResult(record=execution.record, result="store-unavailable")
        return ExecutionResult(record=execution.record, result=execution.record.state.value)

    def _advance(self, execution: Execution) -> None:
        try:
            while execution.record.state is State.EXPORTING:
                if eligible(execution):
                    _METHODS[method_of(execution)](execution)
        except (LeaseLost, StoreUnavailable):
            raise
        except ExportError as error:
            self._record_failure(execution, error)
        except Exception as error:  # noqa: BLE001  # a bug must not lose an invoice: it rests where a person sees it
            self.report(error)
            execution.save(_bug(error))

    def _record_failure(self, execution: Execution, error: ExportError) -> None:
        if isinstance(error, Misconfigured):
            execution.context.store.pause(execution.record.export, error.failure)
        now = execution.context.clock()
        execution.save(
            decide(error, attempts=execution.record.attempts, now=now, policy=self.policy, random=self.chance)
        )


def _bug(error: Exception) -> Transition:
    return MoveToDeadLetters(
        failure=failure(ProcessReason.INTERNAL_ERROR, f"The program failed with {type(error).__name__}.")
    )
