"""Causes of dead letters and batches of moves by hand, in memory."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal

from support.memory_store.frozen_sets import MemoryFrozenSets
from support.memory_store.operator import MemoryOperator
from support.memory_store.tables import BatchEntry, CauseEntry, Tables
from typing_extensions import override

from worker.domain.action_log import Act
from worker.domain.batch import MOST_MARKED, Batch, BatchAction, BatchItem, BatchState, NewBatch
from worker.domain.causes import Cause, CauseAnswer, CauseState, cause_id
from worker.domain.desk_ports import WINDOW, BatchPort, CausePort
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.store.batches import ASKABLE_PAUSES

_SENT = (BatchAction.REQUEUE, BatchAction.REEXPORT)


class MemoryCauses(Tables, CausePort):
    """See ``CausePort``."""

    @override
    def causes(self) -> Sequence[Cause]:
        with self.lock:
            found = [self._cause(key) for key in self._dead_by_cause()]
            return sorted(found, key=lambda cause: (-max(cause.at_stake.values(), default=Decimal()), cause.id))

    @override
    def cause(self, cause_id: str) -> Cause | None:
        with self.lock:
            return self._cause(cause_id) if cause_id in self._dead_by_cause() else None

    @override
    def failed_for(self, cause_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        with self.lock:
            dead = [(record.id, record.updated_at) for record in self._dead_by_cause().get(cause_id, ())]
            return dead[start:] if most < 0 else dead[start : start + most]

    @override
    def causes_due(self, exports: Sequence[str]) -> Sequence[str]:
        with self.lock:
            self._dead_by_cause()
            due = [
                export for export in exports if self.causes_taken.get(export, 0) <= self.now() and self._askable(export)
            ]
            self.causes_taken |= dict.fromkeys(due, self.now() + 120)
            return due

    @override
    def end_causes(self, export: str) -> None:
        with self.lock:
            self.causes_taken.pop(export, None)

    @override
    def due_causes(self, export: str) -> Sequence[Cause]:
        with self.lock:
            dead = self._dead_by_cause()
            return [
                self._cause(key)
                for key, records in dead.items()
                if records[0].export == export and self.cause_entries[key].due_at <= self.now()
            ]

    @override
    def note_answer(self, cause_id: str, answer: CauseAnswer, *, again_in: float) -> None:
        with self.lock:
            if cause_id not in self._dead_by_cause():
                return
            entry = self.cause_entries[cause_id]
            entry.answer, entry.pause, entry.due_at = answer, again_in, self.now() + again_in
            if answer.state is CauseState.STILL:
                self.cleared.pop(cause_id, None)

    @override
    def clear_cause(self, cause_id: str, batch: NewBatch) -> int:
        with self.lock:
            cleared = self.cleared.setdefault(cause_id, set())
            members = [member for member in self.failed_for(cause_id) if member[0] not in cleared]
            cleared |= {key for key, _ in members}
            if members:
                self.batch_entries[batch.id] = BatchEntry(ordered=batch, confirmed_at=self.now(), members=members)
                self.act(Act.BATCH, batch.by, batch.why, batch.export, [batch.id])
            return len(members)

    @override
    def pause_probed(self, export: str, *, again_in: float) -> None:
        with self.lock:
            self.pause_probes[export] = self.now() + again_in, again_in

    @override
    def pause_wait(self, export: str) -> float:
        with self.lock:
            return self.pause_probes.get(export, (0.0, 0.0))[1]

    def _askable(self, export: str) -> bool:
        paused = self.pauses.get(export)
        if paused:
            return paused.reason in ASKABLE_PAUSES and self.pause_probes.get(export, (0.0, 0.0))[0] <= self.now()
        return bool(self.due_causes(export))

    def _dead_by_cause(self) -> dict[str, list[InvoiceRecord]]:
        dead: dict[str, list[InvoiceRecord]] = {}
        records = [entry.record for entry in self.entries.values() if entry.record.state is State.DEAD]
        for record in sorted(records, key=lambda record: (record.updated_at, record.id)):
            if record.failure:
                dead.setdefault(cause_id(record.export, record.failure), []).append(record)
        for key in self.cause_entries.keys() - dead.keys():
            del self.cause_entries[key]
        for key, records in dead.items():
            failure, died = records[0].failure, records[0].updated_at
            assert failure is not None
            self.cause_entries.setdefault(key, CauseEntry(failure=failure, due_at=died))
        return dead

    def _cause(self, key: str) -> Cause:
        records, entry = self._dead_by_cause()[key], self.cause_entries[key]
        at_stake: dict[str, Decimal] = {}
        for currency, gross in (stake for record in records for stake in _stake(record.content)):
            at_stake[currency] = at_stake.get(currency, Decimal()) + abs(gross)
        return Cause(
            id=key,
            export=records[0].export,
            failure=entry.failure,
            invoices=len(records),
            at_stake=dict(sorted(at_stake.items())),
            oldest=records[0].updated_at,
            newest=records[-1].updated_at,
            answer=entry.answer,
            pause=entry.pause,
        )


class MemoryBatches(MemoryOperator, MemoryFrozenSets, BatchPort):
    """See ``BatchPort``."""

    @override
    def open_batch(self, batch: NewBatch, members: Sequence[tuple[str, float]]) -> None:
        with self.lock:
            if members and batch.id not in self.batch_entries:
                self.freeze_members(batch.id, members)
                self.open_frozen(batch, batch.id)

    @override
    def open_frozen(self, batch: NewBatch, set_id: str) -> bool:
        with self.lock:
            if batch.id in self.batch_entries:
                return True
            members = self.frozen_members(set_id)
            if members:
                del self.frozen[set_id]
                entry = BatchEntry(ordered=batch, confirmed_at=self.now(), members=tuple(members))
                self.batch_entries[batch.id] = entry
                self.act(Act.BATCH, batch.by, batch.why, batch.export, [batch.id])
            return bool(members)

    @override
    def advance_batches(self, *, window: int = WINDOW) -> Sequence[str]:
        with self.lock:
            running = [entry for entry in self.batch_entries.values() if not entry.ended_at]
            for entry in running:
                self._note_ends(entry)
            return [entry.ordered.id for entry in running if self._go_on(entry, running, window)]

    @override
    def batches(self, *, most: int = 100) -> Sequence[Batch]:
        with self.lock:
            newest = sorted(self.batch_entries.values(), key=lambda it: (it.confirmed_at, it.ordered.id), reverse=True)
            return [_batch(entry) for entry in newest[:most]]

    @override
    def batch(self, batch_id: str) -> Batch | None:
        with self.lock:
            entry = self.batch_entries.get(batch_id)
            return _batch(entry) if entry else None

    @override
    def batch_items(self, batch_id: str, *, start: int = 0, most: int = -1) -> Sequence[BatchItem]:
        with self.lock:
            entry = self.batch_entries.get(batch_id)
            items = list(_items(entry)) if entry else []
            return items[start:] if most < 0 else items[start : start + most]

    @override
    def export_times(self, export: str, *, most: int = 200) -> Sequence[float]:
        with self.lock:
            latest = next((period for period in self.periods() if period.export == export), None)
            records = list(self.members(latest.id))[-most:] if latest else []
            return [record.updated_at for record in records if record.state is State.EXPORTED]

    @override
    def cancel_batch(self, batch_id: str, *, by: str) -> bool:
        with self.lock:
            entry = self.batch_entries.get(batch_id)
            if entry is None or entry.state not in {"running", "cancelled"}:
                return False
            if entry.state == "running":
                entry.state, entry.cancelled_by = "cancelled", by
                self.act(Act.CANCEL_BATCH, by, "", entry.ordered.export, [batch_id])
            return entry.cancelled_by == by

    def _note_ends(self, entry: BatchEntry) -> None:
        for key in tuple(entry.out):
            record = self.entries[key].record
            if record.state is State.EXPORTED:
                self._ended(entry, key, f"exported {record.outcome}")
            elif record.state is State.DEAD:
                self._ended(entry, key, f"dead {record.failure.reason if record.failure else ''}")

    def _ended(self, entry: BatchEntry, key: str, result: str) -> None:
        entry.results[key] = result
        if key in entry.out:
            entry.out.remove(key)

    def _go_on(self, entry: BatchEntry, running: Sequence[BatchEntry], window: int) -> bool:
        if entry.state == "running":
            room = max(0, self._room(entry, running, window))
            some = entry.members[entry.begun : entry.begun + room]
            for member in some:
                self._begin_one(entry, *member)
            entry.begun += len(some)
        over = not entry.out and (entry.state == "cancelled" or entry.begun >= len(entry.members))
        if over:
            entry.ended_at = self.now()
            entry.state = "done" if entry.state == "running" else entry.state
        return over

    def _room(self, entry: BatchEntry, running: Sequence[BatchEntry], window: int) -> int:
        export = entry.ordered.export
        if entry.ordered.action not in _SENT:
            return MOST_MARKED
        if export in self.pauses:
            return 0
        out = sum(len(other.out) for other in running if other.ordered.export == export)
        moving = (State.QUEUED, State.EXPORTING)
        ours = {key for other in running for key in other.out}
        records = [it.record for it in self.entries.values() if it.record.id not in ours]
        others = sum(record.export == export and record.state in moving for record in records)
        return (max(1, window // 10) if others > 0 else window) - out

    def _begin_one(self, entry: BatchEntry, key: str, moved_at: float) -> None:
        known = self.entries.get(key)
        state = known.record.state if known else "unknown"
        same = known is not None and moved_at in (0, known.record.updated_at)
        if not same or not self._act(entry.ordered, key):
            self._ended(entry, key, f"left {state}")
        elif entry.ordered.action in _SENT:
            entry.out.append(key)
        else:
            self._ended(entry, key, f"exported {self.entries[key].record.outcome}")

    def _act(self, order: NewBatch, key: str) -> bool:
        detail = f"{order.by}: {order.why}" if order.why else order.by
        match order.action:
            case BatchAction.REQUEUE:
                return self.requeue_one(key, detail)
            case BatchAction.REEXPORT:
                return self.reexport_one(key, detail, by_hand=False)
            case BatchAction.MARK_EXPORTED:
                return self.mark(key, Outcome.BY_HAND, detail)
            case BatchAction.DISCARD:
                return self.mark(key, Outcome.DISCARDED, detail)


def _items(entry: BatchEntry) -> Iterator[BatchItem]:
    for at, (key, _) in enumerate(entry.members):
        yield BatchItem(invoice_id=key, result=entry.results.get(key, "begun" if at < entry.begun else ""))


def _stake(content: str) -> Iterator[tuple[str, Decimal]]:
    body = json.loads(content)
    if "gross" in body and "currency" in body:
        yield body["currency"], Decimal(body["gross"])


def _batch(entry: BatchEntry) -> Batch:
    kinds = [result.partition(" ")[0] for result in entry.results.values()]
    return Batch(
        ordered=entry.ordered,
        state=BatchState(entry.state),
        confirmed_at=entry.confirmed_at,
        ended_at=entry.ended_at,
        total=len(entry.members),
        begun=entry.begun,
        exported=kinds.count("exported"),
        failed=kinds.count("dead"),
        left=kinds.count("left"),
        cancelled_by=entry.cancelled_by,
    )
