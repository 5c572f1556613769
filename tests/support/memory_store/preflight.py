"""Preflight in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from support.memory_store.tables import PeriodEntry, Tables
from typing_extensions import override

from worker.domain.invoice_period import PeriodState
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import PreflightPort
from worker.errors import Failure, LeaseLost


class MemoryPreflight(Tables, PreflightPort):
    """See ``PreflightPort``."""

    @override
    def claim_period(self, period_id: str) -> int | None:
        with self.lock:
            entry = self.period_entries.get(period_id)
            if entry is None or not self.preflight_due(entry):
                return None
            entry.fence += 1
            entry.lease_until = self.now() + self.policy.period_lease_seconds
            entry.seen = entry.revision
            return entry.fence

    @override
    def received(self, period_id: str) -> Iterable[InvoiceRecord]:
        with self.lock:
            return iter([record for record in self.members(period_id) if record.state is State.RECEIVED])

    @override
    def pass_preflight(
        self,
        period_id: str,
        fence: int,
        *,
        read: Mapping[str, str],
        queued: Sequence[str],
        lookup: frozenset[str],
        dead: Mapping[str, Failure],
    ) -> Sequence[str]:
        with self.lock:
            entry = self._held(period_id, fence)
            entry.lease_until = self.now() + self.policy.period_lease_seconds
            wanted = [*dict.fromkeys((*queued, *sorted(lookup)))]
            as_read = partial(self._received, read)
            for key in filter(as_read, wanted):
                self.whole.setdefault(self.entries[key].record.export, self.now())
                progress = self.entries[key].record.progress
                progress = replace(progress, lookup=progress.lookup or key in lookup)
                self.move(key, State.QUEUED, "queued", period_id, progress=progress, passed_at=self.now(), failure=None)
            for key in filter(as_read, dead):
                self.move(key, State.DEAD, "dead", dead[key].reason, failure=dead[key])
            return [key for key in wanted if self._awaits_message(key)]

    @override
    def finish_preflight(self, period_id: str, fence: int, *, notice: str) -> None:
        with self.lock:
            entry = self._held(period_id, fence)
            nothing_new = entry.revision == entry.seen
            if self._release(entry, notice) and nothing_new and entry.record.state is PeriodState.REGISTERED:
                entry.record = replace(entry.record, state=PeriodState.CHECKED)
                self.reconciles[period_id] = self.now()

    @override
    def defer_preflight(self, period_id: str, fence: int, *, until: float, notice: str, held: bool = False) -> None:
        with self.lock:
            entry = self._held(period_id, fence)
            if self._release(entry, notice, held=held):
                entry.due_at = self.now() if held and entry.revision != entry.seen else until

    def preflight_due(self, entry: PeriodEntry) -> bool:
        """Tell whether a period's preflight is due and not claimed."""
        now = self.now()
        return entry.record.state is PeriodState.REGISTERED and entry.due_at <= now and entry.lease_until <= now

    def _held(self, period_id: str, fence: int) -> PeriodEntry:
        entry = self.period_entries.get(period_id)
        if entry is None or entry.fence != fence:
            raise LeaseLost(f"another worker has taken over the preflight of period {period_id}")
        return entry

    def _release(self, entry: PeriodEntry, notice: str, *, held: bool = False) -> bool:
        claimed = entry.lease_until > 0
        if claimed:
            entry.lease_until = 0.0
            entry.record = replace(entry.record, notice=notice, held=held)
        return claimed

    def _received(self, read: Mapping[str, str], invoice_id: str) -> bool:
        record = self.entries[invoice_id].record if invoice_id in self.entries else None
        return record is not None and record.state is State.RECEIVED and record.content_hash == read[invoice_id]

    def _awaits_message(self, invoice_id: str) -> bool:
        entry = self.entries.get(invoice_id)
        return entry is not None and entry.record.state is State.QUEUED and not entry.record.published_at
