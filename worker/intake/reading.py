"""The reader of events: from bytes on the queue to a period and its invoices, every problem found before any write."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from config.exports import ExportConfig
from worker.domain.identity import invoice_id_of, period_id_of
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice, PeriodRecord
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem, check_event
from worker.intake.event import EVENT_TYPE, SPEC_VERSION, Event
from worker.intake.event_errors import EventRefused, broken_rules, refused
from worker.intake.file_sources import FileSources


def parse(raw: bytes, *, within: str = "") -> tuple[Any, str]:
    """Return the document and its text (a byte order mark is dropped).

    ``within`` says where the bytes are, for example ``line 3``. Raises ``EventRefused``.
    """
    where = f"{within}: " if within else ""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"{where}Byte {error.start} is not UTF-8.", within) from None
    try:
        return _LOADER.decode(text), text
    except _Ambiguous as error:
        raise refused(EventReason.EVENT_INVALID, f"{where}{error}", field=within) from None
    except json.JSONDecodeError as error:
        raise _unreadable(f"{where}Not JSON: {error.msg} at character {error.pos}.", within) from None
    except RecursionError:
        raise _unreadable(f"{where}Not usable JSON: nested too deeply.", within) from None
    except ValueError:
        # Python refuses to convert integers of thousands of digits (docs.python.org, integer string conversion).
        raise _unreadable(f"{where}Not usable JSON: a number has too many digits.", within) from None


class _Ambiguous(ValueError):
    """Well-formed, but two programs could read it differently."""


def _unreadable(description: str, within: str) -> EventRefused:
    return refused(EventReason.EVENT_UNREADABLE, description, field=within)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = sorted({name[:40] for name in names if names.count(name) > 1})
        raise _Ambiguous(f"An object has a key twice: {', '.join(doubled)}.")
    return members


def _float(literal: str) -> Any:
    raise _Ambiguous(f'The number {literal[:40]} is a binary float; write amounts as text, such as "100.00".')


_LOADER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_float)


_VERSION = {"specversion": SPEC_VERSION, "type": EVENT_TYPE}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPeriod:
    """An event's content, checked."""

    period: PeriodRecord
    invoices: tuple[NewInvoice, ...]


def read_event(raw: bytes, *, limit: int) -> Event:
    """Return the event; what it refers to has not been read. Raises ``EventRefused``."""
    if len(raw) > limit:
        raise refused(EventReason.EVENT_TOO_LARGE, f"The event has {len(raw)} bytes; at most {limit} are accepted.")
    document, text = parse(raw)
    _check_version(document)
    try:
        return Event.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise EventRefused(broken_rules(error)) from None


class Reader:
    """Reads periods for the exports and file sources of this installation."""

    def __init__(self, exports: Mapping[str, ExportConfig], sources: FileSources, *, invoices_file_limit: int) -> None:
        self._exports = exports
        self._sources = sources
        self._limit = invoices_file_limit

    def read(self, event: Event) -> ReadPeriod:
        """Return the event's period and invoices. Raises ``EventRefused`` with every problem.

        Raises ``Unreachable`` or ``Unavailable`` when what it refers to may be available later.
        """
        export = self._exports.get(event.data.export)
        if export is None:
            known = ", ".join(sorted(self._exports))
            text = f"There is no export named {event.data.export}; there are: {known}."
            raise refused(EventReason.EXPORT_UNKNOWN, text, field="data.export", value=event.data.export)
        invoices = self._invoices(event)
        by_type = export.invoice_series == "by-type"
        totals = event.data.totals()
        sums = check_event(invoices, totals, event.data.invoice_count, by_type=by_type)
        problems = [*self._pdf_problems(invoices), *sums]
        if problems:
            raise EventRefused(problems)
        return ReadPeriod(period=_period(event), invoices=_new(event, invoices, by_type=by_type))

    def _invoices(self, event: Event) -> tuple[Invoice, ...]:
        file = event.data.invoices_ref
        if file is None:
            return event.data.invoices or ()
        content = self._sources.read(file.url, self._limit)
        actual = hashlib.sha256(content).hexdigest()
        if actual != file.sha256:
            text = f"The file's SHA-256 is {actual}; the event says {file.sha256}."
            raise refused(EventReason.INVOICES_FILE_MISMATCH, text, field="data.invoicesRef.sha256", value=file.sha256)
        invoices, problems = parse_lines(content)
        if problems:
            raise EventRefused(problems)
        if len(invoices) != file.count:
            text = f"The file holds {len(invoices)} invoices; the event says {file.count}."
            where = "data.invoicesRef.count"
            raise refused(EventReason.INVOICES_FILE_MISMATCH, text, field=where, value=str(file.count))
        return invoices

    def _pdf_problems(self, invoices: tuple[Invoice, ...]) -> Iterator[Problem]:
        for invoice in invoices:
            try:
                if invoice.pdf is not None:
                    self._sources.check(invoice.pdf.url)
            except EventRefused as refusal:
                number = invoice.invoice_number
                for problem in refusal.problems:
                    text = f"Invoice {number}, PDF: {problem.description}"
                    yield replace(problem, description=text, invoice_number=number, field="pdf.url")


def parse_lines(content: bytes) -> tuple[tuple[Invoice, ...], list[Problem]]:
    """Read NDJSON: one invoice a line, empty lines skipped; return invoices and the problems of all lines."""
    lines = enumerate(content.splitlines(), start=1)
    return parse_each((f"line {number}", line) for number, line in lines if line.strip())


def parse_each(items: Iterable[tuple[str, bytes]]) -> tuple[tuple[Invoice, ...], list[Problem]]:
    """Read invoices, each with where it is; return those that can be read and the problems of all others."""
    invoices: list[Invoice] = []
    problems: list[Problem] = []
    for within, raw in items:
        try:
            _, text = parse(raw, within=within)
            invoices.append(Invoice.model_validate_json(text, strict=True, by_alias=True, by_name=False))
        except EventRefused as refusal:
            problems += refusal.problems
        except ValidationError as error:
            # As a refusal, because that bounds what is kept of each invoice.
            problems += EventRefused(broken_rules(error, within=within)).problems
    return tuple(invoices), problems


def _check_version(document: Any) -> None:
    if not isinstance(document, dict):
        raise refused(EventReason.EVENT_INVALID, "The event is not a JSON object.")
    for field, known in _VERSION.items():
        # Another version has another shape: complaints about its fields would only mislead.
        if field in document and document[field] != known:
            value = str(document[field])[:100]
            text = f"{field} is {value!r}; this program understands {known!r}."
            raise refused(EventReason.EVENT_UNSUPPORTED, text, field=field, value=value)


def _period(event: Event) -> PeriodRecord:
    data = event.data
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


def _new(event: Event, invoices: tuple[Invoice, ...], *, by_type: bool) -> tuple[NewInvoice, ...]:
    export, region = event.data.export, event.data.period.region
    return tuple(
        NewInvoice(
            id=invoice_id_of(export, region, invoice.invoice_number, series=invoice.invoice_type if by_type else ""),
            export=export,
            invoice_number=invoice.invoice_number,
            invoice_type=invoice.invoice_type,
            region=region,
            content=content.text,
            content_hash=content.sha256,
        )
        for invoice in sorted(invoices, key=lambda invoice: invoice.invoice_number)
        for content in (invoice.content(),)
    )
