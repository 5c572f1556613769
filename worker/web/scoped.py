"""The store and the event queue as one person sees them: what belongs to other exports is not there.

Pages get nothing but these, so that a page cannot forget whose data it shows, in a list, a count or a file alike. What
is there, but not this person's to change, raises ``NotAllowed``, and nothing was done.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from typing_extensions import override

from config.names import export_of
from worker.domain.access import Action, Rights
from worker.domain.action_log import LogEntry, LogFilter
from worker.domain.approval import Approval, ApprovalPort, Decision, NewApproval, NotDecided
from worker.domain.certificate import OpenDifference
from worker.domain.clocks import ClockReading
from worker.domain.desk_ports import PeriodIndexPort
from worker.domain.invoice_period import ArchivedTotals, PeriodRecord, StoredCertificate
from worker.domain.invoice_search import InvoiceFilter, InvoicePage
from worker.domain.number_series import Explanation
from worker.domain.period_sums import PeriodSums
from worker.domain.record import InvoiceRecord, State
from worker.domain.signs_of_life import SignOfLife
from worker.domain.store_port import OperatorPort
from worker.errors import Failure
from worker.intake.queue import EventQueueOperator, dead_event_of


class ScopedStore(OperatorPort):
    """See ``OperatorPort``."""

    def __init__(self, store: OperatorPort, rights: Rights) -> None:
        self._store = store
        self._rights = rights

    @override
    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        return self._store.invoice(invoice_id) if self._sees(export_of(invoice_id)) else None

    @override
    def period(self, period_id: str) -> PeriodRecord | None:
        return self._store.period(period_id) if self._sees(export_of(period_id)) else None

    @override
    def periods(self) -> Sequence[PeriodRecord]:
        return [period for period in self._store.periods() if self._sees(period.export)]

    @override
    def archived_totals(self) -> Mapping[str, ArchivedTotals]:
        return {export: each for export, each in self._store.archived_totals().items() if self._sees(export)}

    @override
    def archived_periods(self, text: str = "", *, export: str = "") -> Sequence[PeriodRecord]:
        return [period for period in self._store.archived_periods(text, export=export) if self._sees(period.export)]

    @override
    def invoices(self, period_id: str | None, state: State | None) -> Iterable[InvoiceRecord]:
        if period_id is not None:
            return self._store.invoices(period_id, state) if self._sees(export_of(period_id)) else ()
        return (record for record in self._store.invoices(None, state) if self._sees(record.export))

    @override
    def requeue(self, invoice_ids: Sequence[str], *, by: str, why: str = "") -> Sequence[str]:
        self._require(Action.REQUEUE, invoice_ids)
        return self._store.requeue(invoice_ids, by=by, why=why)

    @override
    def reexport(self, invoice_ids: Sequence[str], *, by: str, why: str = "", by_hand: bool = False) -> Sequence[str]:
        self._require(Action.REEXPORT, invoice_ids)
        return self._store.reexport(invoice_ids, by=by, why=why, by_hand=by_hand)

    @override
    def mark_exported(self, invoice_id: str, *, by: str, why: str) -> bool:
        self._require(Action.MARK_EXPORTED, [invoice_id])
        return self._store.mark_exported(invoice_id, by=by, why=why)

    @override
    def accept_conflicts(self, period_id: str, invoice_id: str, *, by: str, why: str) -> int:
        self._require(Action.ACCEPT, [period_id, invoice_id])
        return self._store.accept_conflicts(period_id, invoice_id, by=by, why=why)

    @override
    def clocks(self) -> Sequence[ClockReading]:
        return [reading for reading in self._store.clocks() if self._sees(reading.export)]

    @override
    def pinned(self, export: str) -> int | None:
        return self._store.pinned(export) if self._sees(export) else None

    @override
    def agreement_failures(self) -> Mapping[str, Sequence[Failure]]:
        return {export: found for export, found in self._store.agreement_failures().items() if self._sees(export)}

    @override
    def signs_of_life(self) -> Sequence[SignOfLife]:
        return self._store.signs_of_life()

    @override
    def paused(self) -> Mapping[str, Failure]:
        return {export: why for export, why in self._store.paused().items() if self._sees(export)}

    @override
    def resume(self, export: str, *, by: str = "", why: str = "") -> bool:
        self._rights.require(Action.RESUME, export)
        return self._store.resume(export, by=by, why=why)

    @override
    def resume_later(self, export: str, *, by: str, why: str, after: float) -> bool:
        self._rights.require(Action.RESUME, export)
        return self._store.resume_later(export, by=by, why=why, after=after)

    def _sees(self, export: str) -> bool:
        return self._rights.may(Action.SEE, export)

    def _require(self, action: Action, ids: Iterable[str]) -> None:
        for export in {export_of(key) for key in ids}:
            self._rights.require(action, export)


class ScopedIndex(PeriodIndexPort):
    """See ``PeriodIndexPort``."""

    def __init__(self, index: PeriodIndexPort, rights: Rights) -> None:
        self._index = index
        self._rights = rights

    @override
    def period_sums(self, period_id: str) -> PeriodSums:
        return self._index.period_sums(period_id) if self._sees(period_id) else PeriodSums()

    @override
    def find(self, period_id: str, wanted: InvoiceFilter, *, start: int, count: int) -> InvoicePage:
        if not self._sees(period_id):
            return InvoicePage(total=0, records=())
        return self._index.find(period_id, wanted, start=start, count=count)

    @override
    def gap_numbers(self, period_id: str) -> Sequence[tuple[str, int, int]]:
        return self._index.gap_numbers(period_id) if self._sees(period_id) else ()

    def _sees(self, period_id: str) -> bool:
        return self._rights.may(Action.SEE, export_of(period_id))


class ScopedLog(Protocol):
    """What persons did with the exports that a person sees."""

    def actions(self, wanted: LogFilter, *, before: int | None = None, most: int = 100) -> Sequence[LogEntry]:
        """See ``ActionLogPort.actions``."""


class SeenLog(ScopedLog):
    """See ``ScopedLog``. What belongs to no export is seen by those who see every export."""

    def __init__(self, log: ScopedLog, rights: Rights) -> None:
        self._log = log
        self._rights = rights

    @override
    def actions(self, wanted: LogFilter, *, before: int | None = None, most: int = 100) -> Sequence[LogEntry]:
        found: list[LogEntry] = []
        while len(found) < most and before != 0:
            page = self._log.actions(wanted, before=before, most=most)
            found += [entry for entry in page if self._rights.may(Action.SEE, entry.export)]
            if len(page) < most:
                break
            before = page[-1].place
        return found[:most]


class Certificates(Protocol):
    """Certificates as pages need them; see ``CertificatePort``."""

    def certificates(self, period_id: str) -> Sequence[StoredCertificate]:
        """Return a period's certificates without their texts, oldest first."""

    def certificate(self, certificate_id: str) -> StoredCertificate | None:
        """Return one certificate with its text."""

    def outline(self, certificate_id: str) -> str | None:
        """Return a certificate as JSON without its findings."""

    def differences(self, period_id: str | None, *, most: int | None = None) -> Sequence[OpenDifference]:
        """Return what the last certificate of a period left to a person; None: of every period. About ``most``."""


