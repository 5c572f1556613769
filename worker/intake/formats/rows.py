"""Invoices from rows: one row for each line, the rows of an invoice together; columns are mapped by name."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO

from pydantic import BaseModel

from worker.domain.invoice import Customer, Invoice, InvoiceType, Line, PaymentCondition
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.event_errors import EventRefused, refused
from worker.intake.formats.completion import complete_invoice, complete_line, turn_signs
from worker.intake.formats.field_types import FieldType, fields_of, typed
from worker.intake.formats.mapping import Mapping, Table
from worker.intake.formats.port import Found, FoundInvoice
from worker.intake.formats.tables import Row, csv_rows, xlsx_rows

#: Most lines of one invoice.
_MOST_LINES = 5000
#: Digits of an invoice number at most.
_DIGITS = 9
_GROUPED = {
    ",": re.compile(r"[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?"),
    ".": re.compile(r"[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?"),
}
_PARTS: dict[str, type[BaseModel]] = {
    "": Invoice, "customer": Customer, "paymentCondition": PaymentCondition, "line": Line,
}  # fmt: skip
_NUMBER = "invoiceNumber"


def _known() -> dict[str, FieldType]:
    """Return the fields that a column can be: ``net``, ``customer.code``, ``line.text``."""
    known = {}
    for part, model in _PARTS.items():
        for field in fields_of(model).values():
            if field.kind not in {"model", "map"} and (field.kind != "list" or field.model is None):
                known[f"{part}.{field.name}" if part else field.name] = field
    return known


KNOWN = _known()


def read_csv(file: BinaryIO, mapping: Mapping) -> Iterator[Found]:
    """See ``FormatReader``."""
    return _invoices(csv_rows(file, mapping.table), mapping)


def read_xlsx(file: BinaryIO, mapping: Mapping) -> Iterator[Found]:
    """See ``FormatReader``."""
    return _invoices(xlsx_rows(file, mapping.table), mapping)


def _invoices(rows: Iterator[Row], mapping: Mapping) -> Iterator[Found]:
    header = next(rows, None)
    if header is None:
        raise refused(EventReason.FILE_UNREADABLE, "line 1: The file is empty; its first row names the columns.")
    columns = _columns(header, mapping)
    seen: set[str] = set()
    invoice: _Invoice | None = None
    for row in rows:
        cells = _Cells(row, columns, mapping)
        number = cells.text(_NUMBER)
        if invoice is None or number != invoice.number:
            if invoice:
                yield invoice.found()
            invoice = _Invoice(number, cells, turned=mapping.table.credit_notes == "positive")
            if number in seen:
                invoice.problem(row, _NUMBER, number, "stood further up; put all rows of an invoice together")
            seen.add(number)
        invoice.add(cells)
    if invoice:
        yield invoice.found()


def _columns(header: Row, mapping: Mapping) -> dict[str, int]:
    """Return the position of each field. Raises ``EventRefused`` naming all columns that are not there."""
    names = [cell.casefold() for cell in header.cells]
    problems = [
        _problem(header, field, field, "is no field of ours; see the guide for their names")
        for field in {*mapping.columns, *mapping.constants, *mapping.values} - KNOWN.keys()
    ]
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    wanted = dict(mapping.columns) or {field: field for field in KNOWN if field.casefold() in names}
    for field, column in wanted.items():
        name = column.casefold()
        if name in doubled:
            problems.append(_problem(header, field, column, "names two columns; rename one"))
        elif name not in names:
            problems.append(_problem(header, field, column, "is no column of this file; correct the mapping"))
    if _NUMBER not in wanted:
        text = "has no column; map it, as it says which rows belong together"
        problems.append(_problem(header, _NUMBER, "", text))
    if problems:
        raise EventRefused([_as_mapping(problem) for problem in problems])
    return {field: names.index(column.casefold()) for field, column in wanted.items()}


class _Cells:
    """One row by field; what is wrong with a cell is kept."""

    def __init__(self, row: Row, columns: dict[str, int], mapping: Mapping) -> None:
        self.row = row
        self._columns = columns
        self._mapping = mapping

    def text(self, field: str) -> str:
        """Return the sender's text for a field, translated; empty when it says nothing."""
        at = self._columns.get(field)
        cell = self.row.cells[at] if at is not None and at < len(self.row.cells) else ""
        cell = self._mapping.values.get(field, {}).get(cell, cell)
        return cell or self._mapping.constants.get(field, "")

    def values(self, part: str) -> tuple[dict[str, object], list[Problem]]:
        """Return the fields of an invoice, its customer, ... as far as the row gives them."""
        found, problems = dict[str, object](), list[Problem]()
        for name, field in KNOWN.items():
            if name.rpartition(".")[0] == part and (text := self.text(name)):
                try:
                    found[field.name] = self._value(name, field, text)
                except ValueError as error:
                    problems.append(_problem(self.row, name, text, str(error), self.text(_NUMBER)))
        return found, problems

    def _value(self, name: str, field: FieldType, text: str) -> object:
        exact = self._columns.get(name) in self.row.exact
        read: Callable[[str, Table], str] | None = {"decimal": _decimal, "date": _date}.get(field.kind)
        if read and not exact:
            return read(text, self._mapping.table)
        if field.kind == "list":
            return [part.strip() for part in text.split(",") if part.strip()]
        return typed(field, text)


