"""Certificates in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from support.memory_store.tables import PeriodEntry, Tables
from typing_extensions import override

from config.names import export_of
from worker.domain.action_log import Act
from worker.domain.attachment import PdfAttachment
from worker.domain.certificate import Acceptance, Finding, OpenDifference, outline_of
from worker.domain.credit_match import CreditMatch
from worker.domain.invoice_period import PeriodState, StoredCertificate
from worker.domain.reconcile_ports import CertificatePort
from worker.domain.record import State
from worker.errors import LeaseLost

_MOVING = (State.RECEIVED, State.QUEUED, State.EXPORTING, State.WAITING)
_RESTING = (PeriodState.CHECKED, PeriodState.DIFFERS)


class MemoryCertificates(Tables, CertificatePort):
    """See ``CertificatePort``."""

    @override
    def add_certificate(self, kept: StoredCertificate, findings: Sequence[Finding], *, claimed: str = "") -> bool:
        with self.lock:
            entry = self.period_entries.get(kept.period)
            if entry is None:
                return False
            if kept.id in {each.id for each in entry.certificates}:
                return True
            entry.certificates.append(kept)
            entry.record = replace(entry.record, certificate=replace(kept, text=""))
            if kept.complete:
                self._settle(entry, kept, findings, claimed)
            return True

    def _settle(self, entry: PeriodEntry, kept: StoredCertificate, findings: Sequence[Finding], claimed: str) -> None:
        entry.differences = {finding.id: finding for finding in findings}
        if entry.record.state in _RESTING:
            state = PeriodState.DIFFERS if kept.open_differences else PeriodState.CHECKED
            entry.record = replace(entry.record, state=state)
        if claimed and claimed == str(self.reconciles.get(kept.period)):
            del self.reconciles[kept.period]

    @override
    def certificates(self, period_id: str) -> Sequence[StoredCertificate]:
        with self.lock:
            entry = self.period_entries.get(period_id)
            return [replace(kept, text="") for kept in entry.certificates] if entry else []

    @override
    def certificate(self, certificate_id: str) -> StoredCertificate | None:
        with self.lock:
            every = (kept for entry in self.period_entries.values() for kept in entry.certificates)
            return next((kept for kept in every if kept.id == certificate_id), None)

    @override
    def outline(self, certificate_id: str) -> str | None:
        kept = self.certificate(certificate_id)
        return outline_of(kept.text) if kept else None

    @override
    def differences(self, period_id: str | None, *, most: int | None = None) -> Sequence[OpenDifference]:
        with self.lock:
            entries = sorted(
                self.period_entries.values(), key=lambda it: (it.record.received_at, it.record.id), reverse=True
            )
            return [
                OpenDifference(period=entry.record.id, invoice_id=finding.id, finding=finding)
                for entry in entries
                if period_id in (None, entry.record.id)
                for finding in sorted(entry.differences.values(), key=lambda it: (it.invoice_number, it.id))[:most]
            ]

    @override
    def accept_difference(self, period_id: str, invoice_id: str, acceptance: Acceptance) -> bool:
        with self.lock:
            entry = self.period_entries.get(period_id)
            if entry is None or invoice_id not in entry.differences:
                return False
            if entry.accepted.get(invoice_id) != acceptance:
                entry.accepted[invoice_id] = acceptance
                self.reconciles[period_id] = self.now()
                self.note(invoice_id, "difference-accepted", f"{acceptance.by}: {acceptance.why}")
                of = [invoice_id, period_id]
                self.act(Act.ACCEPT_DIFFERENCE, acceptance.by, acceptance.why, export_of(invoice_id), of)
            return True

    @override
    def acceptances(self, period_id: str) -> Mapping[str, Acceptance]:
        with self.lock:
            entry = self.period_entries.get(period_id)
            return dict(entry.accepted) if entry else {}

    @override
    def reconciles_due(self) -> Sequence[tuple[str, str]]:
        with self.lock:
            due = sorted((at, key) for key, at in self.reconciles.items() if at <= self.now() and self._at_rest(key))
            exports = [(key, self.period_entries[key].record.export) for _, key in due]
            return [(key, export) for key, export in exports if export not in self.pauses]

    @override
    def claim_reconcile(self, period_id: str, *, lease: float) -> str | None:
        with self.lock:
            at = self.reconciles.get(period_id)
            if at is None or at > self.now() or not self._at_rest(period_id):
                return None
            self.reconciles[period_id] = self.now() + lease
            return str(self.reconciles[period_id])

    @override
    def defer_reconcile(self, period_id: str, claimed: str, *, until: float) -> None:
        with self.lock:
            if claimed == str(self.reconciles.get(period_id)):
                self.reconciles[period_id] = until

    @override
    def save_attachment(
        self, period_id: str, claimed: str, invoice_id: str, pdf: PdfAttachment, *, event: str = "", detail: str = ""
    ) -> None:
        self._save_followup(period_id, claimed, invoice_id, event, detail, pdf=pdf)

    @override
    def save_credit_match(
        self, period_id: str, claimed: str, invoice_id: str, match: CreditMatch, *, event: str = "", detail: str = ""
    ) -> None:
        self._save_followup(period_id, claimed, invoice_id, event, detail, credit=match)

    def _save_followup(
        self, period_id: str, claimed: str, invoice_id: str, event: str, detail: str, **known: Any
    ) -> None:
        with self.lock:
            if claimed != str(self.reconciles.get(period_id)) or invoice_id not in self.entries:
                raise LeaseLost(f"another worker has taken over the certificate of period {period_id}")
            entry = self.entries[invoice_id]
            changed = replace(entry.record, **known)
            if changed != entry.record:
                entry.record = changed
                if event:
                    self.note(invoice_id, event, detail)

    @override
    def schedule_reconciles(self, night: str, *, since: float) -> None:
        with self.lock:
            if night not in self.nights:
                self.nights.add(night)
                late = [key for key, entry in self.period_entries.items() if entry.record.received_at >= since]
                self.reconciles.update(dict.fromkeys(late, self.now()))

    def _at_rest(self, period_id: str) -> bool:
        entry = self.period_entries[period_id]
        states = {self.entries[key].record.state for key in entry.members}
        return entry.record.state in _RESTING and not states & set(_MOVING)
