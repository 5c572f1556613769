"""CSV and XLSX as rows: a header with the columns' names, then one row for each invoice line."""

import codecs
import csv
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from worker.domain.reasons import EventReason
from worker.intake.event_errors import EventRefused, refused
from worker.intake.formats.mapping import Table

#: Columns of a row, bytes of a cell, rows without anything in a row.
_MOST_COLUMNS, _MOST_CELL, _MOST_EMPTY = 500, 32_768, 1000
#: A workbook unfolds to so many bytes at most, and to so many times its size.
_MOST_UNFOLDED, _MOST_RATIO, _MOST_PARTS = 256 << 20, 200, 2000
_BLOCK = 1 << 16
#: Up to here a double has room for decimals.
_EXACT = 1e9
#: What zipfile, openpyxl and the XML parsers raise for files that are none; none of them reaches beyond the file.
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, DefusedXmlException, InvalidFileException,
    ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError, SyntaxError,
    TypeError, ValueError, AssertionError,
)  # fmt: skip
_DELIMITERS = (";", "\t", "|", ",")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row that is not empty."""

    #: As a text editor or Excel counts.
    line: int
    cells: tuple[str, ...]
    #: Columns whose cell is a number or date already, written as our fields are.
    exact: frozenset[int] = frozenset()


def csv_rows(file: BinaryIO, table: Table) -> Iterator[Row]:
    """Yield the rows of a CSV file, the header first. Raises ``EventRefused``."""
    encoding = _encoding(file) if table.encoding == "auto" else table.encoding
    text = io.TextIOWrapper(file, encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")
    try:
        first = text.readline(_MOST_CELL)
        delimiter = max(_DELIMITERS, key=first.count) if table.delimiter == "auto" else table.delimiter
        text.seek(0)
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        for cells in rows:
            if any(cell.strip() for cell in cells):
                _check_width(len(cells), rows.line_num)
                yield Row(line=rows.line_num, cells=tuple(cell.strip() for cell in cells))
    except UnicodeError:
        raise _unreadable(f"The file is not {encoding}; set table.encoding in the mapping.") from None
    except csv.Error as error:
        raise _unreadable(f"line {rows.line_num}: Not usable CSV: {error}.") from None
    finally:
        text.detach()


def xlsx_rows(file: BinaryIO, table: Table) -> Iterator[Row]:
    """Yield the rows of an XLSX file's sheet, the header first; formulas count by the value saved with them.

    Raises ``EventRefused``.
    """
    try:
        _check_size(file)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            if table.sheet and table.sheet not in book.sheetnames:
                raise _unreadable(f"There is no sheet {table.sheet!r}; there are: {', '.join(book.sheetnames)[:200]}.")
            sheet = book[table.sheet] if table.sheet else book.worksheets[0]
            yield from _sheet_rows(sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True))
        finally:
            book.close()
    except EventRefused:
        raise
    except _BROKEN as error:
        text = f"Not a usable XLSX workbook ({type(error).__name__}); save it anew in Excel, without a password."
        raise _unreadable(text) from None


def _sheet_rows(rows: Iterator[tuple[object, ...]]) -> Iterator[Row]:
    empty = 0
    for line, values in enumerate(rows, start=1):
        cells = [_cell(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        empty = 0 if cells else empty + 1
        if empty > _MOST_EMPTY:
            return
        if cells:
            exact = frozenset(at for at, value in enumerate(values) if isinstance(value, int | float | date))
            yield Row(line=line, cells=tuple(cells), exact=exact)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        # What Excel computed carries noise in the last of a double's digits: 0.1 + 0.2.
        rounded = Decimal(repr(round(value, 6))) if abs(value) < _EXACT else Decimal(repr(value))
        return f"{rounded.normalize():f}"
    return str(value).strip()[:_MOST_CELL]


def _check_size(file: BinaryIO) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > _MOST_PARTS:
            raise _unreadable(f"The workbook has {len(parts)} parts; at most {_MOST_PARTS} are read.")
        # Python's reader stops at the size that a part declares, so what is declared here holds.
        packed, unfolded = (sum(getattr(part, name) for part in parts) for name in ("compress_size", "file_size"))
        if unfolded > _MOST_UNFOLDED or (unfolded > _BLOCK * 16 and unfolded > packed * _MOST_RATIO):
            text = f"The workbook unfolds to {unfolded} bytes from {packed}; save the invoices as CSV."
            raise refused(EventReason.EVENT_TOO_LARGE, text)
    file.seek(0)


def _encoding(file: BinaryIO) -> str:
    """Return the encoding by byte order mark, else UTF-8 if all bytes are; else Windows-1252."""
    start = file.read(4)
    file.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "windows-1252"
    finally:
        file.seek(0)
    return "utf-8"


def _check_width(width: int, line: int) -> None:
    if width > _MOST_COLUMNS:
        raise _unreadable(f"line {line}: {width} columns; at most {_MOST_COLUMNS} are read.")


def _unreadable(text: str) -> EventRefused:
    return refused(EventReason.FILE_UNREADABLE, text)
