"""From bytes on the queue to a period and its invoices: everything wrong is found before anything is written."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from config.exports import Export
from worker.intake import strict_json
from worker.intake.event import EVENT_TYPE, SPEC_VERSION, Event, Reference
from worker.intake.places import Places
from worker.intake.refusal import EventRefused, broken_rules, refused
from worker.invoicing.checks import Problem, check_event
from worker.invoicing.identity import invoice_reference, period_reference
from worker.invoicing.invoice import Invoice
from worker.invoicing.period import NewInvoice, PeriodRecord
from worker.invoicing.reasons import Reason

_VERSION = {"specversion": SPEC_VERSION, "type": EVENT_TYPE}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPeriod:
    """An event's content, found to be right."""

    period: PeriodRecord
    invoices: tuple[NewInvoice, ...]


def read_event(raw: bytes, *, limit: int) -> Event:
    """Return the event; what it refers to has not been looked at. Raises ``EventRefused``."""
    if len(raw) > limit:
        raise refused(Reason.EVENT_TOO_LARGE, f"The event has {len(raw)} bytes; at most {limit} are accepted.")
    document, text = strict_json.parse(raw)
    _check_version(document)
    try:
        return Event.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise EventRefused(broken_rules(error)) from None


class Reader:
    """Reads periods for the exports and places of this installation."""

    def __init__(self, exports: Mapping[str, Export], places: Places, *, reference_limit: int) -> None:
        self._exports = exports
        self._places = places
        self._limit = reference_limit

    def read(self, event: Event) -> ReadPeriod:
        """Return the event's period and invoices. Raises ``EventRefused`` with every problem.

        Raises ``Unreachable`` or ``Unavailable`` when what it refers to may be had later.
        """
        export = self._exports.get(event.data.export)
        if export is None:
            known = ", ".join(sorted(self._exports))
            text = f"There is no export named {event.data.export}; there are: {known}."
            raise refused(Reason.EXPORT_UNKNOWN, text, field="data.export", value=event.data.export)
        invoices = self._invoices(event)
        problems = [*self._pdf_problems(invoices), *_sums(event, invoices, export)]
        if problems:
            raise EventRefused(problems)
        return ReadPeriod(period=_period(event), invoices=_new(event, invoices, export))

    def _invoices(self, event: Event) -> tuple[Invoice, ...]:
        reference = event.data.invoices_ref
        if reference is None:
            return event.data.invoices or ()
        content = self._places.read(reference.url, self._limit)
        _check_hash(content, reference)
        invoices, problems = parse_lines(content)
        if problems:
            raise EventRefused(problems)
        if len(invoices) != reference.count:
            text = f"The file holds {len(invoices)} invoices; the event says {reference.count}."
            raise refused(Reason.REFERENCE_MISMATCH, text, field="data.invoicesRef.count", value=str(reference.count))
        return invoices

    def _pdf_problems(self, invoices: tuple[Invoice, ...]) -> Iterator[Problem]:
        for invoice in invoices:
            if invoice.pdf is not None:
                yield from self._address_problems(invoice.pdf.url, invoice.invoice_number)

    def _address_problems(self, url: str, number: int) -> Iterator[Problem]:
        try:
            self._places.check(url)
        except EventRefused as refusal:
            for problem in refusal.problems:
                text = f"Invoice {number}, PDF: {problem.description}"
                yield Problem(
                    reason=problem.reason, description=text, invoice_number=number, field="pdf.url", value=problem.value
                )


def parse_lines(content: bytes) -> tuple[tuple[Invoice, ...], list[Problem]]:
    """Read NDJSON: one invoice a line, empty lines skipped; return invoices and the problems of all lines."""
    invoices: list[Invoice] = []
    problems: list[Problem] = []
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            try:
                invoices.append(parse_invoice(line, within=f"line {number}"))
            except EventRefused as refusal:
                problems += refusal.problems
    return tuple(invoices), problems


def parse_invoice(raw: bytes, *, within: str) -> Invoice:
    """Read one invoice; ``within`` says where it stands. Raises ``EventRefused``."""
    _, text = strict_json.parse(raw, within=within)
    try:
        return Invoice.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise EventRefused(broken_rules(error, within=within)) from None


def _check_version(document: Any) -> None:
    if not isinstance(document, dict):
        raise refused(Reason.EVENT_INVALID, "The event is not a JSON object.")
    for field, known in _VERSION.items():
        # Another version has another shape: complaints about its fields would only mislead.
        if field in document and document[field] != known:
            value = str(document[field])[:100]
            text = f"{field} is {value!r}; this program understands {known!r}."
            raise refused(Reason.EVENT_UNSUPPORTED, text, field=field, value=value)


def _check_hash(content: bytes, reference: Reference) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != reference.sha256:
        text = f"The file's SHA-256 is {actual}; the event says {reference.sha256}."
        raise refused(Reason.REFERENCE_MISMATCH, text, field="data.invoicesRef.sha256", value=reference.sha256)


def _sums(event: Event, invoices: tuple[Invoice, ...], export: Export) -> list[Problem]:
    by_type = export.invoice_series == "by-type"
    return check_event(invoices, event.data.totals(), event.data.invoice_count, by_type=by_type)


def _period(event: Event) -> PeriodRecord:
    data = event.data
    return PeriodRecord(
        id=period_reference(data.export, data.period.region, data.period.id),
        export=data.export,
        number=data.period.id,
        name=data.period.name,
        region=data.period.region,
        closed_at=data.period.closed_at,
        invoice_count=data.invoice_count,
        control_totals=data.totals(),
    )


def _new(event: Event, invoices: tuple[Invoice, ...], export: Export) -> tuple[NewInvoice, ...]:
    by_type = export.invoice_series == "by-type"
    region = event.data.period.region
    return tuple(
        NewInvoice(
            id=invoice_reference(
                export.name, region, invoice.invoice_number, series=invoice.invoice_type if by_type else ""
            ),
            export=export.name,
            invoice_number=invoice.invoice_number,
            invoice_type=invoice.invoice_type,
            region=region,
            content=invoice.canonical(),
            content_hash=invoice.content_hash(),
        )
        for invoice in sorted(invoices, key=lambda one: one.invoice_number)
    )
