"""The export of one invoice in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from support.memory_store.tables import Entry, Shared, Tables
from typing_extensions import override

from worker.domain.action_log import Act
from worker.domain.clocks import ClockReading
from worker.domain.record import InvoiceRecord, State, Transition
from worker.domain.store_port import STORE_AWAY, ExportPort, SharedRecord, Unclaimed
from worker.errors import Busy, Failure, LeaseLost
from worker.store import leases, records


class MemoryExport(Tables, ExportPort):
    """See ``ExportPort``."""

    @override
    def claim(self, invoice_id: str, task: str = "") -> InvoiceRecord | Unclaimed:
        with self.lock:
            entry = self.entries.get(invoice_id)
            if entry is None:
                return Unclaimed(why="unknown")
            if entry.record.state is not State.QUEUED:
                return Unclaimed(why=entry.record.state)
            if entry.record.export in self.pauses:
                return self._spend_message(entry)
            return self._take(entry, task)

    @override
    def claim_others(self, export: str, invoice_type: str, most: int) -> Sequence[InvoiceRecord]:
        with self.lock:
            if export in self.pauses:
                return []
            fitting = [entry for entry in self.entries.values() if _fits(entry.record, export, invoice_type)]
            fitting.sort(key=lambda entry: (not entry.record.published_at, entry.record.published_at))
            return [self._take(entry, noted=False) for entry in fitting[:most]]

    @override
    def save(self, record: InvoiceRecord, transition: Transition) -> InvoiceRecord:
        effect = leases.effect_of(transition, record.failure)
        with self.lock:
            entry = self._exporting(record.id, record.fence)
            return self.move(
                record.id,
                effect.state,
                effect.event,
                effect.detail,
                progress=record.progress,
                outcome=effect.outcome,
                due_at=effect.due_at,
                failure=effect.failure,
                attempts=entry.record.attempts + effect.attempts,
                crashes=entry.record.crashes if effect.state is State.EXPORTING else 0,
                lease_until=self._lease_end() if effect.state is State.EXPORTING else 0.0,
            )

    @override
    def renew(self, invoice_id: str, fence: int) -> None:
        with self.lock:
            entry = self._exporting(invoice_id, fence)
            entry.record = replace(entry.record, lease_until=self._lease_end(), updated_at=self.now())

    @override
    def give_back(self, invoice_id: str, fence: int, *, why: str = STORE_AWAY) -> None:
        with self.lock:
            entry = self.entries.get(invoice_id)
            if entry is None or entry.record.fence != fence or (invoice_id, fence) in self.given_back:
                return
            record = entry.record
            failed = record.failure.reason if record.failure else ""
            crashes = record.crashes - 1
            if record.state is State.EXPORTING:
                self.move(invoice_id, State.QUEUED, "lease-given-back", why)
                entry.unsent_since = 0.0
            elif crashes < 0:
                return
            elif record.state is State.WAITING or (record.state is State.DEAD and failed == "worker-killed"):
                self.move(invoice_id, State.QUEUED, "lease-given-back", why, crashes=crashes, failure=None)
                entry.unsent_since = 0.0
            elif record.state is State.QUEUED:
                entry.record = replace(record, crashes=crashes)
            else:
                return
            self.given_back.add((invoice_id, fence))

    @override
    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        with self.lock:
            return {key: self.entries[key].record.state for key in invoice_ids if key in self.entries}

    @override
    def open_shared(self, key: str) -> SharedRecord:
        with self.lock:
            nothing = SharedRecord(number=None, intent=None, generation=0, fence=0)
            shared = self.shared.setdefault(key, Shared(creation=nothing))
            if shared.creation.number:
                return shared.creation
            left = shared.lease_until - self.now()
            if left > 0:
                raise Busy(leases.claimed_elsewhere(), retry_after=min(left, leases.BUSY_RETRY))
            shared.creation = replace(shared.creation, fence=shared.creation.fence + 1)
            shared.lease_until = self._lease_end()
            return shared.creation

    @override
    def save_shared(self, key: str, creation: SharedRecord) -> None:
        with self.lock:
            shared = self._making(key, creation.fence)
            shared.creation = replace(creation, proved_at=self.now() if creation.number else 0.0)
            shared.lease_until = self._lease_end()

    @override
    def renew_shared(self, key: str, fence: int) -> None:
        with self.lock:
            self._making(key, fence).lease_until = self._lease_end()

    @override
    def release_shared(self, key: str, fence: int) -> None:
        with self.lock:
            shared = self.shared.get(key)
            if shared is not None and shared.creation.fence == fence:
                shared.lease_until = 0.0

    @override
    def shared_numbers(self, keys: Sequence[str]) -> Mapping[str, str]:
        with self.lock:
            found = {key: self.shared[key].creation.number for key in keys if key in self.shared}
            return {key: number for key, number in found.items() if number}

    @override
    def prove_shared(self, numbers: Mapping[str, str]) -> None:
        with self.lock:
            for key, number in numbers.items():
                shared = self.shared.get(key)
                if shared is not None and shared.creation.number == number:
                    shared.creation = replace(shared.creation, proved_at=self.now())

    @override
    def doubt_shared(self, keys: Sequence[str]) -> None:
        with self.lock:
            for shared in (self.shared[key] for key in keys if key in self.shared):
                shared.creation = replace(shared.creation, proved_at=0.0)

    @override
    def forget_shared(self, key: str) -> None:
        with self.lock:
            shared = self.shared.get(key)
            if shared is not None and shared.creation.number:
                generation, fence = shared.creation.generation + 1, shared.creation.fence + 1
                shared.creation = SharedRecord(number=None, intent=None, generation=generation, fence=fence)
                shared.lease_until = 0.0

    @override
    def note_clocks(self, reading: ClockReading) -> None:
        with self.lock:
            fresh = [each for each in self.clock_readings.values() if records.worth_keeping(each, reading)]
            self.clock_readings = {records.clocks_field(each): each for each in (*fresh, reading)}

    @override
    def pause(self, export: str, failure: Failure, *, by: str = "", why: str = "") -> None:
        with self.lock:
            if by:
                self.resume_orders.pop(export, None)
                if export not in self.pauses:
                    self.act(Act.PAUSE, by, why, export, [export])
            self.pauses.setdefault(export, failure)

    def _making(self, key: str, fence: int) -> Shared:
        shared = self.shared.get(key)
        if shared is None or shared.creation.fence != fence:
            raise LeaseLost("another worker has taken over this customer or product")
        return shared

    def _exporting(self, invoice_id: str, fence: int) -> Entry:
        entry = self.entries.get(invoice_id)
        if entry is None or entry.record.state is not State.EXPORTING or entry.record.fence != fence:
            raise LeaseLost(f"another worker has taken over {invoice_id}")
        return entry

    def _spend_message(self, entry: Entry) -> Unclaimed:
        entry.record = replace(entry.record, published_at=0.0)
        entry.first_published_at = entry.unsent_since = 0.0
        return Unclaimed(why="paused")

    def _take(self, entry: Entry, task: str = "", *, noted: bool = True) -> InvoiceRecord:
        export, fence = entry.record.export, entry.record.fence + 1
        if noted and not entry.record.crashes:
            self.reached[export] = max(self.reached.get(export, 0.0), entry.first_published_at)
        return self.move(
            entry.record.id,
            State.EXPORTING,
            "claimed",
            f"fence {fence}{f', task {task}' if task else ''}",
            fence=fence,
            lease_until=self._lease_end(),
            whole_since=self.whole.setdefault(export, self.now()),
        )

    def _lease_end(self) -> float:
        return self.now() + self.policy.lease_seconds


def _fits(record: InvoiceRecord, export: str, invoice_type: str) -> bool:
    """Tell whether an invoice may be posted together with others."""
    own = record.export == export and record.invoice_type == invoice_type and record.state is State.QUEUED
    fresh = not (leases.anything_sent(record.progress) or record.crashes)
    return own and fresh and '"pdf":' not in record.content