class ScopedCertificates(Certificates):
    """See ``Certificates``."""

    def __init__(self, certificates: Certificates, rights: Rights) -> None:
        self._certificates = certificates
        self._rights = rights

    @override
    def certificates(self, period_id: str) -> Sequence[StoredCertificate]:
        return self._certificates.certificates(period_id) if self._sees(period_id) else []

    @override
    def certificate(self, certificate_id: str) -> StoredCertificate | None:
        return self._certificates.certificate(certificate_id) if self._sees(certificate_id) else None

    @override
    def outline(self, certificate_id: str) -> str | None:
        return self._certificates.outline(certificate_id) if self._sees(certificate_id) else None

    @override
    def differences(self, period_id: str | None, *, most: int | None = None) -> Sequence[OpenDifference]:
        return [each for each in self._certificates.differences(period_id, most=most) if self._sees(each.period)]

    def _sees(self, key: str) -> bool:
        return self._rights.may(Action.SEE, export_of(key))


class Series(Protocol):
    """Number series as pages need them; see ``SeriesPort``."""

    def explanations(self, export: str) -> Sequence[Explanation]:
        """Return what persons have said of numbers that never came, in the order in which they said it."""


class ScopedSeries(Series):
    """See ``Series``."""

    def __init__(self, series: Series, rights: Rights) -> None:
        self._series = series
        self._rights = rights

    @override
    def explanations(self, export: str) -> Sequence[Explanation]:
        return self._series.explanations(export) if self._rights.may(Action.SEE, export) else []


