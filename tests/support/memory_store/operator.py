"""The operator's moves, pins and what a plan reads, in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from support.memory_store.tables import PeriodEntry, Tables
from typing_extensions import override

from config.names import export_of
from worker.domain.action_log import Act
from worker.domain.clocks import ClockReading
from worker.domain.invoice_period import ArchivedTotals, PeriodRecord
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.domain.store_port import OperatorPort, PinPort
from worker.errors import Failure
from worker.store import leases


class MemoryOperator(Tables, OperatorPort):
    """See ``OperatorPort``."""

    @override
    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        with self.lock:
            entry = self.entries.get(invoice_id)
            return replace(entry.record, history=tuple(entry.history)) if entry else None

    @override
    def period(self, period_id: str) -> PeriodRecord | None:
        with self.lock:
            entry = self.period_entries.get(period_id)
            return self._counted(entry) if entry else None

    @override
    def periods(self) -> Sequence[PeriodRecord]:
        with self.lock:
            periods = [self._counted(entry) for entry in self.period_entries.values()]
            return sorted(periods, key=lambda period: (period.received_at, period.id), reverse=True)

    @override
    def archived_totals(self) -> Mapping[str, ArchivedTotals]:
        return {}

    @override
    def archived_periods(self, text: str = "", *, export: str = "") -> Sequence[PeriodRecord]:
        return []

    @override
    def invoices(self, period_id: str | None, state: State | None) -> Iterable[InvoiceRecord]:
        with self.lock:
            records = self._all(state) if period_id is None else self.members(period_id)
            return iter([record for record in records if state in (None, record.state)])

    @override
    def requeue(self, invoice_ids: Sequence[str], *, by: str, why: str = "") -> Sequence[str]:
        with self.lock:
            moved = [key for key in invoice_ids if self.requeue_one(key, f"{by}: {why}" if why else by)]
            self.act_on_invoices(Act.REQUEUE, by, why, moved)
            return moved

    def requeue_one(self, key: str, detail: str) -> bool:
        """Send a dead letter back to ``received``."""
        dead = self._dead(key)
        if dead:
            record = self.move(key, State.RECEIVED, "requeued", detail, attempts=0, crashes=0, failure=None)
            for period_id in record.periods:
                self.call_for_preflight(period_id)
        return dead

    @override
    def reexport(self, invoice_ids: Sequence[str], *, by: str, why: str = "", by_hand: bool = False) -> Sequence[str]:
        with self.lock:
            detail = f"{by}: {why}" if why else by
            moved = [key for key in invoice_ids if self.reexport_one(key, detail, by_hand=by_hand)]
            self.act_on_invoices(Act.REEXPORT, by, why, moved)
            return moved

    def reexport_one(self, key: str, detail: str, *, by_hand: bool) -> bool:
        """Send an exported invoice back to ``received``, to be looked up first."""
        exported = self._exported(key, by_hand=by_hand)
        if exported:
            progress = replace(self.entries[key].record.progress, lookup=True)
            record = self.move(
                key, State.RECEIVED, "reexport", detail, attempts=0, crashes=0, outcome=None, progress=progress
            )
            for period_id in record.periods:
                self.call_for_preflight(period_id)
        return exported

    @override
    def mark_exported(self, invoice_id: str, *, by: str, why: str) -> bool:
        with self.lock:
            marked = self.mark(invoice_id, Outcome.BY_HAND, f"{by}: {why}")
            if marked:
                self.act_on_invoices(Act.MARK_EXPORTED, by, why, [invoice_id])
            return marked

    def mark(self, invoice_id: str, outcome: Outcome, detail: str) -> bool:
        """Mark an invoice on the word of a person."""
        with self.lock:
            if not (self._dead(invoice_id) or self._untouched(invoice_id) or self._differs(invoice_id)):
                return False
            if outcome is Outcome.DISCARDED and leases.anything_sent(self.entries[invoice_id].record.progress):
                return False
            for period_id in self.entries[invoice_id].record.periods:
                self.reconciles[period_id] = self.now()
            self.move(invoice_id, State.EXPORTED, outcome, detail, outcome=outcome, failure=None)
            return True

    @override
    def accept_conflicts(self, period_id: str, invoice_id: str, *, by: str, why: str) -> int:
        with self.lock:
            conflicts = self.period_entries[period_id].conflicts if period_id in self.period_entries else {}
            waiting = [name for name, it in conflicts.items() if name[0] == invoice_id and not it.accepted]
            for name in waiting:
                conflicts[name] = replace(conflicts[name], accepted=f"{by}: {why}")
            if waiting:
                self.note(invoice_id, "conflict-accepted", f"{by}: {why}")
                self.act(Act.ACCEPT_CONFLICT, by, why, export_of(invoice_id), [invoice_id, period_id])
            return sum(name[0] == invoice_id and it.accepted == f"{by}: {why}" for name, it in conflicts.items())

    @override
    def clocks(self) -> Sequence[ClockReading]:
        with self.lock:
            return [self.clock_readings[field] for field in sorted(self.clock_readings)]

    @override
    def paused(self) -> Mapping[str, Failure]:
        with self.lock:
            return dict(self.pauses)

    @override
    def resume(self, export: str, *, by: str = "", why: str = "") -> bool:
        with self.lock:
            return self.lift(export, by, why)

    @override
    def resume_later(self, export: str, *, by: str, why: str, after: float) -> bool:
        with self.lock:
            if export not in self.pauses:
                return False
            self.resume_orders[export] = (self.now() + after, by, why)
            return True

    def _dead(self, invoice_id: str) -> bool:
        return invoice_id in self.entries and self.entries[invoice_id].record.state is State.DEAD

    def _exported(self, invoice_id: str, *, by_hand: bool) -> bool:
        entry = self.entries.get(invoice_id)
        if entry is None or entry.record.state is not State.EXPORTED:
            return False
        return by_hand or entry.record.outcome not in (Outcome.BY_HAND, Outcome.DISCARDED)

    def _untouched(self, invoice_id: str) -> bool:
        entry = self.entries.get(invoice_id)
        if entry is None or entry.record.state not in (State.RECEIVED, State.QUEUED, State.WAITING):
            return False
        return not leases.anything_sent(entry.record.progress)

    def _differs(self, invoice_id: str) -> bool:
        entry = self.entries.get(invoice_id)
        if entry is None or entry.record.state is not State.EXPORTED:
            return False
        return any(invoice_id in self.period_entries[period].differences for period in entry.record.periods)

    def _all(self, state: State | None) -> Iterator[InvoiceRecord]:
        """Yield dead letters by when they died; all else period by period, newest first."""
        if state is State.DEAD:
            records = [entry.record for entry in self.entries.values() if entry.record.state is state]
            return iter(sorted(records, key=lambda record: (record.updated_at, record.id)))
        by_id = {record.id: record for period in self.periods() for record in self.members(period.id)}
        return iter(by_id.values())

    def _counted(self, entry: PeriodEntry) -> PeriodRecord:
        states = [self.entries[key].record.state for key in entry.members]
        conflicts = sorted(entry.conflicts.values(), key=lambda it: (it.at, it.invoice_id, it.event_key))
        counts = {state: states.count(state) for state in State if state in states}
        return replace(
            entry.record,
            counts=counts,
            conflicts=tuple(conflict for conflict in conflicts if not conflict.accepted),
            accepted_conflicts=tuple(conflict for conflict in conflicts if conflict.accepted),
        )


class MemoryPins(Tables, PinPort):
    """See ``PinPort``."""

    @override
    def pin(self, export: str, agreement: int) -> int:
        with self.lock:
            return self.pins.setdefault(export, agreement)

    @override
    def declare_first_use(self, export: str) -> None:
        with self.lock:
            self.whole.setdefault(export, 0.0)


class MemoryPlan(Tables):
    """See ``PlanPort``."""

    def shared_number(self, key: str) -> str | None:
        """See ``PlanPort``."""
        with self.lock:
            shared = self.shared.get(key)
            return shared.creation.number if shared else None

    def pinned(self, export: str) -> int | None:
        """See ``PlanPort``."""
        with self.lock:
            return self.pins.get(export)
