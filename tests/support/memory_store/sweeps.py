"""The sweeps in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from support.memory_store.preflight import MemoryPreflight
from support.memory_store.tables import Entry
from typing_extensions import override

from worker.domain.record import State
from worker.domain.store_port import Due, SweepPort
from worker.store import leases


class MemorySweeps(MemoryPreflight, SweepPort):
    """See ``SweepPort``."""

    @override
    def published(self, invoice_ids: Sequence[str]) -> None:
        with self.lock:
            for entry in (self.entries[key] for key in invoice_ids if key in self.entries):
                if entry.record.state is State.QUEUED:
                    entry.record = replace(entry.record, published_at=self.now())
                    entry.first_published_at = entry.first_published_at or self.now()

    @override
    def sweep(self, *, idle_exports: frozenset[str], limit: int = 500) -> Sequence[Due]:
        with self.lock:
            self._lift_what_was_ordered()
            exports = {entry.record.export for entry in self.entries.values()} - set(self.pauses)
            still = {export: list(self._standing_still(export, idle=export in idle_exports)) for export in exports}
            dues = []
            hungry = sorted((export for export in exports if still[export]), key=lambda name: (len(still[name]), name))
            for at, export in enumerate(hungry):
                room = min(len(still[export]), max(1, limit // (len(hungry) - at)))
                limit -= room
                dues += [
                    Due(invoice_id=entry.record.id, export=export, recovered=act == self._expire)
                    for act, entry in still[export][:room]
                    if act(entry)
                ]
            return dues

    @override
    def periods_due(self) -> Sequence[tuple[str, str]]:
        with self.lock:
            due = [entry for entry in self.period_entries.values() if self.preflight_due(entry)]
            due = [entry for entry in due if entry.record.export not in self.pauses]
            due.sort(key=lambda entry: (entry.due_at, entry.record.id))
            return [(entry.record.id, entry.record.export) for entry in due]

    def _lift_what_was_ordered(self) -> None:
        for export, (at, by, why) in list(self.resume_orders.items()):
            if at <= self.now():
                self.lift(export, by, why)

    def _standing_still(self, export: str, *, idle: bool) -> Iterator[tuple[Callable[[Entry], bool], Entry]]:
        now, policy = self.now(), self.policy
        silent = min(now - policy.lost_after, self.reached.get(export, 0.0) - policy.overtaken_by)
        if idle:
            silent = max(silent, now - policy.idle_after)
        mine = [entry for entry in self.entries.values() if entry.record.export == export]
        leases = ((entry.record.lease_until, entry) for entry in mine if entry.record.state is State.EXPORTING)
        due = ((entry.record.due_at, entry) for entry in mine if entry.record.state is State.WAITING)
        queued = [entry for entry in mine if entry.record.state is State.QUEUED]
        unsent = ((entry.unsent_since, entry) for entry in queued if not entry.record.published_at)
        sent = ((entry.record.published_at, entry) for entry in queued if entry.record.published_at)
        yield from ((self._expire, entry) for entry in _until(now, leases))
        yield from ((self._due, entry) for entry in _until(now, due))
        yield from ((self._lost, entry) for entry in _until(now - policy.lost_after, unsent))
        yield from ((self._lost, entry) for entry in _until(silent, sent))

    def _expire(self, entry: Entry) -> bool:
        crashes = entry.record.crashes + 1
        if crashes >= self.policy.max_crashes:
            killed = leases.worker_killed(self.policy.max_crashes)
            self.move(entry.record.id, State.DEAD, "dead", killed.reason, crashes=crashes, failure=killed)
            return False
        if crashes == self.policy.max_crashes - 1:
            return self._last_chance(entry, crashes)
        self.move(entry.record.id, State.QUEUED, "lease-expired", f"crashes {crashes}", crashes=crashes)
        return True

    def _last_chance(self, entry: Entry, crashes: int) -> bool:
        export, now = entry.record.export, self.now()
        turn = max(now, self.alone.get(export, 0.0))
        self.alone[export] = turn + self.policy.alone_for
        self.move(
            entry.record.id,
            State.WAITING if turn > now else State.QUEUED,
            "lease-expired",
            f"crashes {crashes}",
            crashes=crashes,
            due_at=turn if turn > now else 0.0,
            failure=leases.worker_suspected(crashes),
        )
        return turn <= now

    def _due(self, entry: Entry) -> bool:
        self.move(entry.record.id, State.QUEUED, "due")
        return True

    def _lost(self, entry: Entry) -> bool:
        entry.record = replace(entry.record, published_at=0.0)
        entry.unsent_since = self.now()
        return True


def _until(till: float, timed: Iterable[tuple[float, Entry]]) -> list[Entry]:
    """Return those whose time has come, earliest first."""
    due = sorted((at, entry.record.id, entry) for at, entry in timed if at <= till)
    return [entry for _, _, entry in due]