class ScopedApprovals(ApprovalPort):
    """See ``ApprovalPort``. Who may decide is the page's affair: it depends on who asked."""

    def __init__(self, approvals: ApprovalPort, rights: Rights) -> None:
        self._approvals = approvals
        self._rights = rights

    @override
    def ask_approval(self, new: NewApproval, *, seconds: float) -> None:
        # A set belongs to the export that its id begins with, see ``ScopedBatches``.
        for export in {new.export, export_of(new.frozen) or new.export}:
            self._rights.require(Action.SEE, export)
        self._approvals.ask_approval(new, seconds=seconds)

    @override
    def decide(self, approval_id: str, decision: Decision) -> NotDecided | None:
        return self._approvals.decide(approval_id, decision) if self.approval(approval_id) else NotDecided.UNKNOWN

    @override
    def mark_done(self, approval_id: str) -> None:
        if self.approval(approval_id):
            self._approvals.mark_done(approval_id)

    @override
    def approvals(self, *, most: int = 100) -> Sequence[Approval]:
        return [found for found in self._approvals.approvals(most=most) if self._sees(found)]

    @override
    def approval(self, approval_id: str) -> Approval | None:
        found = self._approvals.approval(approval_id)
        return found if found and self._sees(found) else None

    def _sees(self, approval: Approval) -> bool:
        return self._rights.may(Action.SEE, approval.asked.export)


class ScopedEvents(EventQueueOperator):
    """See ``EventQueueOperator``. An event whose export could not be read is seen by those who see every export."""

    def __init__(self, events: EventQueueOperator, rights: Rights) -> None:
        self._events = events
        self._rights = rights

    @override
    def publish(self, raw: bytes) -> None:
        self._rights.require(Action.RESEND_EVENT, "")
        self._events.publish(raw)

    @override
    def waiting(self) -> int:
        """Nobody knows yet whose they are."""
        return self._events.waiting() if self._rights.may(Action.SEE, "") else 0

    @override
    def dead(self) -> Sequence[tuple[bytes, bytes]]:
        return [
            (raw, envelope)
            for raw, envelope in self._events.dead()
            if self._rights.may(Action.SEE, dead_event_of(raw, envelope).export)
        ]

    @override
    def refused(self) -> Sequence[tuple[str, bytes]]:
        return [
            (key, envelope)
            for key, envelope in self._events.refused()
            if self._rights.may(Action.SEE, dead_event_of(b"", envelope).export)
        ]

    @override
    def discard(self, raw: bytes, entry: str = "") -> bool:
        return self._require(Action.DISCARD_EVENT, raw) and self._events.discard(raw, entry)

    @override
    def revive(self, raw: bytes, entry: str = "") -> bool:
        return self._require(Action.RESEND_EVENT, raw) and self._events.revive(raw, entry)

    def _require(self, action: Action, raw: bytes) -> bool:
        """Return whether the event is there for this person. Raises ``NotAllowed``."""
        found = next((envelope for event, envelope in self.dead() if event == raw), None)
        if found is None:
            return False
        self._rights.require(action, dead_event_of(raw, found).export)
        return True
