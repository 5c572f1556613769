"""Events made from invoices in files, to export whole periods or single invoices later on."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from worker.domain.invoice import Invoice
from worker.domain.money import ZERO
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake import parsing
from worker.intake.event import EVENT_TYPE, SPEC_VERSION, Period, Total
from worker.intake.event_errors import EventRefused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.parsing import parse_each, parse_lines

_JSON = (".json", ".ndjson", ".jsonl")
_SUFFIXES = (*_JSON, ".xml", ".csv", ".xlsx")


def compose(  # noqa: PLR0913  # everything that an event says
    invoices: Sequence[Invoice],
    *,
    export: str,
    period: Period,
    source: str,
    now: float,
    head: FileHead | None = None,
) -> bytes:
    """Return the event with these invoices; ``now`` (seconds since the epoch) becomes its time.

    Its id follows from export, period and content, so that publishing the same twice is one event. Count and control
    totals are those of ``head`` where it has some, so that they can contradict the invoices.
    """
    head = head or FileHead()
    ordered = sorted(invoices, key=lambda invoice: (invoice.invoice_number, invoice.invoice_type))
    data = {
        "export": export,
        "trigger": "retrospective",
        "period": period.model_dump(mode="json", by_alias=True, exclude_none=True),
        "invoiceCount": len(ordered) if head.invoice_count is None else head.invoice_count,
        "controlTotals": list(_totals(ordered)) if head.control_totals is None else _stated(head.control_totals),
        "invoices": [invoice.model_dump(mode="json", by_alias=True, exclude_none=True) for invoice in ordered],
    }
    event = {
        "specversion": SPEC_VERSION,
        "id": f"retrospective-{hashlib.sha256(_json(data)).hexdigest()[:32]}",
        "source": source,
        "type": EVENT_TYPE,
        "time": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    return _json(event)


def is_event(raw: bytes) -> bool:
    """Tell whether a file holds a whole event, to be published as it is, rather than invoices."""
    try:
        document, _ = parsing.parse(raw)
    except EventRefused:
        return False
    return isinstance(document, dict) and "specversion" in document


def load_invoices(path: Path, how: HowToRead | None = None, head: FileHead | None = None) -> tuple[Invoice, ...]:
    """Read invoices from a JSON file (an invoice, or an array of them), an NDJSON file, or a folder of such files.

    XML, UBL, CSV and XLSX files are read by ``how``; what they say about their period goes into ``head``.

    Raises ``EventRefused`` with every problem of every file, ``OSError`` when a file cannot be read.
    """
    invoices: list[Invoice] = []
    problems: list[Problem] = []
    for file in _files(path):
        if file.suffix.lower() not in _JSON:
            in_format, errors = _load_format(file, how or HowToRead(), head or FileHead())
            invoices += in_format
            problems += errors
            continue
        in_file, errors = (_load_json if file.suffix.lower() == ".json" else parse_lines)(file.read_bytes())
        invoices += in_file
        problems += [replace(problem, description=f"{file.name}: {problem.description}") for problem in errors]
    if not invoices and not problems:
        problems = [Problem(reason=EventReason.EVENT_INVALID, description=f"{path} holds no invoices.")]
    if problems:
        raise EventRefused(problems)
    return tuple(invoices)


def skipped(path: Path) -> list[Path]:
    """Return what lies in a folder and is not read, folders in it included; nothing for a file."""
    return sorted(set(path.iterdir()).difference(_files(path))) if path.is_dir() else []


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES and file.is_file())


def _load_format(file: Path, how: HowToRead, head: FileHead) -> tuple[list[Invoice], list[Problem]]:
    invoices: list[Invoice] = []
    try:
        with file.open("rb") as content:
            invoices += (invoice for invoice, _ in read_file(content, file.name, how, head))
    except EventRefused as refused:
        return [], list(refused.problems)
    return invoices, []


def _load_json(raw: bytes) -> tuple[tuple[Invoice, ...], list[Problem]]:
    try:
        document, _ = parsing.parse(raw)
    except EventRefused as refused:
        return (), list(refused.problems)
    items = document if isinstance(document, list) else [document]
    return parse_each((f"[{number}]", _json(item)) for number, item in enumerate(items))


def _totals(invoices: Sequence[Invoice]) -> Iterator[dict[str, str]]:
    for currency in sorted({invoice.currency for invoice in invoices}):
        same = [invoice for invoice in invoices if invoice.currency == currency]
        sums = {name: sum((getattr(invoice, name) for invoice in same), ZERO) for name in ("net", "vat", "gross")}
        yield {"currency": currency} | {name: str(amount) for name, amount in sums.items()}


def _stated(totals: Sequence[Total]) -> list[dict[str, Any]]:
    return [total.model_dump(mode="json", by_alias=True) for total in totals]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
