"""What leaves the store for the archive, entry by entry, and the ports between the two.

An entry is one JSON text. Whatever the archive knows of it besides (its kind, key, periods, date) is derived from that
text alone, so that a hash over the text covers everything.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from worker.domain.invoice_search import searchable, sought

#: Digits of a place in the log of actions, so that keys sort as places do.
_PLACE = 12


class EntryKind(StrEnum):
    """What an entry tells of."""

    INVOICE = "invoice"
    #: A period as a whole, with what was accepted in it; the last of its entries.
    PERIOD = "period"
    CERTIFICATE = "certificate"
    #: An event that brought invoices: its key, and hashes of its content.
    EVENT = "event"
    #: An entry of the log of actions.
    ACTION = "action"
    #: The texts of entries were deleted, as they need be kept no longer; their hashes stay.
    DELETION = "deletion"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveEntry:
    """One text for the archive, and what it is found by."""

    kind: EntryKind
    #: Id of the invoice, period or certificate; key of the event; place of the action.
    key: str
    #: The periods that it belongs to.
    periods: tuple[str, ...]
    #: The day of its business, ISO 8601: from it runs the time for which it is kept.
    date: str
    #: Hash of an invoice's content, by which one that is sent again is recognised; else empty.
    digest: str
    #: What a person finds it by, in small letters.
    search: str
    #: Canonical JSON; what is hashed.
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptEntry:
    """An entry as the archive holds it."""

    #: Its place in the archive's log, from 0.
    leaf: int
    kind: EntryKind
    key: str
    periods: tuple[str, ...]
    digest: str
    #: None: deleted, as it need be kept no longer.
    body: str | None

    @property
    def document(self) -> Mapping[str, Any]:
        """What the text says; nothing of one that is deleted."""
        return json.loads(self.body) if self.body else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveHead:
    """Which archive it is, and how long its log."""

    #: A name by chance, from its creation on.
    log: str
    size: int


def entry_body(kind: EntryKind, key: str, *, periods: Sequence[str], date: str, **content: Any) -> str:
    """Return the text of an entry: the same content, the same text, so that it is kept once."""
    document = {"kind": kind, "key": key, "periods": list(periods), "date": date, **content}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def entry_of(body: str) -> ArchiveEntry:
    """Return the entry of a text. Raises ``ValueError`` and ``KeyError`` for what is none."""
    document = json.loads(body)
    kind, key = EntryKind(document["kind"]), document["key"]
    return ArchiveEntry(
        kind=kind,
        key=key,
        periods=tuple(document["periods"]),
        date=document["date"],
        digest=document["fields"]["hash"] if kind is EntryKind.INVOICE else "",
        search=_search(kind, key, document),
        body=body,
    )


def action_key(place: int) -> str:
    """Return the key of the log's entry at this place."""
    return f"{place:0{_PLACE}}"


def sha1_of(parts: Iterable[str]) -> str:
    """Return what the store compares before it drops what was read: the scripts make the same of the same."""
    return hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()


def _search(kind: EntryKind, key: str, document: Mapping[str, Any]) -> str:
    if kind is EntryKind.INVOICE:
        return f"{key.casefold()} {searchable(document['fields']['content'])}"
    if kind is EntryKind.PERIOD:
        period = json.loads(document["fields"]["document"])
        return sought(f"{key} {period['name']} {period['number']}")
    return ""


