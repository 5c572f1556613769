"""What has left Redis for the archive, read as if it had not; and what of it Redis goes on knowing.

Redis keeps of an archived invoice its place in the archive, the beginning of its content's hash, and its periods:
enough to recognise it in an event that is sent again without asking the archive. All else is read there. An archive
that does not answer is never an archive that holds nothing.
"""

# ruff: noqa: PLC0415  # `status` and the export of an invoice need nothing of the archive

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from worker.domain.record import State
from worker.store import records
from worker.store.action_log import RedisActionLog
from worker.store.archived_index import RedisArchivedIndex
from worker.store.certificates import RedisCertificates
from worker.store.intake import RedisIntake
from worker.store.leases import RedisExport
from worker.store.operator_moves import RedisOperator
from worker.store.series import RedisSeries

if TYPE_CHECKING:
    from worker.domain.action_log import LogEntry
    from worker.domain.invoice_period import PeriodRecord, StoredCertificate
    from worker.domain.number_series import NumberRecord
    from worker.domain.record import InvoiceRecord


class RedisArchived(
    RedisIntake,
    RedisExport,
    RedisOperator,
    RedisArchivedIndex,
    RedisCertificates,
    RedisSeries,
    RedisActionLog,
):
    """The store with its archive."""

    @override
    def open_period(self, period: PeriodRecord, event_key: str) -> bool:
        from worker.store.archive_entries import synchronise

        # Once for each event: an emptied Redis must know of what is archived before it takes an invoice in.
        synchronise(self, self.archive)
        return super().open_period(period, event_key)

    @override
    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        return super().invoice(invoice_id) or self._archived([invoice_id], history=True).get(invoice_id)

    @override
    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        live = super().states(invoice_ids)
        gone = [key for key in invoice_ids if key not in live]
        # Whatever is archived was exported.
        return {**live, **dict.fromkeys(self.leaves(gone), State.EXPORTED)} if gone else live

    @override
    def archived_invoices(self, invoice_ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        return self._archived(invoice_ids)

    @override
    def period(self, period_id: str) -> PeriodRecord | None:
        live = super().period(period_id)
        if live and not live.archived:
            return live
        entry = self.period_entry(period_id)
        if entry is None:
            return live
        from worker.store.archive_entries import joined, period_of

        return joined(live, period_of(entry)) if live else period_of(entry)

    @override
    def archived_periods(self, text: str = "", *, export: str = "") -> Sequence[PeriodRecord]:
        if not self.holds_any():
            return []
        from worker.domain.archive import EntryKind
        from worker.store.archive_entries import period_of

        found = [key for key in self.reading.periods(text) if key.startswith(f"{export}-" if export else "")]
        entries = (self.reading.latest(EntryKind.PERIOD, key) for key in found)
        return [period_of(entry) for entry in entries if entry and entry.body]

    @override
    def certificates(self, period_id: str) -> Sequence[StoredCertificate]:
        live = super().certificates(period_id)
        if not self.period_entry(period_id):
            return live
        from worker.domain.archive import EntryKind

        leaves = self.reading.members(period_id, EntryKind.CERTIFICATE)
        kept = self.reading.entries(list(leaves.values())).values()
        old = [records.load_summary(entry.document["summary"]) for entry in kept if entry.body]
        return [*(each for each in old if each.id not in {one.id for one in live}), *live]

    @override
    def certificate(self, certificate_id: str) -> StoredCertificate | None:
        live = super().certificate(certificate_id)
        entry = None if live else self._certificate_entry(certificate_id)
        return records.load_summary(entry["summary"], entry["text"]) if entry else live

    @override
    def outline(self, certificate_id: str) -> str | None:
        entry = self._certificate_entry(certificate_id)
        return str(entry["outline"]) if entry and entry["outline"] else super().outline(certificate_id)

    @override
    def acceptances(self, period_id: str) -> Mapping[str, Any]:
        live, entry = super().acceptances(period_id), self.period_entry(period_id)
        if not entry:
            return live
        from worker.domain.certificate import Acceptance

        old = entry.document["accepted"]
        return {**{key: Acceptance.model_validate_json(said) for key, said in old.items()}, **live}

    @override
    def archived_numbers(self, export: str) -> Iterator[NumberRecord]:
        if self.holds_any():
            from worker.store.archive_entries import number_of

            yield from map(number_of, self.reading.invoices(export))

    @override
    def archived_actions(self, before: int, most: int) -> Sequence[LogEntry]:
        from worker.domain.action_log import entry_of

        entries = self.reading.actions(before, most)
        return [entry_of(entry.document["line"], int(entry.key)) for entry in entries if entry.body]

    def _certificate_entry(self, certificate_id: str) -> Mapping[str, Any] | None:
        of = re.fullmatch(r"(.+)-c[0-9a-f]+", certificate_id)
        if not of or not self.period_entry(of[1]):
            return None
        from worker.domain.archive import EntryKind

        found = self.reading.latest(EntryKind.CERTIFICATE, certificate_id)
        return found.document if found and found.body else None

    def _archived(self, invoice_ids: Sequence[str], *, history: bool = False) -> Mapping[str, InvoiceRecord]:
        leaves = self.leaves(invoice_ids)
        if not leaves:
            return {}
        from worker.store.archive_entries import invoice_of

        entries = self.reading.entries(list(leaves.values()))
        found = {key: entries[leaf] for key, leaf in leaves.items() if leaf in entries and entries[leaf].body}
        return {key: invoice_of(entry, history=history) for key, entry in found.items()}
