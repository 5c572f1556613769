"""The export of one invoice from claim to log line: whether it may go, its turns, and errors as transitions."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from worker.domain import export_rules
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Finish, InvoiceRecord, MoveToDeadLetters, Progress, State, Step, Transition
from worker.domain.retry import RetryPolicy, decide
from worker.domain.store_port import Unclaimed
from worker.economic.port import Usage
from worker.errors import ExportError, LeaseLost, Misconfigured, OnHold, Stopped, StoreUnavailable
from worker.workflow.bulk import BulkPosting
from worker.workflow.bulk_parts import claim_together
from worker.workflow.context import ExportContext
from worker.workflow.execution import Execution
from worker.workflow.invoice_method import InvoiceMethod
from worker.workflow.turn import Method, take_turn
from worker.workflow.voucher_method import VoucherMethod

log = structlog.get_logger()

_METHODS: Mapping[str, Method[Any]] = {"invoice": InvoiceMethod(), "voucher": VoucherMethod()}


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionResult:
    """What one execution came to."""

    #: The record as it was last written; None when nothing was claimed.
    record: InvoiceRecord | None
    #: ``exported``, ``waiting``, ``dead``, ``queued`` (paused), ``unclaimed``, ``lease-lost``, ``given-back``,
    #: ``store-unavailable``.
    result: str
    #: Why it was not claimed.
    why: str = ""
    #: What became of a write whose outcome was unknown; see ``Execution.uncertain``.
    uncertain: str = ""
    #: Calls to e-conomic, and the rate tokens that they cost.
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exporter:
    """Exports invoices, each in the context of its export."""

    context: Callable[[str], ExportContext]
    claim: Callable[[str, str], InvoiceRecord | Unclaimed]
    policy: RetryPolicy
    chance: random.Random
    #: Called with an exception that this program was not written for, before the invoice becomes a dead letter.
    report: Callable[[BaseException], None]
    #: Whether this process has to end now: what is under way is handed on before its next call.
    ending: Callable[[], bool] = lambda: False
    #: Gets, for as long as a lease is held, what gives it back: for a process that has to end in the middle of a call.
    holding: Callable[[Callable[[], object]], AbstractContextManager[None]] = lambda _: nullcontext()

    def run(self, invoice_id: str, *, task: str = "") -> ExecutionResult:
        """Export one invoice, or find out why not, and write its canonical log line. Raises no ``ExportError``.

        ``task`` is the id of the Celery task, for the invoice's history.
        """
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(invoice=invoice_id):
            result = self._run(invoice_id, task)
            _write_line(result, time.monotonic() - began)
            structlog.contextvars.unbind_contextvars("periods", "attempt")
        return result

    def _run(self, invoice_id: str, task: str) -> ExecutionResult:
        try:
            claimed = self.claim(invoice_id, task)
        except StoreUnavailable:
            return ExecutionResult(record=None, result="store-unavailable")
        if isinstance(claimed, Unclaimed):
            return ExecutionResult(record=None, result="unclaimed", why=claimed.why)
        structlog.contextvars.bind_contextvars(periods=claimed.periods, attempt=claimed.attempts + 1)
        context = self.context(claimed.export).for_type(claimed.invoice_type)
        execution = Execution(claimed, context)
        with context.metered() as usage:
            result = self._export(execution)
        return ExecutionResult(record=execution.record, result=result, uncertain=execution.uncertain, usage=usage)

    def _export(self, execution: Execution) -> str:
        with self._held(execution):
            try:
                others = claim_together(execution) if _may_go_together(execution) else ()
            except StoreUnavailable as error:
                return self._cut_short(execution, error)
            if others:
                self._export_together(execution, others)
            return self._finished(execution)

    def _export_together(self, execution: Execution, others: Sequence[Execution]) -> None:
        """Post these by as few calls as possible; what is left of each then goes on by itself."""
        began = time.monotonic()
        with ExitStack() as held:
            for other in others:
                held.enter_context(self._held(other))
            posting = BulkPosting(
                context=execution.context, suits=_suits_bulk, guarded=self._guarded, stopped=self.ending
            )
            try:
                posting.run((execution, *others))
            except StoreUnavailable:
                pass  # met again by each of them
            except Exception as error:  # noqa: BLE001  # a bug in what they share: each is looked up, and goes on, by itself
                self.report(error)
            for other in others:
                record = other.record
                with structlog.contextvars.bound_contextvars(
                    invoice=record.id, periods=record.periods, attempt=record.attempts + 1
                ):
                    result = self._finished(other)
                    _write_line(ExecutionResult(record=other.record, result=result), time.monotonic() - began)

    @contextmanager
    def _held(self, execution: Execution) -> Iterator[None]:
        """Keep the lease of an execution until the block ends."""
        store, lease = execution.context.store, (execution.record.id, execution.record.fence)
        with self.holding(_hand_on(execution)), execution.context.lease_renewal(partial(store.renew, *lease)):
            yield

    def _finished(self, execution: Execution) -> str:
        """Bring an execution to its end, and say which."""
        try:
            self._advance(execution)
            if execution.record.state is State.EXPORTING:
                _hand_on(execution)()
                return "given-back"
        except (LeaseLost, StoreUnavailable) as error:
            return self._cut_short(execution, error)
        return execution.record.state.value

    @staticmethod
    def _cut_short(execution: Execution, error: LeaseLost | StoreUnavailable) -> str:
        """This process lives: what the store may take for a crash was none."""
        store, record = execution.context.store, execution.record
        execution.context.give_back(partial(store.give_back, record.id, record.fence))
        return "lease-lost" if isinstance(error, LeaseLost) else "store-unavailable"

    def _advance(self, execution: Execution) -> None:
        self._guarded(execution, partial(self._turns, execution))

    def _turns(self, execution: Execution) -> None:
        while execution.record.state is State.EXPORTING and not self.ending():
            if eligible(execution):
                take_turn(execution, _METHODS[method_of(execution)])

    def _guarded(self, execution: Execution, act: Callable[[], None]) -> None:
        """Do something for an invoice; errors become its transition, but for ``LeaseLost`` and ``StoreUnavailable``."""
        try:
            act()
        except (LeaseLost, StoreUnavailable):
            raise
        except Stopped:  # between two calls of a turn: what was meant stands in the record
            return
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


def _may_go_together(execution: Execution) -> bool:
    """Tell whether an invoice may lead others to be posted together with it."""
    context = execution.context
    if not context.export.voucher.bulk or method_of(execution) != "voucher":
        return False
    rests = context.clock() < context.bulk_trial.rests_until
    return not (rests or _begun(execution.progress) or execution.record.crashes)


def _suits_bulk(execution: Execution) -> bool:
    """Tell whether an invoice is posted together with others now. Raises as ``eligible`` does."""
    return method_of(execution) == "voucher" and execution.invoice.pdf is None and eligible(execution)


def _hand_on(execution: Execution) -> Callable[[], object]:
    record = execution.record
    return partial(execution.context.store.give_back, record.id, record.fence, why="the worker was stopped")


def _bug(error: Exception) -> Transition:
    return MoveToDeadLetters(
        failure=failure(ProcessReason.INTERNAL_ERROR, f"The program failed with {type(error).__name__}.")
    )


def _write_line(result: ExecutionResult, seconds: float) -> None:
    """Write the one line of an execution. It holds no customer data."""
    record = result.record
    details: dict[str, object] = {"why": result.why}
    if record:
        details |= {
            "draft": record.progress.draft_number,
            "booked": record.progress.booked_number,
            "adopted": record.progress.adopted,
            "reason": record.failure and record.failure.reason,
            "log_id": record.failure and record.failure.log_id,
            "uncertain": result.uncertain,
        }
    log.info(
        "invoice_export",
        result=result.result,
        **{name: value for name, value in details.items() if value},
        http_calls=result.usage.calls,
        tokens=result.usage.tokens,
        ms=round(seconds * 1000),
    )


#: e-conomic's largest invoice number.
_LARGEST = 999_999_999
_INVOICE_STEPS = frozenset({Step.DRAFT, Step.BOOK})


def eligible(execution: Execution) -> bool:
    """Tell whether to go on; an invoice that is left out on purpose has been finished instead.

    What has begun goes on to its end. Raises ``OnHold`` for a correction that waits for its original, and e-conomic's
    errors.
    """
    if execution.eligible or _begun(execution.progress):
        return True
    outcome = export_rules.exclusion(execution.invoice, execution.context.export)
    if outcome:
        execution.save(Finish(outcome=outcome))
        return False
    await_original(execution)
    execution.eligible = True
    return True


def method_of(execution: Execution) -> str:
    """Return the method by which an invoice was begun, else its export's: posted by both, it would be owed twice.

    A lookup that finds nothing clears these traces, and with them the tie to the former method.
    """
    progress = execution.progress
    step = progress.intent.step if progress.intent else ""
    if progress.voucher or (step and step not in _INVOICE_STEPS):
        return "voucher"
    if progress.draft_number or progress.booked_number or progress.pending_failure or step:
        return "invoice"
    return execution.context.export.method


def _begun(progress: Progress) -> bool:
    known = progress.draft_number or progress.booked_number or progress.voucher
    return bool(progress.lookup or progress.intent or progress.pending_failure or known)


def await_original(execution: Execution) -> None:
    """Let a correction go on, or raise ``OnHold`` while its original is awaited; what it goes on without is noted.

    Waiting costs one trip to the store each time; e-conomic is asked only for what the store never had.
    """
    export, invoice = execution.context.export, execution.invoice
    ids = export_rules.original_references(invoice, export, execution.record.region)
    references = tuple(invoice_id for invoice_id in ids if invoice_id != execution.record.id)
    if not references:
        return
    found = export_rules.standing(references, execution.context.store.states(references))
    if found is None:
        if not _booked(execution):
            execution.note(export_rules.UNKNOWN)
        return
    original, state = found
    if state is State.EXPORTED:
        return
    if export_rules.is_on_hold(export, execution.record.received_at, execution.context.clock()):
        why = export_rules.awaited(invoice, original, state, export)
        raise OnHold(why, retry_after=export_rules.patience(state))
    execution.note(export_rules.TOO_EARLY)


def _booked(execution: Execution) -> bool:
    """Older than this program, most likely: under Opter's number it can be seen in e-conomic, else nowhere."""
    number, export = execution.invoice.credits_invoice_number or 0, execution.context.export
    may_be_there = export.method == "invoice" and export.booking.numbers == "opter" and number <= _LARGEST
    return may_be_there and execution.context.economic.booked(number) is not None
