"""Files of each format, written from an event or an invoice: the other direction of what the product reads."""

import csv
import io
from typing import Any

from lxml import etree
from openpyxl import Workbook

from worker.domain.invoice import Invoice
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.mapping import Mapping
from worker.intake.formats.own_xml import NAMESPACE
from worker.intake.formats.rows import KNOWN
from worker.local.demo.sample_ubl import invoice_ubl

#: Sales account and VAT code as the UBL files written here carry them: in the accounting cost, and by category.
UBL_MAPPING = Mapping.model_validate(
    {
        "ubl": {
            "accounts": [{"account": "3010", "cost": "3010"}, {"account": "3012", "cost": "3012"}],
            "vat_codes": [{"code": "M25", "category": "S"}, {"code": "M0", "category": "Z"}],
        }
    }
)
_SINGULAR = {"lines": "line", "invoices": "invoice", "controlTotals": "controlTotal", "orderNumbers": "orderNumber"}


def read(raw: bytes, name: str, mapping: Mapping | None = None) -> tuple[list[Invoice], FileHead]:
    """Read a file as the product does. Raises ``EventRefused``."""
    head = FileHead()
    how = HowToRead(mapping=mapping or Mapping())
    return [invoice for invoice, _ in read_file(io.BytesIO(raw), name, how, head)], head


def to_xml(data: dict[str, Any], root: str = "invoicePeriod") -> bytes:
    """Return an event's ``data`` as our own XML."""
    element = etree.Element(f"{{{NAMESPACE}}}{root}", nsmap={None: NAMESPACE})
    _add_members(element, data)
    return bytes(etree.tostring(element, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _add_members(parent: Any, members: dict[str, Any]) -> None:
    for name, value in members.items():
        _add(parent, name, value)


def _add(parent: Any, name: str, value: Any) -> None:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if name == "economicUnits":
        for key, unit in value.items():
            etree.SubElement(element, f"{{{NAMESPACE}}}unit", key=key).text = unit
    elif isinstance(value, dict):
        _add_members(element, value)
    elif isinstance(value, list):
        for item in value:
            _add(element, _SINGULAR[name], item)
    elif value is not None:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)


def table(invoices: list[Invoice]) -> list[list[str]]:
    """Return a header and a row for each line; columns are called like our fields."""
    rows = [list(KNOWN)]
    for invoice in invoices:
        data = invoice.model_dump(mode="json", by_alias=True)
        for line in data["lines"]:
            parts = {"": data, "customer": data["customer"], "paymentCondition": data["paymentCondition"], "line": line}
            cells = [parts[name.rpartition(".")[0]][field.name] for name, field in KNOWN.items()]
            rows.append([_cell(cell) for cell in cells])
    return rows


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else str(value)


def to_csv(invoices: list[Invoice], *, decimal: str = ",") -> bytes:
    """Return a CSV file as a Danish Excel writes it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    header, *rows = table(invoices)
    writer.writerow(header)
    kinds = [field.kind for field in KNOWN.values()]
    for row in rows:
        cells = zip(kinds, row, strict=True)
        writer.writerow([cell.replace(".", decimal) if kind == "decimal" else cell for kind, cell in cells])
    return text.getvalue().encode()


def to_xlsx(invoices: list[Invoice]) -> bytes:
    """Return a workbook in which amounts are numbers."""
    book = Workbook()
    header, *rows = table(invoices)
    book.active.append(header)
    for row in rows:
        cells = zip(KNOWN.values(), row, strict=True)
        book.active.append([float(cell) if field.kind == "decimal" and cell else cell for field, cell in cells])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def to_ubl(invoice: Invoice) -> bytes:
    """Return a Peppol invoice or credit note; the sales account is its lines' accounting cost."""
    return invoice_ubl(invoice)


def ubl_keeps(invoice: Invoice) -> Invoice:
    """Return the invoice with nothing that UBL cannot carry."""
    days = (invoice.due_date - invoice.invoice_date).days
    condition = invoice.payment_condition.model_copy(update={"days": days, "from_end_of_month": False})
    customer = invoice.customer.model_copy(update={"changed_at": None})
    lines = tuple(line.model_copy(update={"economic_units": {}}) for line in invoice.lines)
    changes = {"payment_condition": condition, "customer": customer, "lines": lines, "pdf": None}
    return invoice.model_copy(update=changes | {"gross_in_base_currency": None})
