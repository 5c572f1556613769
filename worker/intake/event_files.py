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
from worker.intake.event import EVENT_TYPE, SPEC_VERSION, Period
from worker.intake.event_errors import EventRefused
from worker.intake.parsing import parse_each, parse_lines

_SUFFIXES = (".json", ".ndjson", ".jsonl")


def compose(invoices: Sequence[Invoice], *, export: str, period: Period, source: str, now: float) -> bytes:
    """Return the event with these invoices; ``now`` (seconds since the epoch) becomes its time.

    Its id follows from export, period and content, so that publishing the same twice is one event.
    """
    ordered = sorted(invoices, key=lambda invoice: (invoice.invoice_number, invoice.invoice_type))
    data = {
        "export": export,
        "trigger": "retrospective",
        "period": period.model_dump(mode="json", by_alias=True, exclude_none=True),
        "invoiceCount": len(ordered),
        "controlTotals": list(_totals(ordered)),
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


def load_invoices(path: Path) -> tuple[Invoice, ...]:
    """Read invoices from a JSON file (an invoice, or an array of them), an NDJSON file, or a folder of such files.

    Raises ``EventRefused`` with every problem of every file, ``OSError`` when a file cannot be read.
    """
    invoices: list[Invoice] = []
    problems: list[Problem] = []
    for file in _files(path):
        in_file, errors = (_load_json if file.suffix == ".json" else parse_lines)(file.read_bytes())
        invoices += in_file
        problems += [replace(problem, description=f"{file.name}: {problem.description}") for problem in errors]
    if not invoices and not problems:
        problems = [Problem(reason=EventReason.EVENT_INVALID, description=f"{path} holds no invoices.")]
    if problems:
        raise EventRefused(problems)
    return tuple(invoices)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES and file.is_file())


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


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
