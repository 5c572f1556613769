"""Intake in memory."""

from collections.abc import Sequence
from dataclasses import replace

from support.memory_store.tables import Entry, PeriodEntry, Tables
from typing_extensions import override

from worker.domain.invoice_period import Conflict, NewInvoice, PeriodRecord, PeriodState, Registered
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import IntakePort
from worker.errors import StoreUnavailable
from worker.store import leases


class MemoryIntake(Tables, IntakePort):
    """See ``IntakePort``."""

    @override
    def event_known(self, event_key: str) -> bool:
        with self.lock:
            return event_key in self.events

    @override
    def event_contents(self, event_key: str) -> frozenset[str]:
        with self.lock:
            return self.contents_of_events.get(event_key, frozenset())

    @override
    def open_period(self, period: PeriodRecord, event_key: str) -> bool:
        with self.lock:
            entry = self.period_entries.setdefault(period.id, _new_period(period, self.now()))
            known = entry.record
            new = event_key not in known.events
            larger = period.invoice_count > known.invoice_count
            said = period if larger or (new and period.invoice_count == known.invoice_count) else known
            entry.record = replace(
                said,
                events=tuple(dict.fromkeys((*known.events, event_key))),
                state=PeriodState.REGISTERING,
                notice=known.notice,
                received_at=known.received_at,
            )
            entry.revision += 1
            return entry.record.events[0] == event_key

    @override
    def register(self, period_id: str, event_key: str, invoices: Sequence[NewInvoice]) -> Registered:
        with self.lock:
            self._period_entry(period_id).revision += 1
            became = [(invoice.id, self._register(period_id, event_key, invoice)) for invoice in invoices]
        kinds = ("added", "known", "replaced", "conflicts")
        return Registered(**{kind: tuple(key for key, what in became if what == kind) for kind in kinds})

    @override
    def close_event(self, period_id: str, event_key: str, contents: frozenset[str] = frozenset()) -> None:
        with self.lock:
            entry = self._period_entry(period_id)
            added = event_key not in self.events
            if added:
                self.events.add(event_key)
                self.contents_of_events[event_key] = contents
            if added or entry.record.state is PeriodState.REGISTERING:
                entry.record = replace(entry.record, state=PeriodState.REGISTERED)
                self.call_for_preflight(period_id)

    def _period_entry(self, period_id: str) -> PeriodEntry:
        if period_id not in self.period_entries:
            raise StoreUnavailable(leases.period_gone(period_id))
        return self.period_entries[period_id]

    def _register(self, period_id: str, event_key: str, invoice: NewInvoice) -> str:
        if invoice.id not in self.entries:
            return self._add(period_id, invoice)
        record = self.entries[invoice.id].record
        same = record.content_hash == invoice.content_hash
        if not same and not _open_to_change(record):
            return self._conflict(period_id, event_key, invoice)
        self._join(period_id, record, silently=not same)
        return "known" if same else self._replace(period_id, invoice)

    def _add(self, period_id: str, invoice: NewInvoice) -> str:
        self.entries[invoice.id] = Entry(record=_new_record(period_id, invoice, self.now()))
        self.period_entries[period_id].members.add(invoice.id)
        self.note(invoice.id, "received", period_id)
        return "added"

    def _join(self, period_id: str, record: InvoiceRecord, *, silently: bool) -> None:
        if period_id in record.periods:
            return
        self.entries[record.id].record = replace(record, periods=(*record.periods, period_id))
        self.period_entries[period_id].members.add(record.id)
        if not silently:
            self.note(record.id, "joined", period_id)

    def _replace(self, period_id: str, invoice: NewInvoice) -> str:
        self.move(
            invoice.id,
            State.RECEIVED,
            "replaced",
            period_id,
            invoice_type=invoice.invoice_type,
            region=invoice.region,
            content=invoice.content,
            content_hash=invoice.content_hash,
            attempts=0,
            crashes=0,
            progress=leases.progress_of_replaced(self.entries[invoice.id].record.progress),
            failure=None,
        )
        return "replaced"

    def _conflict(self, period_id: str, event_key: str, invoice: NewInvoice) -> str:
        conflicts, name = self.period_entries[period_id].conflicts, (invoice.id, event_key)
        if name not in conflicts:
            conflicts[name] = Conflict(
                invoice_id=invoice.id, event_key=event_key, content=invoice.content, at=self.now()
            )
            self.note(invoice.id, "conflict", event_key)
        return "conflicts"


def _open_to_change(record: InvoiceRecord) -> bool:
    closed = record.state in (State.EXPORTING, State.EXPORTED)
    return not closed and not leases.anything_sent(record.progress)


def _new_period(period: PeriodRecord, now: float) -> PeriodEntry:
    return PeriodEntry(record=replace(period, events=(), notice="", received_at=now, counts={}, conflicts=()))


def _new_record(period_id: str, invoice: NewInvoice, now: float) -> InvoiceRecord:
    return InvoiceRecord(
        id=invoice.id,
        export=invoice.export,
        periods=(period_id,),
        invoice_number=invoice.invoice_number,
        invoice_type=invoice.invoice_type,
        region=invoice.region,
        content=invoice.content,
        content_hash=invoice.content_hash,
        state=State.RECEIVED,
        received_at=now,
        updated_at=now,
    )
