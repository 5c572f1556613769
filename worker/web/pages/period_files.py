"""A period's invoices as files for a spreadsheet: CSV, sent as it is read, and a workbook (XLSX)."""

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

from worker.domain.invoice import Invoice
from worker.domain.invoice_search import InvoiceFilter, fits
from worker.domain.record import InvoiceRecord
from worker.web.language import mark, translations
from worker.web.visit import Visit
from worker.web.words import STATES

#: A cell that begins so would be a formula in a spreadsheet.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    *("invoice", "date", "customerCode", "customer", "currency", "net", "vat", "gross"),
    *("state", "reason", "what", "draft", "booked", "voucher"),
)
_STATE = COLUMNS.index("state")
#: Of the workbook, in the order of ``COLUMNS``.
_HEADINGS = (
    *(mark("Invoice"), mark("Date"), mark("Customer code"), mark("Customer"), mark("Currency")),
    *(mark("Net"), mark("VAT"), mark("Gross"), mark("State"), mark("Reason code"), mark("What is wrong")),
    *(mark("Draft"), mark("Booked invoice"), mark("Voucher")),
)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_of(visit: Visit, period_id: str, wanted: InvoiceFilter) -> Response:
    """Answer the invoices that fit, in number order, with semicolons, decimal commas and a byte order mark.

    That is what a Danish spreadsheet opens by a double click.
    """
    return StreamingResponse(
        _csv(_records(visit, period_id, wanted)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{period_id}.csv"'},
    )


def workbook_of(visit: Visit, period_id: str, wanted: InvoiceFilter) -> Response:
    """Answer the invoices that fit as a workbook: numbers are numbers, dates are dates, headings in the language."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        _write_workbook(path, visit.language, _records(visit, period_id, wanted))
    except BaseException:
        path.unlink()
        raise
    gone = BackgroundTask(path.unlink)
    return FileResponse(path, media_type=_XLSX, filename=f"{period_id}.xlsx", background=gone)


def _records(visit: Visit, period_id: str, wanted: InvoiceFilter) -> Iterator[InvoiceRecord]:
    return (it for it in visit.services.store.invoices(period_id, wanted.state) if fits(it, wanted))


def _csv(records: Iterator[InvoiceRecord]) -> Iterator[str]:
    text = io.StringIO("\ufeff")
    text.seek(0, io.SEEK_END)
    rows = csv.writer(text, delimiter=";")
    rows.writerow(COLUMNS)
    for record in records:
        rows.writerow([cell(value) for value in values_of(record)])
        if text.tell() > 64 * 1024:  # bytes of one part
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def values_of(record: InvoiceRecord) -> Sequence[Any]:
    """Return the row of an invoice, in the order of ``COLUMNS``."""
    invoice, progress, failure = Invoice.model_validate_json(record.content), record.progress, record.failure
    return (
        *(record.invoice_number, invoice.invoice_date, invoice.customer.code, invoice.customer.name),
        *(invoice.currency, invoice.net, invoice.vat, invoice.gross),
        *(record.state.value, failure.reason if failure else "", failure.description if failure else ""),
        *(progress.draft_number or "", progress.booked_number or "", progress.voucher or ""),
    )


def cell(value: object) -> str:
    """Return a cell for a Danish spreadsheet: a decimal comma, and no text that would run as a formula."""
    if isinstance(value, Decimal):
        return str(value).replace(".", ",")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULAS) else text


def _write_workbook(path: Path, language: str, records: Iterator[InvoiceRecord]) -> None:
    import xlsxwriter  # noqa: PLC0415  # few visits need it

    say = translations(language).gettext
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    try:
        sheet = book.add_worksheet(say("Invoices"))
        bold, money, day = (
            book.add_format(style)
            for style in ({"bold": True}, {"num_format": "#,##0.00"}, {"num_format": "dd-mm-yyyy"})
        )
        sheet.freeze_panes(1, 0)
        sheet.set_column(1, 13, 16)
        sheet.write_row(0, 0, [say(heading) for heading in _HEADINGS], bold)
        for row, record in enumerate(records, 1):
            for column, value in enumerate(values_of(record)):
                if isinstance(value, Decimal):
                    sheet.write_number(row, column, float(value), money)
                elif isinstance(value, date):
                    sheet.write_datetime(row, column, value, day)
                elif isinstance(value, int):
                    sheet.write_number(row, column, value)
                else:
                    sheet.write_string(row, column, say(STATES[record.state]) if column == _STATE else value)
    finally:
        book.close()