class _Invoice:
    """The rows of one invoice."""

    def __init__(self, number: str, first: _Cells, *, turned: bool) -> None:
        """``turned``: credit notes have positive amounts, which are negative here."""
        self.number = number
        self._first = first
        self._turned = turned
        self._problems: list[Problem] = []
        self._lines: list[dict[str, object]] = []
        self._head: dict[str, dict[str, object]] = {}
        for part in ("", "customer", "paymentCondition"):
            self._head[part], problems = first.values(part)
            self._problems += problems

    def problem(self, row: Row, field: str, value: str, what: str) -> None:
        self._problems.append(_problem(row, field, value, what, self.number))

    def add(self, cells: _Cells) -> None:
        """Add a row: a line, and what the rows of an invoice say alike."""
        if len(self._lines) >= _MOST_LINES:
            text = f"line {cells.row.line}: invoice {self.number[:40]} has more than {_MOST_LINES} lines."
            raise refused(EventReason.EVENT_TOO_LARGE, text, field=_NUMBER)
        for name in KNOWN:
            if not name.startswith("line.") and cells.text(name) != self._first.text(name):
                first = f"{self._first.text(name)[:40]!r} in line {self._first.row.line}"
                self.problem(cells.row, name, cells.text(name), f"differs from {first} of the same invoice")
        line, problems = cells.values("line")
        complete_line(line, len(self._lines) + 1)
        self._lines.append(line)
        self._problems += problems

    def found(self) -> FoundInvoice:
        """Return the invoice; totals, days and due date that no column gives are computed."""
        fields: dict[str, object] = self._head[""] | {"lines": self._lines, "customer": self._head["customer"]}
        fields["paymentCondition"] = self._head["paymentCondition"]
        complete_invoice(fields)
        if self._turned and str(fields.get("invoiceType", "")).strip().lower() == InvoiceType.CORRECTION:
            turn_signs(fields)
        within = f"line {self._first.row.line}"
        return FoundInvoice(within=within, fields=fields, problems=tuple(self._problems))


def _decimal(text: str, table: Table) -> str:
    """Return an amount in the event's spelling. Raises ``ValueError``."""
    plain = "".join(text.replace("\u2212", "-").split())
    plain = f"-{plain[:-1]}" if plain.endswith("-") else plain
    if not _GROUPED[table.decimal].fullmatch(plain):
        example = "1.234,50" if table.decimal == "," else "1,234.50"
        raise ValueError(f"is no amount; write it such as {example}, or set table.decimal in the mapping")
    grouping = "." if table.decimal == "," else ","
    return plain.replace(grouping, "").replace(table.decimal, ".").removeprefix("+")


def _date(text: str, table: Table) -> str:
    """Return a date in the event's spelling. Raises ``ValueError``."""
    for form in table.dates:
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007  # a date has no zone
        except ValueError:
            continue
    raise ValueError("is no date; write it such as 20-11-2026, or set table.dates in the mapping")


def _problem(row: Row, field: str, value: str, what: str, number: str = "") -> Problem:
    invoice = f" of invoice {number[:40]}" if number else ""
    known = int(number) if number.isascii() and number.isdigit() and len(number) <= _DIGITS else None
    text = f"line {row.line}: {field}{invoice}: {value[:100]!r} {what}."
    return Problem(
        reason=EventReason.EVENT_INVALID, description=text, invoice_number=known, field=field, value=value[:100]
    )


def _as_mapping(problem: Problem) -> Problem:
    return Problem(
        reason=EventReason.MAPPING_INVALID,
        description=problem.description,
        field=problem.field,
        value=problem.value,
    )