class ArchiveReading(Protocol):
    """What the store reads of the archive. Every method may raise ``ArchiveUnavailable``."""

    def head(self) -> ArchiveHead | None:
        """Return how far the archive has come; None where none was ever made."""

    def entries(self, leaves: Sequence[int]) -> Mapping[int, KeptEntry]:
        """Return entries by their places; places that are not there are left out."""

    def latest(self, kind: EntryKind, key: str) -> KeptEntry | None:
        """Return the last entry of this kind under a key."""

    def members(self, period_id: str, kind: EntryKind) -> Mapping[str, int]:
        """Return key and place of a period's entries of a kind, the last of each key, in the order of the log."""

    def find_members(self, period_id: str, text: str) -> Mapping[str, int]:
        """Return a period's invoices whose id or customer holds a text (``sought``), ``MOST_FOUND`` at most."""

    def member_page(self, period_id: str, start: int, count: int, *, of: int) -> Mapping[str, int]:
        """Return so many of a period's ``of`` invoices from the ``start``-th on (0: the first), in the log's order."""

    def periods(self, text: str = "") -> Sequence[str]:
        """Return the ids of archived periods, the last first; those whose id, name or number holds a text."""

    def since(self, leaf: int, most: int) -> Sequence[KeptEntry]:
        """Return so many entries from a place on, in order; texts of invoices and certificates left out."""

    def invoices(self, export: str) -> Iterable[KeptEntry]:
        """Yield the last entry of every invoice of an export."""

    def actions(self, before: int, most: int) -> Sequence[KeptEntry]:
        """Return entries of the log of actions below a place, newest first."""

    def actions_kept(self) -> int:
        """Return how many entries of the log of actions it holds."""


class ArchiveWriting(ArchiveReading, Protocol):
    """What the move into the archive needs of it."""

    def create(self) -> ArchiveHead:
        """Make the archive where there is none; return its head."""

    def root(self, size: int) -> str:
        """Return the root of the Merkle tree over the first entries (RFC 6962), hexadecimal."""

    def append(self, entries: Sequence[ArchiveEntry]) -> Sequence[int]:
        """Add entries for good and return the place of each; one that is there already keeps its place.

        When it returns they are on disk, and were read back. Raises ``ArchiveUnavailable``.
        """

    def delete_texts(self, until: str, *, most: int) -> int:
        """Delete the texts of entries dated before a day, and note it as an entry; return how many."""


class LivePeriods(Protocol):
    """What the move into the archive needs of the store. Every method may raise ``StoreUnavailable``."""

    def archives_due(self, *, lease: float, first: float, most: int = 20) -> Sequence[tuple[str, str]]:
        """Return (period id, export) of periods to be looked at now; each is left to the caller for ``lease`` seconds.

        ``first``: seconds until periods that an older version took in are looked at.
        """

    def look_again(self, period_id: str, at: float | None) -> None:
        """Have a period looked at again at this time; None: only after its next certificate."""

    def shorten(self, period_id: str) -> int:
        """Write the records and certificates of a period's finished invoices short; return how many were longer."""

    def finished_invoices(self, period_id: str, most: int) -> Sequence["FinishedInvoice"]:
        """Return so many of a period's invoices as they stand, for the archive, by number."""

    def archive_invoices(self, period_id: str, kept: Mapping[str, int], read: Sequence["FinishedInvoice"]) -> bool:
        """Drop invoices that the archive holds at these places; False when one has gone on since it was read."""

    def period_entries(self, period_id: str, summary: Mapping[str, Any]) -> "FinishedPeriod | None":
        """Return what else the store holds of a period, for the archive; None when it is not there.

        ``summary`` is what the pages of the period need, so that no record is read for them.
        """

    def archive_period(self, period: "FinishedPeriod", leaf: int) -> bool:
        """Drop a period that the archive holds; False when it has gone on since it was read."""

    def old_actions(self, before: float, most: int) -> tuple[int, Sequence[ArchiveEntry]]:
        """Return the oldest entries of the log of actions before a time, and the place of the first."""

    def archive_actions(self, first: int, entries: Sequence[ArchiveEntry]) -> bool:
        """Drop entries of the log of actions that the archive holds; False when they are no longer the first."""

    def synchronise(self) -> None:
        """Let what the archive holds be known in the store, above all after that was lost.

        Raises ``ArchiveUnavailable`` where the store knows of more than the archive holds, or of another archive.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishedInvoice:
    """An invoice as it was read, and what shows whether it has gone on since."""

    entry: ArchiveEntry
    #: Names of the fields of its record.
    names: tuple[str, ...]
    #: SHA-1 of what they held.
    read_as: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishedPeriod:
    """A period without its invoices, as it was read."""

    id: str
    #: Its certificates and events.
    beside: tuple[ArchiveEntry, ...]
    entry: ArchiveEntry
    #: Its archived invoices.
    invoices: int
    certificates: tuple[str, ...]
    read_as: str
