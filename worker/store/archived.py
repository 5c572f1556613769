"""What has left Redis for the archive, read as if it had not; and what of it Redis goes on knowing.

Redis keeps of an archived invoice its place in the archive, the beginning of its content's hash, and its periods:
enough to recognise it in an event that is sent again without asking the archive. All else is read there. An archive
that does not answer is never an archive that holds nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import override

from worker.domain.action_log import LogEntry, entry_of
from worker.domain.archive import EntryKind, KeptEntry
from worker.domain.invoice_period import PeriodRecord, StoredCertificate
from worker.domain.number_series import NumberRecord
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import InvoiceRecord, State
from worker.errors import ArchiveUnavailable
from worker.store import records
from worker.store.action_log import RedisActionLog
from worker.store.archived_index import RedisArchivedIndex
from worker.store.archiving import RedisArchiving
from worker.store.certificates import RedisCertificates
from worker.store.connection import Word, mapping, texts
from worker.store.intake import RedisIntake
from worker.store.leases import RedisExport
from worker.store.operator_moves import RedisOperator
from worker.store.series import RedisSeries

#: Entries that the store is told of in one trip.
_PAGE = 500


class RedisArchived(
    RedisIntake,
    RedisExport,
    RedisOperator,
    RedisArchivedIndex,
    RedisCertificates,
    RedisSeries,
    RedisActionLog,
    RedisArchiving,
):
    """The store with its archive."""

    @override
    def open_period(self, period: PeriodRecord, event_key: str) -> None:
        # Once for each event: an emptied Redis must know of what is archived before it takes an invoice in.
        self.synchronise()
        super().open_period(period, event_key)

    @override
    def synchronise(self) -> None:
        known = mapping(self.ask(["HGETALL", self.key("archive")])[0])
        size, head = int(known.get("size", 0)), self.archive.head() if self.archive else None
        if head is None:
            if size:
                raise _missing()
            return
        if known.get("log", head.log) != head.log:
            raise _unavailable("it is another one than the one that Redis knows of")
        if head.size < size:
            raise _unavailable(
                f"it holds {head.size} entries, and Redis knows of {size}: it was restored from an old copy"
            )
        # Only a Redis that knew nothing lacks the log of actions, too.
        actions = 0 if known else self._archive.actions_kept()
        while size < head.size:
            page = self._archive.since(size, min(_PAGE, head.size - size))
            if not page:
                raise _unavailable(f"entry {size} is missing")
            size = page[-1].leaf + 1
            answer = self.run(
                "keep_archived", head.log, size, actions, *(word for each in page for word in _told(each))
            )
            if texts(answer) != ["ok"]:
                raise _unavailable("it is another one than the one that Redis knows of")

    @override
    def invoice(self, invoice_id: str) -> InvoiceRecord | None:
        live = super().invoice(invoice_id)
        return live or self._archived([invoice_id], history=True).get(invoice_id)

    @override
    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        live = super().states(invoice_ids)
        gone = [key for key in invoice_ids if key not in live]
        # Whatever is archived was exported.
        return {**live, **dict.fromkeys(self._leaves(gone), State.EXPORTED)}

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
        return _joined(live, _period(entry)) if live else _period(entry)

    @override
    def archived_periods(self, text: str = "", *, export: str = "") -> Sequence[PeriodRecord]:
        if not self.archive or not self.archive.head():
            return []
        found = [key for key in self.archive.periods(text) if key.startswith(f"{export}-" if export else "")]
        entries = (self.archive.latest(EntryKind.PERIOD, key) for key in found)
        return [_period(entry) for entry in entries if entry and entry.body]

    @override
    def certificates(self, period_id: str) -> Sequence[StoredCertificate]:
        live = super().certificates(period_id)
        if self.period_entry(period_id) is None:
            return live
        leaves = self._archive.members(period_id, EntryKind.CERTIFICATE)
        kept = self._archive.entries(list(leaves.values())).values()
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
        from worker.domain.certificate import Acceptance  # noqa: PLC0415  # see certificates.py

        entry = self.period_entry(period_id)
        old = entry.document.get("accepted", {}) if entry else {}
        return {
            **{key: Acceptance.model_validate_json(said) for key, said in old.items()},
            **super().acceptances(period_id),
        }

    @override
    def archived_numbers(self, export: str) -> Iterator[NumberRecord]:
        if self.archive and self.archive.head():
            for entry in self.archive.invoices(export):
                yield _number(entry)

    @override
    def archived_actions(self, before: int, most: int) -> Sequence[LogEntry]:
        entries = self._archive.actions(before, most)
        return [entry_of(entry.document["line"], int(entry.key)) for entry in entries if entry.body]

    def _certificate_entry(self, certificate_id: str) -> Mapping[str, Any] | None:
        period, found = re.fullmatch(r"(.+)-c[0-9a-f]+", certificate_id), None
        if period and self.period_entry(period[1]):
            found = self._archive.latest(EntryKind.CERTIFICATE, certificate_id)
        return found.document if found and found.body else None

    def _archived(self, invoice_ids: Sequence[str], *, history: bool = False) -> Mapping[str, InvoiceRecord]:
        leaves = self._leaves(invoice_ids)
        entries = self._archive.entries(list(leaves.values())) if leaves else {}
        found = {key: entries[leaf] for key, leaf in leaves.items() if leaf in entries and entries[leaf].body}
        return {key: _invoice(entry, history=history) for key, entry in found.items()}


def _told(entry: KeptEntry) -> tuple[Word, ...]:
    """Return what Redis has to know of an entry, see ``lua/keep_archived.lua``."""
    document = entry.document
    match entry.kind:
        case EntryKind.INVOICE:
            return ("invoice", entry.key, entry.leaf, entry.digest, " ".join(entry.periods))
        case EntryKind.PERIOD:
            joined = [word for key in document.get("joined", ()) for word in ("joined", key, entry.key, "", "")]
            return ("period", entry.key, entry.leaf, int(document.get("invoices", 0)), "", *joined)
        case EntryKind.EVENT if entry.body:
            return ("event", entry.key, document["contents"], document["at"], "")
        case _:
            return ()


def _invoice(entry: KeptEntry, *, history: bool) -> InvoiceRecord:
    document = entry.document
    fields = document["fields"]
    record = records.invoice_record(entry.key, fields)
    if history:
        record = records.invoice_with_history(entry.key, fields, document["older"])
    return replace(record, leaf=entry.leaf)


def _period(entry: KeptEntry) -> PeriodRecord:
    document = entry.document
    fields: Mapping[str, str] = document["fields"]
    hashes = [word for pair in document["conflicts"].items() for word in pair]
    flat = [word for pair in fields.items() for word in pair]
    return records.period_record([flat, document["events"], [None] * len(State), hashes])


def _joined(live: PeriodRecord, old: PeriodRecord) -> PeriodRecord:
    """Return a period that goes on, with what is archived of it; its numbers count the archived invoices already."""
    return replace(
        live,
        events=(*old.events, *(event for event in live.events if event not in old.events)),
        certificate=live.certificate or old.certificate,
        accepted_conflicts=(*old.accepted_conflicts, *live.accepted_conflicts),
        received_at=old.received_at,
    )


def _number(entry: KeptEntry) -> NumberRecord:
    """Return what is known of a number; of one whose text is deleted, that it was exported."""
    fields = entry.document.get("fields", {})
    return NumberRecord(
        id=entry.key,
        number=int(entry.key.rpartition("-")[2]),
        invoice_type=fields.get("type", "invoice"),
        region=fields.get("region") or None,
        state=State.EXPORTED,
        outcome=records.outcome_of(fields.get("outcome", "")),
    )


def _unavailable(why: str) -> ArchiveUnavailable:
    return ArchiveUnavailable(failure(ProcessReason.ARCHIVE_UNAVAILABLE, f"The archive cannot be used: {why}."))


def _missing() -> ArchiveUnavailable:
    return _unavailable("it is not there, and Redis knows that periods were archived")
