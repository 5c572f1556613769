"""The sample period as a Danish report, a row for each line: CSV as a Danish Excel writes it, and a workbook."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from openpyxl import Workbook

from worker.domain.invoice import Invoice, Line

_WORDS = {"invoice": "Faktura", "correction": "Kreditnota", "interest": "Rente"}
#: The report's column -> our field, and the cell's value of an invoice and one of its lines.
_COLUMNS: dict[str, tuple[str, Callable[[Invoice, Line], Any]]] = {
    "Fakturanr": ("invoiceNumber", lambda invoice, _: invoice.invoice_number),
    "Type": ("invoiceType", lambda invoice, _: _WORDS[invoice.invoice_type]),
    "Krediterer": ("creditsInvoiceNumber", lambda invoice, _: invoice.credits_invoice_number),
    "Fakturadato": ("invoiceDate", lambda invoice, _: invoice.invoice_date),
    "Forfald": ("dueDate", lambda invoice, _: invoice.due_date),
    "Betingelse": ("paymentCondition.name", lambda invoice, _: invoice.payment_condition.name),
    "Dage": ("paymentCondition.days", lambda invoice, _: invoice.payment_condition.days),
    "Løbende måned": ("paymentCondition.fromEndOfMonth", lambda invoice, _: _truth(invoice)),
    "Valuta": ("currency", lambda invoice, _: invoice.currency),
    "Kurs": ("exchangeRate", lambda invoice, _: invoice.exchange_rate),
    "Netto i alt": ("net", lambda invoice, _: invoice.net),
    "Moms i alt": ("vat", lambda invoice, _: invoice.vat),
    "I alt": ("gross", lambda invoice, _: invoice.gross),
    "Ordrer": ("orderNumbers", lambda invoice, _: ",".join(invoice.order_numbers)),
    "Kundenr": ("customer.code", lambda invoice, _: invoice.customer.code),
    "Reskontronr": ("customer.ledgerNumber", lambda invoice, _: invoice.customer.ledger_number),
    "Kunde": ("customer.name", lambda invoice, _: invoice.customer.name),
    "CVR": ("customer.corporateId", lambda invoice, _: invoice.customer.corporate_id),
    "Momsnr": ("customer.vatNumber", lambda invoice, _: invoice.customer.vat_number),
    "E-mail": ("customer.email", lambda invoice, _: invoice.customer.email),
    "Adresse": ("customer.address", lambda invoice, _: invoice.customer.address),
    "Postnr": ("customer.zip", lambda invoice, _: invoice.customer.zip),
    "By": ("customer.city", lambda invoice, _: invoice.customer.city),
    "Land": ("customer.country", lambda invoice, _: invoice.customer.country),
    "Konto": ("line.salesAccount", lambda _, line: line.sales_account),
    "Momskode": ("line.vatCode", lambda _, line: line.vat_code),
    "Moms %": ("line.vatRate", lambda _, line: line.vat_rate),
    "Beløb": ("line.net", lambda _, line: line.net),
    "Moms": ("line.vat", lambda _, line: line.vat),
    "Tekst": ("line.text", lambda _, line: line.text),
}
#: Columns that Excel holds as numbers.
_NUMBERS = {"Kurs", "Netto i alt", "Moms i alt", "I alt", "Moms %", "Beløb", "Moms"}


def tables_mapping() -> str:
    """Return the mapping (TOML) of the report's columns."""
    columns = "\n".join(f'"{field}" = "{name}"' for name, (field, _) in _COLUMNS.items())
    words = "\n".join(f'"{theirs}" = "{ours}"' for ours, theirs in _WORDS.items())
    return f'[table]\ndates = ["%d-%m-%Y"]\n\n[columns]\n{columns}\n\n[values.invoiceType]\n{words}\n'


def period_csv(invoices: Sequence[Invoice]) -> bytes:
    """Return the report as CSV in Windows-1252, amounts with a comma."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(_COLUMNS)
    for cells in _rows(invoices):
        writer.writerow([_danish(name, cell) for name, cell in zip(_COLUMNS, cells, strict=True)])
    return text.getvalue().encode("cp1252")


def period_xlsx(invoices: Sequence[Invoice]) -> bytes:
    """Return the report as a workbook; amounts and dates are cells of their own kind."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Fakturaer")
    sheet.append(list(_COLUMNS))
    for cells in _rows(invoices):
        sheet.append(
            [
                float(cell) if name in _NUMBERS and cell is not None else cell
                for name, cell in zip(_COLUMNS, cells, strict=True)
            ]
        )
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _rows(invoices: Sequence[Invoice]) -> Iterator[list[Any]]:
    for invoice in invoices:
        for line in invoice.lines:
            yield [value(invoice, line) for _, value in _COLUMNS.values()]


def _danish(name: str, cell: Any) -> str:
    if cell is None:
        return ""
    if name in _NUMBERS:
        return str(cell).replace(".", ",")
    return f"{cell:%d-%m-%Y}" if hasattr(cell, "isoformat") else str(cell)


def _truth(invoice: Invoice) -> str:
    return str(invoice.payment_condition.from_end_of_month).lower()
