"""The reader of events: from bytes on the queue to a period and its invoices, every problem found before any write.

Invoices of a large event are never held together. They are read twice, one at a time: once to check and to add up all,
and once more to write them to the store; a file that an event refers to is kept on disk, compressed, between the two.
Of an event of ordinary size what is written is kept from the first reading.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from pydantic import ValidationError

from config.exports import ExportConfig
from worker.domain.identity import invoice_id_of, period_id_of
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice, PeriodRecord
from worker.domain.reasons import EventReason, failure
from worker.domain.sums import EventSums, Problem
from worker.errors import Unavailable
from worker.intake.event import EVENT_TYPE, SPEC_VERSION, EventHead, Head
from worker.intake.event_errors import EventRefused, Problems, broken_rules, refused
from worker.intake.file_sources import FileSources
from worker.intake.invoice_items import InlineInvoices, InvoiceItems, kept_on_disk
from worker.intake.json_walk import JsonWalk
from worker.intake.parsing import MOST_BYTES, MOST_VALUES, ReadInvoice, parse, read_invoice

#: Invoices read between two signs of life.
_ALIVE = 1000
#: Characters of invoices that are kept between checking and writing: some 10,000 invoices, at twice as many bytes.
_KEPT = 8 << 20
_VERSION = {"specversion": SPEC_VERSION, "type": EVENT_TYPE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event whose envelope is right; its invoices have not been read."""

    head: EventHead
    #: The invoices that it holds itself, None when it refers to a file.
    inline: InlineInvoices | None

    @property
    def key(self) -> str:
        """The event's identity: ``source#id``."""
        return self.head.key

    @property
    def data(self) -> Head:
        """What the event says about the period."""
        return self.head.data

    @property
    def file_hash(self) -> str:
        """The hash of what the event says and of the file that it refers to, known before that is read; else empty."""
        file = self.data.invoices_ref
        return _hash(self.data, f"file {file.sha256} {file.count}") if file else ""

    def invoices(self) -> tuple[Invoice, ...]:
        """Return the event's own invoices, their sums unchecked. Raises ``EventRefused``."""
        found: list[Invoice] = []
        problems = Problems()
        for read in _read(self.inline) if self.inline else ():
            if read.invoice:
                found.append(read.invoice)
            else:
                problems.add(read.problems)
        if problems:
            raise problems.refusal()
        return tuple(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedPeriod:
    """An event's content, checked; its invoices are read again as they are asked for."""

    period: PeriodRecord
    #: Reads all invoices that may be exported, in the event's order.
    invoices: Callable[[], Iterator[NewInvoice]]
    #: Hashes of what the event says, its invoices included; the same in whatever spelling or order.
    contents: frozenset[str]
    #: Problems of invoices that are left out of ``invoices``, because they may not be exported.
    left_out: Problems = field(default_factory=Problems)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPeriod:
    """An event's content, checked and all of it right."""

    period: PeriodRecord
    invoices: tuple[NewInvoice, ...]


def read_event(raw: bytes, *, limit: int) -> Event:
    """Return the event; its invoices have not been read. Raises ``EventRefused``."""
    if len(raw) > limit:
        raise refused(EventReason.EVENT_TOO_LARGE, f"The event has {len(raw)} bytes; at most {limit} are accepted.")
    envelope, inline = _taken_apart(raw)
    document, text = parse(envelope)
    _check_version(document)
    try:
        head = EventHead.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise EventRefused(broken_rules(error)) from None
    if (inline is None) == (head.data.invoices_ref is None):
        text = "data: give either invoices or invoicesRef, not both and not neither."
        raise refused(EventReason.EVENT_INVALID, text, field="data")
    return Event(head=head, inline=inline)


def export_of_event(raw: bytes) -> str:
    """Return the export that an event names; empty where it cannot be read."""
    try:
        return read_event(raw, limit=len(raw)).data.export
    except EventRefused:
        return ""


class Reader:
    """Reads periods for the exports and file sources of this installation."""

    def __init__(  # noqa: PLR0913  # whose exports, from where, and how much at once
        self,
        exports: Mapping[str, ExportConfig],
        sources: FileSources,
        *,
        invoices_file_limit: int,
        in_file: Callable[[], Collection[str]] = tuple,
        most_kept: int = _KEPT,
        elsewhere: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``in_file`` returns the exports that the exports file has by now: they are about to be taken in.

        ``most_kept``: characters of an event's invoices that are kept in memory; more are read again. ``elsewhere``
        names the store of exports that are in another one than that which the events are for.
        """
        self._exports = exports
        self._elsewhere = elsewhere
        self._in_file = in_file
        self._sources = sources
        self._limit = invoices_file_limit
        self._most_kept = most_kept

    @contextmanager
    def checked(self, event: Event, *, alive: Callable[[], None] = lambda: None) -> Iterator[CheckedPeriod]:
        """Give the event's period and invoices. Raises ``EventRefused`` with every problem.

        ``alive`` is called every thousand invoices.

        A broken invoice is left out, where its amounts are clear and count, control totals and numbers are right with
        it: so all others are proven to be what Opter closed. Otherwise the event is refused as a whole.

        Raises ``Unreachable`` or ``Unavailable`` when what it refers to may be available later.
        """
        export = self._exports.get(event.data.export)
        if export is None:
            store = self._elsewhere.get(event.data.export)
            if store:
                # Whoever moved it on could be killed in between, and it is not for this store to hold.
                text = f"Export {event.data.export} is in store {store}; the event came through another one's queue."
                raise refused(EventReason.EVENT_ELSEWHERE, text, field="data.export", value=event.data.export)
            if event.data.export in self._in_file():
                text = f"Export {event.data.export} is about to be taken in from the exports file."
                raise Unavailable(failure(EventReason.EXPORT_UNKNOWN, text))
            known = ", ".join(sorted(self._exports))
            text = f"There is no export named {event.data.export}; there are: {known}."
            raise refused(EventReason.EXPORT_UNKNOWN, text, field="data.export", value=event.data.export)
        with self._items(event) as items:
            kept = _Kept(self._most_kept)
            yield _check(event, items, alive, kept, by_type=export.invoice_series == "by-type")

    def read(self, event: Event) -> ReadPeriod:
        """Return the event's period and invoices in memory. Raises as ``checked``, for any problem."""
        with self.checked(event) as checked:
            if checked.left_out:
                raise checked.left_out.refusal()
            invoices = sorted(checked.invoices(), key=lambda invoice: invoice.invoice_number)
            return ReadPeriod(period=checked.period, invoices=tuple(invoices))

    @contextmanager
    def _items(self, event: Event) -> Iterator[InvoiceItems]:
        file = event.data.invoices_ref
        if file is None:
            yield event.inline or InlineInvoices(b"[]", 0)
            return
        with kept_on_disk(self._sources.blocks(file.url, self._limit), file.sha256) as items:
            yield items


def _check(
    event: Event, items: InvoiceItems, alive: Callable[[], None], kept: "_Kept", *, by_type: bool
) -> CheckedPeriod:
    sums, problems, left_out, hashed = EventSums(by_type=by_type), Problems(), set[int](), 0
    whole = True
    for position, read in enumerate(_read(items)):
        if read.counted:
            sums.add(read.counted)
        whole = whole and read.counted is not None
        if read.problems or read.invoice is None:
            left_out.add(position)
            problems.add(read.problems)
        else:
            new = _new(event.data, read.invoice, by_type=by_type)
            hashed += int(new.content_hash, 16)
            kept.add(new)
        if problems.enough:
            raise problems.refusal()
        if position % _ALIVE == 0:
            alive()
    of_event = _of_event(event, sums) if whole else []
    if of_event or not whole or (problems and len(left_out) == sums.count):
        problems.add(of_event)
        raise problems.refusal()
    contents = {_hash(event.data, f"invoices {hashed:x}"), event.file_hash} - {""}
    return CheckedPeriod(
        period=_period(event.data),
        invoices=lambda: kept.all() or _read_again(event.data, items, left_out, by_type=by_type),
        contents=frozenset(contents),
        left_out=problems,
    )


def _of_event(event: Event, sums: EventSums) -> list[Problem]:
    file = event.data.invoices_ref
    if file and sums.count != file.count:
        text = f"The file holds {sums.count} invoices; the event says {file.count}."
        where = "data.invoicesRef.count"
        return [
            Problem(reason=EventReason.INVOICES_FILE_MISMATCH, description=text, field=where, value=str(file.count))
        ]
    return sums.problems(event.data.totals(), event.data.invoice_count)


def _read(items: InvoiceItems) -> Iterator[ReadInvoice]:
    for within, raw, extent in items:
        yield read_invoice(raw, extent, within)


def _taken_apart(raw: bytes) -> tuple[bytes, InlineInvoices | None]:
    """Return the event without its invoices, and those."""
    walk = JsonWalk(raw)
    if walk.next() != b"{":
        alone = walk.skip()
        walk.end()
        if alone.values <= MOST_VALUES:
            parse(raw[alone.start : alone.end])
        raise refused(EventReason.EVENT_INVALID, "The event is not a JSON object.")
    envelope, data, inline = _Members(), _Members(), None
    for name in walk.members():
        if name != "data" or walk.next() != b"{":
            envelope.add(name, walk)
            continue
        for inner in walk.members():
            if inner == "invoices" and walk.next() == b"[":
                inline = InlineInvoices(raw, walk.at)
                walk.skip()
            elif inner != "invoices" or walk.next() != b"n":
                data.add(inner, walk)
            else:
                walk.skip()
        envelope.put(name, data.joined())
    walk.end()
    return envelope.joined(), inline


class _Members:
    """Members of an object that is put together without its invoices; bounded, for it is held as a whole."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._bytes = self._values = 0

    def add(self, name: str, walk: JsonWalk) -> None:
        """Take a member from where the walk stands."""
        value = walk.skip()
        self._bytes += len(name) + value.end - value.start
        self._values += value.values
        if self._bytes > MOST_BYTES or self._values > MOST_VALUES:
            text = f"What the event says beside its invoices has more than {MOST_BYTES} bytes or {MOST_VALUES} values."
            raise refused(EventReason.EVENT_TOO_LARGE, text)
        self.put(name, walk.raw[value.start : value.end])

    def put(self, name: str, value: bytes) -> None:
        """Add a member with this value."""
        self._parts.append(json.dumps(name).encode() + b":" + value)

    def joined(self) -> bytes:
        """Return the object."""
        return b"{" + b",".join(self._parts) + b"}"


def _check_version(document: Mapping[str, object]) -> None:
    for field_, known in _VERSION.items():
        # Another version has another shape: complaints about its fields would only mislead.
        if field_ in document and document[field_] != known:
            value = str(document[field_])[:100]
            text = f"{field_} is {value!r}; this program understands {known!r}."
            raise refused(EventReason.EVENT_UNSUPPORTED, text, field=field_, value=value)


def _hash(data: Head, invoices: str) -> str:
    said = data.model_dump_json(include={"export", "period", "invoice_count", "control_totals"})
    return hashlib.sha256(f"{said} {invoices}".encode()).hexdigest()[:32]


def _period(data: Head) -> PeriodRecord:
    return PeriodRecord(
        id=period_id_of(data.export, data.period.region, data.period.id),
        export=data.export,
        number=data.period.id,
        name=data.period.name,
        region=data.period.region,
        closed_at=data.period.closed_at,
        invoice_count=data.invoice_count,
        control_totals=data.totals(),
    )


class _Kept:
    """The invoices of an event to be written, unless they are too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._invoices: list[NewInvoice] = []
        self._size = 0

    def add(self, invoice: NewInvoice) -> None:
        """Keep an invoice; with the one that is too much, all are forgotten."""
        self._size += len(invoice.content)
        if self._size <= self._most:
            self._invoices.append(invoice)
        else:
            self._invoices.clear()

    def all(self) -> Iterator[NewInvoice] | None:
        """Return all of them; None when they were too many."""
        return iter(self._invoices) if self._size <= self._most else None


def _read_again(data: Head, items: InvoiceItems, left_out: set[int], *, by_type: bool) -> Iterator[NewInvoice]:
    for position, read in enumerate(_read(items)):
        if position not in left_out and read.invoice is not None:
            yield _new(data, read.invoice, by_type=by_type)


def _new(data: Head, invoice: Invoice, *, by_type: bool) -> NewInvoice:
    export, region, content = data.export, data.period.region, invoice.content()
    series = invoice.invoice_type if by_type else ""
    return NewInvoice(
        id=invoice_id_of(export, region, invoice.invoice_number, series=series),
        export=export,
        invoice_number=invoice.invoice_number,
        invoice_type=invoice.invoice_type,
        region=region,
        content=content.text,
        content_hash=content.sha256,
    )
