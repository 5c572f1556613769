"""Entries of the archive as the store's readers know them: invoices, periods, numbers; and what Redis must know."""

from collections.abc import Mapping
from dataclasses import replace

from worker.domain.archive import ArchiveReading, EntryKind, KeptEntry
from worker.domain.invoice_period import PeriodRecord
from worker.domain.number_series import NumberRecord
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import InvoiceRecord, State
from worker.errors import ArchiveUnavailable
from worker.store import records
from worker.store.connection import StoreConnection, Word, mapping, texts

#: Entries that the store is told of in one trip.
_PAGE = 500


def synchronise(store: StoreConnection, archive: ArchiveReading | None) -> None:
    """See ``LivePeriods.synchronise``."""
    known = mapping(store.ask(["HGETALL", store.key("archive")])[0])
    size, head = int(known.get("size", 0)), archive.head() if archive else None
    if archive is None or head is None:
        if size:
            raise unavailable("it is not there, and Redis knows that periods were archived")
        return
    if known.get("log", head.log) != head.log:
        raise unavailable("it is another one than the one that Redis knows of")
    if head.size < size:
        raise unavailable(f"it holds {head.size} entries, and Redis knows of {size}: it was restored from an old copy")
    # Only a Redis that knew nothing lacks the log of actions, too.
    actions = 0 if known else archive.actions_kept()
    while size < head.size:
        page = archive.since(size, min(_PAGE, head.size - size))
        if not page:
            raise unavailable(f"entry {size} is missing")
        size = page[-1].leaf + 1
        answer = store.run("keep_archived", head.log, size, actions, *(word for each in page for word in _told(each)))
        if texts(answer) != ["ok"]:
            raise unavailable("it is another one than the one that Redis knows of")


def invoice_of(entry: KeptEntry, *, history: bool) -> InvoiceRecord:
    """Return the record of an archived invoice."""
    document = entry.document
    fields = document["fields"]
    record = records.invoice_record(entry.key, fields)
    if history:
        record = records.invoice_with_history(entry.key, fields, document["older"])
    return replace(record, leaf=entry.leaf)


def period_of(entry: KeptEntry) -> PeriodRecord:
    """Return an archived period."""
    document = entry.document
    fields: Mapping[str, str] = document["fields"]
    conflicts = [word for pair in document["conflicts"].items() for word in pair]
    flat = [word for pair in fields.items() for word in pair]
    return records.period_record([flat, document["events"], [None] * len(State), conflicts])


def joined(live: PeriodRecord, old: PeriodRecord) -> PeriodRecord:
    """Return a period that goes on, with what is archived of it; its numbers count the archived invoices already."""
    return replace(
        live,
        events=(*old.events, *(event for event in live.events if event not in old.events)),
        certificate=live.certificate or old.certificate,
        accepted_conflicts=(*old.accepted_conflicts, *live.accepted_conflicts),
        received_at=old.received_at,
    )


def number_of(entry: KeptEntry) -> NumberRecord:
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


def unavailable(why: str) -> ArchiveUnavailable:
    """Return the error that says why the archive cannot be used."""
    return ArchiveUnavailable(failure(ProcessReason.ARCHIVE_UNAVAILABLE, f"The archive cannot be used: {why}."))


def _told(entry: KeptEntry) -> tuple[Word, ...]:
    """Return what Redis has to know of an entry, see ``lua/keep_archived.lua``."""
    document = entry.document
    match entry.kind:
        case EntryKind.INVOICE:
            return ("invoice", entry.key, entry.leaf, entry.digest, " ".join(entry.periods))
        case EntryKind.PERIOD:
            joining = [word for key in document.get("joined", ()) for word in ("joined", key, entry.key, "", "")]
            return ("period", entry.key, entry.leaf, int(document.get("invoices", 0)), "", *joining)
        case EntryKind.EVENT if entry.body:
            return ("event", entry.key, document["contents"], document["at"], "")
        case _:
            return ()
