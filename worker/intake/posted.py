"""Bodies that came by HTTP: whole events, and files in any format, on the queue or in the folder before the answer."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from config.exports import ExportConfig
from worker.domain.identity import period_id_of
from worker.domain.posted_event import PostedEvent, PostedEvents
from worker.domain.reasons import EventReason
from worker.forward.folder import OWN, Folder
from worker.intake.event_errors import EventRefused, refused
from worker.intake.format_files import FileHead, HowToRead, how_to_read, read_file
from worker.intake.json_walk import JsonWalk
from worker.intake.parsing import MOST_BYTES, MOST_VALUES, parse
from worker.intake.reading import Event, read_event
from worker.intake.sources.folder_events import MOST_INLINE, event_of, read_batch
from worker.intake.sources.manifest import is_manifest, read_manifest
from worker.intake.sources.posted_files import drop_file, file_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A body that is safe."""

    #: What the status address names it by.
    id: str
    #: ``source#id``; empty for a file in the folder.
    event_key: str = ""


class Conflict(Exception):
    """Another content was accepted under the event's id."""


class Receiver:
    """Takes bodies for the exports of this installation."""

    def __init__(
        self,
        events: PostedEvents,
        *,
        taken_in: Callable[[PostedEvent], bool],
        refused_whole: Callable[[PostedEvent], bool],
        limit: int,
        clock: Callable[[], float],
    ) -> None:
        """``limit``: bytes of an event. What became of one before: whether it was read, or refused as a whole."""
        self._events = events
        self._taken_in = taken_in
        self._refused_whole = refused_whole
        self._limit = limit
        self._clock = clock

    def receive(self, body: BinaryIO, *, name: str, sha256: str, export: ExportConfig) -> Received:
        """Take a body; it is on the queue, or in the folder of its export, when this returns.

        A whole event goes on the queue. So does a file that is a whole period. One that waits for others or for a
        manifest, or names no period, goes into the folder, where the watcher closes periods; without a folder it is a
        period of its own.

        Raises ``EventRefused`` with every problem, ``Conflict``, ``StoreUnavailable``, ``OSError``.
        """
        start = body.read(self._limit + 1)
        if len(start) > self._limit:
            raise refused(EventReason.EVENT_TOO_LARGE, f"More than {self._limit} bytes.")
        if is_whole_event(start):
            return self._event(start, export)
        source = export.source
        how = how_to_read(source.mapping, source.stylesheet)
        body.seek(0)
        if is_manifest(name):
            _check_manifest(start, name, export)
            whole = False
        else:
            whole = _is_whole_period(body, name, how) and source.closed_by == "count"
        if source.folder and not whole:
            drop_file(source.folder, start, name=name, sha256=sha256, done=source.complete == "done-file")
            return Received(id=file_id(sha256))
        if source.folder:
            Folder(source.folder).prepare()
            return self._file(start, name, how, export, kept=source.folder / OWN)
        with tempfile.TemporaryDirectory() as folder:
            return self._file(start, name, how, export, kept=Path(folder))

    def _file(self, raw: bytes, name: str, how: HowToRead, export: ExportConfig, *, kept: Path) -> Received:
        by_type, own = export.invoice_series == "by-type", uuid4().hex
        lines = kept / f"posted-{own}.lines.part"
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(raw)
            try:
                batch = read_batch(
                    Path(folder), [name], how, kept=kept, by_type=by_type, alive=lambda: None, lines=lines.name
                )
                shared = export.source.folder is not None
                if not shared and list(kept.glob("*.pdf")):
                    text = f"{name}: holds printed invoices, and export {export.name} has no folder to keep them in."
                    raise refused(EventReason.FILE_UNREADABLE, f"{text} Set source.folder.", field="source.folder")
                inline = MOST_INLINE if shared else self._limit
                _, event = event_of(batch, export=export.name, now=self._clock(), kept=kept, inline=inline)
            finally:
                lines.unlink(missing_ok=True)
        return self._event(event, export)

    def _event(self, raw: bytes, export: ExportConfig) -> Received:
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            raise refused(EventReason.EVENT_UNREADABLE, f"Byte {error.start} is not UTF-8.") from None
        event = read_event(raw, limit=self._limit)
        if event.data.export != export.name:
            text = f"The request is signed for export {export.name}, and the event names {event.data.export}."
            raise refused(EventReason.EVENT_INVALID, text, field="data.export", value=event.data.export)
        said = PostedEvent(
            id=event_id(export.name, event.key),
            export=export.name,
            event_key=event.key,
            period_id=period_id_of(export.name, event.data.period.region, event.data.period.id),
            content=content_hash(event),
            sha256=hashlib.sha256(raw).hexdigest(),
        )
        acceptance = self._events.accept(said, raw)
        first = acceptance.first
        # Sent again although it waits already, it does no harm: the intake knows it. One that was discarded comes anew.
        again = acceptance.outcome == "known" and not self._taken_in(first)
        if again or (acceptance.outcome == "conflict" and self._refused_whole(first)):
            acceptance = self._events.accept(said, raw, over=first.content)
        if acceptance.outcome == "conflict":
            raise Conflict(event.key)
        return Received(id=said.id, event_key=event.key)


def event_id(export: str, event_key: str) -> str:
    """Return what the status address of an event names it by."""
    return hashlib.sha256(f"{export}\n{event_key}".encode()).hexdigest()[:32]


def content_hash(event: Event) -> str:
    """Return the hash of what an event says about its period, and of its invoices in any order and spelling."""
    if event.file_hash:
        return event.file_hash
    hashed = 0
    for within, raw, extent in event.inline or ():
        item = raw[extent.start : extent.end]
        if len(item) <= MOST_BYTES and extent.values <= MOST_VALUES:  # a larger one is refused when it is read
            item = json.dumps(parse(item, within=within)[0], sort_keys=True, separators=(",", ":")).encode()
        hashed += int.from_bytes(hashlib.sha256(item).digest())
    head = event.data.model_dump_json(include={"export", "period", "invoice_count", "control_totals"})
    return hashlib.sha256(f"{head} {hashed:x}".encode()).hexdigest()[:32]


def is_whole_event(raw: bytes) -> bool:
    """Tell whether this is a JSON object with CloudEvents' ``specversion``, rather than invoices."""
    walk = JsonWalk(raw)
    if walk.next() != b"{":
        return False
    try:
        for name in walk.members():
            if name == "specversion":
                return True
            walk.skip()
    except EventRefused:
        pass  # NDJSON, or no JSON at all: whoever reads it says what is wrong
    return False


def _check_manifest(raw: bytes, name: str, export: ExportConfig) -> None:
    """Raise ``EventRefused`` for a manifest that is none, or that has no folder whose files it could close."""
    read_manifest(raw, name)
    if export.source.folder is None:
        text = f"{name}: export {export.name} has no folder where files could wait for it. Set source.folder."
        raise refused(EventReason.EVENT_INVALID, text, field="source.folder")


def _is_whole_period(file: BinaryIO, name: str, how: HowToRead) -> bool:
    """Tell whether a file names its period and holds as many invoices as it announces. Raises ``EventRefused``."""
    head, count = FileHead(), 0
    for _ in read_file(file, name, how, head):
        count += 1
    return head.period is not None and (head.invoice_count or count) <= count
