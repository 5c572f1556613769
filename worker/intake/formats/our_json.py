"""Our JSON in files: a whole event, an invoice, an array of invoices, or one invoice a line (NDJSON)."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.event_errors import EventRefused, refused
from worker.intake.formats.mapping import Mapping
from worker.intake.formats.port import Found, FoundHead, FoundInvoice
from worker.intake.parsing import MOST_BYTES, parse

#: A document that is no NDJSON is held as a whole.
MOST_WHOLE = 32 << 20
#: What of an event's data is no statement about its period.
_NOT_HEAD = {"invoices", "trigger"}


def read_json(file: BinaryIO, mapping: Mapping) -> Iterator[Found]:
    """See ``FormatReader``. An event's own id is not used: the content says which event it is."""
    del mapping
    first = file.readline(MOST_BYTES + 1)
    if _is_invoice(first) and file.read(1):
        file.seek(0)
        yield from _lines(file)
        return
    file.seek(0)
    raw = file.read(MOST_WHOLE + 1)
    if len(raw) > MOST_WHOLE:
        text = f"A JSON document may have {MOST_WHOLE} bytes; write one invoice a line (NDJSON)."
        raise refused(EventReason.EVENT_TOO_LARGE, text)
    document, _ = parse(raw)
    if isinstance(document, dict) and "specversion" in document:
        data = document.get("data")
        yield from _event(data if isinstance(data, dict) else {})
        return
    items = document if isinstance(document, list) else [document]
    for number, item in enumerate(items):
        yield _invoice(item, f"[{number}]")


def _lines(file: BinaryIO) -> Iterator[Found]:
    number = 0
    while line := file.readline(MOST_BYTES + 1):
        number += 1
        within = f"line {number}"
        if len(line) > MOST_BYTES:
            text = f"{within}: one invoice may have {MOST_BYTES} bytes."
            raise refused(EventReason.EVENT_TOO_LARGE, text, field=within)
        if not line.strip():
            continue
        try:
            document, _ = parse(line, within=within)
        except EventRefused as refusal:
            yield FoundInvoice(within=within, fields={}, problems=refusal.problems)
            continue
        yield _invoice(document, within)


def _event(data: dict[str, Any]) -> Iterator[Found]:
    invoices = data.get("invoices")
    if not isinstance(invoices, list):
        text = "data.invoices: the invoices stand in the file itself; an event that refers to a file goes on the queue."
        raise refused(EventReason.EVENT_INVALID, text, field="data.invoices")
    yield FoundHead(fields={name: value for name, value in data.items() if name not in _NOT_HEAD and value is not None})
    for number, item in enumerate(invoices):
        yield _invoice(item, f"data.invoices[{number}]")


def _invoice(item: Any, within: str) -> FoundInvoice:
    if isinstance(item, dict):
        return FoundInvoice(within=within, fields=item)
    problem = Problem(reason=EventReason.EVENT_INVALID, description=f"{within}: not an invoice.", field=within)
    return FoundInvoice(within=within, fields={}, problems=(problem,))


def _is_invoice(line: bytes) -> bool:
    try:
        document, _ = parse(line)
    except EventRefused:
        return False
    return isinstance(document, dict) and "invoiceNumber" in document
