"""Vouchers of many invoices posted by one call: all of them, or none (the journals service's ``draft-entries/bulk``).

Each invoice keeps its own record, lease and intent, which holds its part of the call and is written before it. The call
is sent once. Whatever came of it, each invoice is looked up by its own mark before anything of it is sent again: in the
journal at once where e-conomic has answered, else by the common turn (``turn``), which creates nothing anew while the
call may still be on its way. One that e-conomic refuses holds up the others, so the call is divided until it stands
alone; then it goes on by itself, as without bulk, and meets its own refusal.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from worker.domain.reasons import failure
from worker.domain.record import Intent, State
from worker.economic.mapping.documents import identified
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.mapping.reasons import VoucherReason
from worker.economic.mapping.voucher_entries import bulk_body
from worker.economic.port import Reply
from worker.economic.reasons import EconomicReason
from worker.errors import ExportError, LeaseLost, Refused, Unavailable, Uncertain
from worker.workflow.bulk_parts import TRIAL, Part, calls_of, key_of
from worker.workflow.context import ExportContext
from worker.workflow.execution import Action, Execution
from worker.workflow.requests import bulk_request
from worker.workflow.turn import about_the_key, codes, look_up_next, ready_to_create
from worker.workflow.voucher_method import READ_LAG, VoucherMethod, take_up_posted

log = structlog.get_logger()

#: Refusals of one posting after which what is left goes on one by one: it is not the fault of a few.
_MOST_REFUSALS = 24
#: Seconds for which each goes on by itself after a posting of which e-conomic took nothing.
_REST = 600.0
_METHOD = VoucherMethod()


@dataclass(kw_only=True, slots=True)
class BulkPosting:
    """One posting of invoices that this process holds; what it leaves in progress goes on by itself afterwards."""

    context: ExportContext
    #: Whether an invoice is one of a bulk. Raises what forbids its export.
    suits: Callable[[Execution], bool]
    #: Does something for an invoice; an error becomes its transition. Raises ``LeaseLost`` and ``StoreUnavailable``.
    guarded: Callable[[Execution, Callable[[], None]], None]
    #: Whether this process has to end now.
    stopped: Callable[[], bool]
    _refusals: int = 0
    _taken: int = 0

    def run(self, executions: Sequence[Execution]) -> None:
        """Post what can be posted together. Raises ``StoreUnavailable``."""
        parts: list[Part] = []
        for execution in executions:
            if not self.stopped():
                self._goes_on(execution, partial(self._prepare, execution, parts))
        for call in calls_of(parts):
            self._post(call)
        if self._refusals and not self._taken:
            self.context.bulk_trial.rests_until = self.context.clock() + _REST

    def _goes_on(self, execution: Execution, act: Callable[[], None]) -> bool:
        """Do something for an invoice; tell whether it is still in progress here."""
        try:
            self.guarded(execution, act)
        except LeaseLost:  # it is met again, and said, when the invoice goes on by itself
            return False
        return execution.record.state is State.EXPORTING

    def _prepare(self, execution: Execution, parts: list[Part]) -> None:
        """Gather what is sent; what is anything but ready to be created goes on by itself."""
        if not self.suits(execution):
            return
        if _METHOD.next_action(execution) is Action.RENEW:
            _METHOD.perform(execution, Action.RENEW)
        if execution.record.state is State.EXPORTING and _METHOD.next_action(execution) is Action.LOOK_FIRST:
            request = bulk_request(execution)
            if request is None:
                return
            ready = ready_to_create(execution, request)
            entries = len(json.loads(request.body))
            parts.append(Part(execution=execution, request=request, progress=ready, entries=entries))

    def _post(self, parts: Sequence[Part]) -> None:
        """Post by one call; what stands alone, or is there already, goes on by itself."""
        if len(parts) < TRIAL or self._refusals > _MOST_REFUSALS or self.stopped():
            return
        try:
            self.context.check_clocks()
            there = self._standing(parts)
        except ExportError as error:
            self._fail(parts, error)
            return
        new = [part for part in parts if part.execution.record.id not in there]
        key = key_of(new) if new else ""
        sent = [part for part in new if self._goes_on(part.execution, partial(part.intend, key))]
        if sent:
            self._send(sent, key)

    def _send(self, parts: Sequence[Part], key: str) -> None:
        request = parts[0].request
        body = bulk_body([part.request.body for part in parts], self.context.export.voucher.bulk_body)
        at = self.context.clock()
        intent = Intent(step=request.step, method="POST", path=request.path, body=body, key=key, at=at)
        try:
            reply = self.context.economic.send(intent)
        except Refused as refusal:
            self._note(parts, "refused")
            self._divide(parts, refusal)
        except Uncertain as doubt:
            self._note(parts, "unknown")
            self._fail(parts, doubt)  # the intents stand: the next execution looks
        except ExportError as error:  # never sent, or refused before anything was done
            self._note(parts, "not-sent")
            self._fail(self._withdrawn(parts, "bulk-voucher-not-sent"), error)
        else:
            self._note(parts, "posted")
            self._taken += 1
            self._accept(parts, reply)

    def _accept(self, parts: Sequence[Part], reply: Reply) -> None:
        """Read the vouchers back: what the answer to a bulk looks like is not known, and not needed."""
        if reply.replayed:  # an earlier request of another process: it proves nothing of these
            self._look_up(parts, "bulk-voucher-remembered")
            return
        try:
            there = self._standing(parts)
        except ExportError as error:
            self._look_up(parts, "bulk-voucher-unread")
            self._fail(parts, error)
            return
        for part in parts:
            self._take_up(part.execution, there.get(part.execution.record.id, ()))

    def _take_up(self, execution: Execution, found: Sequence[VoucherFound]) -> None:
        """Take up what stands there once; what does not, or may be another's, its own lookup tells."""
        if len(found) == 1 and not found[0].unclear:
            self._goes_on(execution, partial(take_up_posted, execution, found[0]))
            self._learn(execution)
        elif self._goes_on(execution, partial(look_up_next, execution, "bulk-voucher-unread")):
            self._goes_on(execution, partial(_raise, _not_read_yet(execution)))

    def _learn(self, execution: Execution) -> None:
        """Let the next calls be large once one was read back equal; before that, a difference stops the export."""
        record, trial = execution.record, self.context.bulk_trial
        if record.state is State.EXPORTED:
            trial.passed = True
        elif not trial.passed and record.failure and record.failure.reason == VoucherReason.VOUCHER_DIFFERS:
            self.context.store.pause(record.export, record.failure)

    def _divide(self, parts: Sequence[Part], refusal: Refused) -> None:
        """Divide a refused call. Before anything of it is sent again, the journal is looked at."""
        self._refusals += 1
        if about_the_key(refusal):
            self._look_up(parts, "bulk-voucher-refused", codes(refusal))
            return
        left = self._withdrawn(parts, "bulk-voucher-refused", codes(refusal))
        half = (len(left) + 1) // 2
        self._post(left[:half])
        self._post(left[half:])

    def _standing(self, parts: Sequence[Part]) -> Mapping[str, Sequence[VoucherFound]]:
        """Return the vouchers that stand in the journal, by invoice. Raises e-conomic's errors."""
        references = [part.execution.record.id for part in parts]
        found: dict[str, list[VoucherFound]] = {}
        for voucher in identified(references, self.context.economic.standing(self.context.export.journal)):
            found.setdefault(voucher.document_reference, []).append(voucher)
        return found

    def _withdrawn(self, parts: Sequence[Part], event: str, detail: str = "") -> list[Part]:
        return [part for part in parts if self._goes_on(part.execution, partial(part.withdraw, event, detail))]

    def _look_up(self, parts: Sequence[Part], event: str, detail: str = "") -> None:
        for part in parts:
            self._goes_on(part.execution, partial(look_up_next, part.execution, event, detail))

    def _fail(self, parts: Sequence[Part], error: ExportError) -> None:
        for part in parts:
            if part.execution.record.state is State.EXPORTING:
                self._goes_on(part.execution, partial(_raise, error))

    def _note(self, parts: Sequence[Part], result: str) -> None:
        log.info("bulk_posting", result=result, invoices=len(parts), entries=sum(part.entries for part in parts))


def _not_read_yet(execution: Execution) -> Unavailable:
    text = f"The voucher of invoice {execution.invoice.invoice_number} was posted, but cannot be read yet."
    return Unavailable(failure(EconomicReason.ECONOMIC_UNAVAILABLE, text), retry_after=READ_LAG)


def _raise(error: ExportError) -> None:
    raise error
