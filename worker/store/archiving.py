"""The store's side of the move into the archive: what is finished is read, and dropped once the archive holds it."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from typing_extensions import override

from worker.domain.archive import (
    ArchiveEntry,
    ArchiveReading,
    EntryKind,
    FinishedInvoice,
    FinishedPeriod,
    LivePeriods,
    action_key,
    entry_body,
    entry_of,
    sha1_of,
)
from worker.store.archive_entries import synchronise
from worker.store.certificates import certificate_text
from worker.store.connection import StoreConnection, Word, mapping, pairs, text, texts
from worker.store.records import in_full

#: Records that one script writes short: some milliseconds.
_CHUNK = 50
#: Fields of a period that show whether it has gone on, as in ``lua/archive_period.lua``.
_MARKS = ("revision", "archived", "certificate", "document")


class RedisArchiving(StoreConnection, LivePeriods):
    """See ``LivePeriods``."""

    #: The archive into which the store's periods move.
    archive: ArchiveReading | None = None

    @override
    def synchronise(self) -> None:
        synchronise(self, self.archive)

    @override
    def archives_due(self, *, lease: float, first: float, most: int = 20) -> Sequence[tuple[str, str]]:
        answer = texts(self.run("archives_due", lease, first, most))
        return list(zip(answer[::2], answer[1::2], strict=True))

    @override
    def look_again(self, period_id: str, at: float | None) -> None:
        due = self.key("archive-due")
        self.ask(["ZREM", due, period_id] if at is None else ["ZADD", due, repr(at), period_id])

    @override
    def shorten(self, period_id: str) -> int:
        ids, certificates = self.ask(
            ["ZRANGE", self.key("members", period_id), 0, -1], ["LRANGE", self.key("certificates", period_id), 0, -1]
        )
        shortened = 0
        for at in range(0, len(ids), _CHUNK):
            shortened += int(self.run("shorten", *texts(ids[at : at + _CHUNK]))[0])
        for key in texts(certificates):
            (document,) = self.ask(["HGET", self.key("certificate", key), "text"])
            if document is not None:
                same = hashlib.sha1(document, usedforsecurity=False).hexdigest()
                self.run("pack_certificate", key, same, zlib.compress(document, 9))
        return shortened

    @override
    def finished_invoices(self, period_id: str, most: int) -> Sequence[FinishedInvoice]:
        ids = texts(self.ask(["ZRANGE", self.key("members", period_id), 0, most - 1])[0])
        commands: list[list[Word]] = []
        for key in ids:
            commands += [["HGETALL", self.key("invoice", key)], ["LRANGE", self.key("history", key), 0, -1]]
        answers = self.ask(*commands) if commands else []
        read = zip(ids, answers[::2], answers[1::2], strict=True)
        return [_finished(key, fields, older) for key, fields, older in read if fields]

    @override
    def archive_invoices(self, period_id: str, kept: Mapping[str, int], read: Sequence[FinishedInvoice]) -> bool:
        words = [
            word for each in read for word in (each.entry.key, kept[each.entry.key], " ".join(each.names), each.read_as)
        ]
        return text(self.run("archive_invoices", period_id, *words)[0]) == "ok"

    @override
    def period_entries(self, period_id: str, summary: Mapping[str, Any]) -> FinishedPeriod | None:
        keyed = ("counts", "accepted", "conflicts")
        fields, events, certificates, joined, remarks, *hashes = self.ask(
            ["HGETALL", self.key("period", period_id)],
            ["LRANGE", self.key("period-events", period_id), 0, -1],
            ["LRANGE", self.key("certificates", period_id), 0, -1],
            ["SMEMBERS", self.key("archived-members", period_id)],
            ["ZRANGE", self.key("remarks", period_id), 0, -1, "WITHSCORES"],
            *(["HGETALL", self.key(name, period_id)] for name in keyed),
            at_once=True,
        )
        if not fields:
            return None
        record, said = mapping(fields), dict(zip(keyed, map(mapping, hashes), strict=True))
        old = self._archived_before(period_id)
        date = str(json.loads(record["document"])["closed_at"])[:10]
        keys = texts(certificates)
        body = entry_body(
            EntryKind.PERIOD,
            period_id,
            periods=(period_id,),
            date=date,
            fields={**record, **_first(old), "token": "", "reconcile_token": ""},
            events=list(dict.fromkeys([*old.get("events", ()), *texts(events)])),
            certificates=keys,
            joined=sorted({*old.get("joined", ()), *texts(joined)}),
            remarks=dict(pairs(remarks)),
            invoices=int(record.get("archived", 0)),
            summary=summary,
            **{name: {**old.get(name, {}), **values} for name, values in said.items()},
        )
        marks = [record.get(name, "") for name in _MARKS]
        marks += [str(len(each)) for each in (keys, events, said["accepted"], said["conflicts"])]
        return FinishedPeriod(
            id=period_id,
            beside=(*self._certificates(period_id, date, keys), *self._events(period_id, date, texts(events))),
            entry=entry_of(body),
            invoices=int(record.get("archived", 0)),
            certificates=tuple(keys),
            read_as=sha1_of(marks),
        )

    @override
    def archive_period(self, period: FinishedPeriod, leaf: int) -> bool:
        words: tuple[Word, ...] = (leaf, period.invoices, period.read_as, *period.certificates)
        return texts(self.run("archive_period", period.id, *words)) == ["ok"]

    @override
    def old_actions(self, before: float, most: int) -> tuple[int, Sequence[ArchiveEntry]]:
        gone, page = self.ask(
            ["HGET", self.key("archive"), "actions"], ["LRANGE", self.key("actions"), 0, most - 1], at_once=True
        )
        first, old = int(gone or 0), []
        for place, line in enumerate(texts(page), first):
            at = float(json.loads(line)["at"])
            if at >= before:
                break
            day = datetime.fromtimestamp(at, UTC).date().isoformat()
            body = entry_body(EntryKind.ACTION, action_key(place), periods=(), date=day, line=line)
            old.append(entry_of(body))
        return first, old

    @override
    def archive_actions(self, first: int, entries: Sequence[ArchiveEntry]) -> bool:
        read_as = sha1_of(str(json.loads(entry.body)["line"]) for entry in entries)
        return texts(self.run("archive_actions", first, len(entries), read_as)) == ["ok"]

    def _archived_before(self, period_id: str) -> Mapping[str, Any]:
        """Return the last entry of a period that was archived before and has gone on since."""
        (value,) = self.ask(["HGET", self.key("archived-periods"), period_id])
        leaf = int(text(value).split()[0]) if value is not None else None
        entry = self.archive.entries([leaf]).get(leaf) if self.archive and leaf is not None else None
        return entry.document if entry else {}

    def _certificates(self, period_id: str, date: str, keys: Sequence[str]) -> list[ArchiveEntry]:
        fields = ("summary", "text", "packed", "outline")
        answers = self.ask(*(["HMGET", self.key("certificate", key), *fields] for key in keys)) if keys else []
        return [
            entry_of(
                entry_body(
                    EntryKind.CERTIFICATE,
                    key,
                    periods=(period_id,),
                    date=date,
                    summary=text(summary),
                    text=certificate_text(whole, packed),
                    outline=text(outline),
                )
            )
            for key, (summary, whole, packed, outline) in zip(keys, answers, strict=True)
        ]

    def _events(self, period_id: str, date: str, events: Sequence[str]) -> list[ArchiveEntry]:
        commands: list[list[Word]] = []
        for event in events:
            commands += [["ZSCORE", self.key("events"), event], ["HGET", self.key("event-contents"), event]]
        answers = self.ask(*commands) if commands else []
        notified = zip(events, answers[::2], answers[1::2], strict=True)
        return [
            entry_of(
                entry_body(
                    EntryKind.EVENT,
                    event,
                    periods=(period_id,),
                    date=date,
                    at=repr(float(at)),
                    contents=text(contents),
                )
            )
            for event, at, contents in notified
            if at is not None  # one that was never closed is not known either
        ]


def _first(old: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what a period keeps from its first time in the store."""
    return {"received_at": old["fields"]["received_at"]} if old else {}


def _finished(invoice_id: str, fields: Any, older: Sequence[bytes]) -> FinishedInvoice:
    read = dict(fields) if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=True))
    parts = [str(len(older)).encode(), *(b"%d:%b" % (len(value), value) for value in read.values())]
    record = {name: in_full(value) if name == "content" else value for name, value in mapping(fields).items()}
    dated = json.loads(record["content"]).get("invoiceDate")
    received = datetime.fromtimestamp(float(record["received_at"]), UTC).date().isoformat()
    body = entry_body(
        EntryKind.INVOICE,
        invoice_id,
        periods=record["periods"].split(),
        date=dated or received,
        fields=record,
        older=texts(older),
    )
    return FinishedInvoice(
        entry=entry_of(body),
        names=tuple(map(text, read)),
        read_as=hashlib.sha1(b" ".join(parts), usedforsecurity=False).hexdigest(),
    )
