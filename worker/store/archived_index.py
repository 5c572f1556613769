"""What is archived of a period, and a period's index over both: what Redis holds of it, and what the archive does."""

# ruff: noqa: PLC0415  # `status` and the export of an invoice need nothing of the archive

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from typing_extensions import override

from worker.domain.invoice_search import (
    MOST_FOUND,
    ORDER,
    InvoiceFilter,
    InvoicePage,
    fits,
    sought,
)
from worker.domain.period_sums import PeriodSums, sums_of
from worker.domain.record import InvoiceRecord, State
from worker.store.connection import text, texts
from worker.store.period_index import RedisPeriodIndex, archived_sums

if TYPE_CHECKING:
    from worker.domain.archive import ArchiveReading, KeptEntry

#: Digits of an invoice number under which the hundred of its hash differ, as in ``lua/common.lua``.
_DIGITS = 2


class RedisArchivedIndex(RedisPeriodIndex):
    """See ``PeriodIndexPort``."""

    #: Opens the archive; None: this part of the program was not given one, and cannot read what has gone there.
    open_archive: Callable[[], ArchiveReading] | None = None

    @cached_property
    def archive(self) -> ArchiveReading | None:
        """The archive, opened at its first use."""
        return self.open_archive() if self.open_archive else None

    @property
    def reading(self) -> ArchiveReading:
        """The archive. Raises ``ArchiveUnavailable`` where there is none: what Redis knows to be there must be read."""
        if self.archive is None:
            from worker.store.archive_entries import unavailable

            raise unavailable("this part of the program was not given one")
        return self.archive

    def holds_any(self) -> bool:
        """Tell whether there is an archive. Raises ``ArchiveUnavailable`` where only Redis knows of it."""
        if self.archive and self.archive.head():
            return True
        if self.ask(["HEXISTS", self.key("archive"), "size"]) == [0]:
            return False
        from worker.store.archive_entries import MISSING, unavailable

        raise unavailable(MISSING)

    def period_entry(self, period_id: str) -> KeptEntry | None:
        """Return the entry of an archived period; None when nothing of it was archived, or its text is deleted."""
        (value,) = self.ask(["HGET", self.key("archived-periods"), period_id])
        if value is None:
            return None
        leaf = int(text(value).split()[0])
        entry = self.reading.entries([leaf]).get(leaf)
        return entry if entry and entry.body else None

    @override
    def member_ids(self, period_id: str) -> list[str]:
        live = super().member_ids(period_id)
        archived = self._archived_members(period_id)
        if not archived:
            return live
        return sorted({*live, *archived}, key=lambda key: (int(key.rpartition("-")[2]), key))

    @override
    def period_sums(self, period_id: str) -> PeriodSums:
        live, whole = self._standing(period_id)
        if not whole:
            return super().period_sums(period_id)
        entry = None if live else self.period_entry(period_id)
        return (entry and _kept_sums(entry)) or sums_of(self.records(self.member_ids(period_id)))

    @override
    def find(self, period_id: str, wanted: InvoiceFilter, *, start: int, count: int) -> InvoicePage:
        if not self._partly_archived(period_id):
            return super().find(period_id, wanted, start=start, count=count)
        if self.ask(["EXISTS", self.key("period", period_id)]) == [0]:
            return self._find_archived(period_id, wanted, start, count)
        found = [record for record in self.records(self.member_ids(period_id)) if fits(record, wanted)]
        found.sort(key=_place)
        return InvoicePage(total=len(found), records=found[start : start + count])

    @override
    def _gaps(self, period_id: str) -> Sequence[tuple[str, int, int]]:
        live, whole = self._standing(period_id)
        entry = self.period_entry(period_id) if whole and not live else None
        kept = entry.document.get("summary") if entry else None
        return [(before, first, last) for before, first, last in kept["gaps"]] if kept else super()._gaps(period_id)

    @override
    def _every_id(self, period_id: str) -> Sequence[str]:
        return [*super()._every_id(period_id), *self._archived_members(period_id)]

    @override
    def _membership(self, period_id: str) -> str:
        (value,) = self.ask(["HGET", self.key("archived-periods"), period_id])
        return f"{super()._membership(period_id)} {text(value)}"

    @override
    def _known(self, invoice_ids: Sequence[str]) -> frozenset[str]:
        live = super()._known(invoice_ids)
        return live | self.leaves([key for key in invoice_ids if key not in live]).keys()

    def _find_archived(self, period_id: str, wanted: InvoiceFilter, start: int, count: int) -> InvoicePage:
        """Return a page of a period that is archived as a whole: all of it is exported."""
        words = sought(wanted.text)
        if wanted.reason or wanted.state not in (None, State.EXPORTED):
            return InvoicePage(total=0, records=[])
        entry = self.period_entry(period_id)
        if words:
            found = list(self.reading.find_members(period_id, words))
            found += self._joined_with(words, entry)
            ids = found[:MOST_FOUND]
            return InvoicePage(total=len(ids), records=list(self.records(ids[start : start + count])))
        joined = entry.document["joined"] if entry else []
        total = int(entry.document["invoices"]) if entry else 0
        own = total - len(joined)
        ids = list(self.reading.member_page(period_id, start, max(0, min(count, own - start)), of=own))
        ids += joined[max(0, start - own) : max(0, start + count - own)]
        return InvoicePage(total=total, records=list(self.records(ids)))

    def _joined_with(self, words: str, entry: KeptEntry | None) -> list[str]:
        """Return those that a text finds among the invoices that were archived with another period before."""
        joined = entry.document["joined"] if entry else []
        return [record.id for record in self.records(joined) if fits(record, InvoiceFilter(text=words))]

    def _standing(self, period_id: str) -> tuple[bool, bool]:
        """Return whether a period is here, and whether it has once left as a whole."""
        live, whole = self.ask(
            ["EXISTS", self.key("period", period_id)], ["HEXISTS", self.key("archived-periods"), period_id]
        )
        return bool(live), bool(whole)

    def _partly_archived(self, period_id: str) -> bool:
        flag, whole = self.ask(
            ["HGET", self.key("period", period_id), "archived"], ["HEXISTS", self.key("archived-periods"), period_id]
        )
        return int(flag or 0) > 0 or bool(whole)

    def _archived_members(self, period_id: str) -> list[str]:
        if not self._partly_archived(period_id):
            return []
        from worker.domain.archive import EntryKind

        joined = texts(self.ask(["SMEMBERS", self.key("archived-members", period_id)])[0])
        entry = self.period_entry(period_id)
        joined += entry.document["joined"] if entry else []
        return [*self.reading.members(period_id, EntryKind.INVOICE), *joined]

    def leaves(self, invoice_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the places in the archive of those of these invoices that are there."""
        places = [archived_place(key) for key in invoice_ids]
        answers = self.ask(*(["HGET", self.key("archived", at), field] for at, field in places)) if places else []
        return {
            key: int(text(kept).split(" ", 1)[0])
            for key, kept in zip(invoice_ids, answers, strict=True)
            if kept is not None
        }


def _kept_sums(entry: KeptEntry) -> PeriodSums | None:
    """Return what an archived period adds up to; None where that was not kept with it."""
    document = entry.document
    # Of those that went before this was kept, the counts may be what they add up to.
    numbers = document["summary"]["sums"] if "summary" in document else document["counts"]
    return archived_sums(numbers, document["remarks"], int(document["invoices"]))


def archived_place(invoice_id: str) -> tuple[str, str]:
    """Return key and field under which Redis knows of an archived invoice: a hundred of them share one small hash."""
    digits = min(_DIGITS, len(invoice_id) - len(invoice_id.rstrip("0123456789")))
    at = len(invoice_id) - digits
    return invoice_id[:at], invoice_id[at:]


def _place(record: InvoiceRecord) -> tuple[int, str, int]:
    reason = record.failure.reason if record.failure and record.state in ORDER[:2] else ""
    return ORDER.index(record.state), reason, record.invoice_number
