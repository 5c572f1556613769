"""Files of each format, written from an event or an invoice: the other direction of what the product reads."""

import csv
import io
from decimal import Decimal
from typing import Any

from lxml import etree
from openpyxl import Workbook

from worker.domain.invoice import Invoice
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.mapping import Mapping
from worker.intake.formats.own_xml import NAMESPACE
from worker.intake.formats.rows import KNOWN
from worker.intake.formats.ubl_nodes import CAC, CBC

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
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
_PREFIXES = {
    "cac": _UBL.format("CommonAggregateComponents"),
    "cbc": _UBL.format("CommonBasicComponents"),
}


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
    credit = invoice.invoice_type == "correction"
    kind, sign = ("CreditNote", -1) if credit else ("Invoice", 1)
    prefixes: dict[str | None, str] = {None: _UBL.format(kind), "cac": _PREFIXES["cac"], "cbc": _PREFIXES["cbc"]}
    root = etree.Element(f"{{{_UBL.format(kind)}}}{kind}", nsmap=prefixes)
    put = _Put(root, invoice.currency)
    put(f"{CBC}ID", invoice.invoice_number)
    put(f"{CBC}IssueDate", invoice.invoice_date)
    if not credit:
        put(f"{CBC}DueDate", invoice.due_date)
    put(f"{CBC}{kind}TypeCode", "381" if credit else "380")
    put(f"{CBC}DocumentCurrencyCode", invoice.currency)
    put(f"{CBC}BuyerReference", invoice.your_reference)
    for number in invoice.order_numbers[:1]:
        put(f"{CAC}OrderReference/{CBC}ID", number)
    put(f"{CAC}BillingReference/{CAC}InvoiceDocumentReference/{CBC}ID", invoice.credits_invoice_number)
    _put_customer(put, invoice)
    if credit:
        put(f"{CAC}PaymentMeans/{CBC}PaymentDueDate", invoice.due_date)
    put(f"{CAC}PaymentTerms/{CBC}Note", invoice.payment_condition.name)
    _put_sums(put, invoice, sign)
    for line in invoice.lines:
        part = put.part(f"{CAC}{kind}Line")
        part(f"{CBC}ID", line.line_number)
        part.amount(f"{CBC}LineExtensionAmount", line.net * sign)
        part(f"{CBC}AccountingCost", line.sales_account)
        part(f"{CAC}Item/{CBC}Name", line.text)
        part(f"{CAC}Item/{CAC}ClassifiedTaxCategory/{CBC}ID", _category(line.vat_rate))
        part(f"{CAC}Item/{CAC}ClassifiedTaxCategory/{CBC}Percent", line.vat_rate)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _category(rate: Decimal) -> str:
    return "S" if rate else "Z"


def _put_customer(put: "_Put", invoice: Invoice) -> None:
    customer, party = invoice.customer, f"{CAC}AccountingCustomerParty/{CAC}Party/"
    put(f"{party}{CBC}EndpointID", customer.ean, schemeID="0088")
    put(f"{party}{CAC}PartyIdentification/{CBC}ID", customer.code)
    put(f"{party}{CAC}PostalAddress/{CBC}StreetName", customer.address)
    put(f"{party}{CAC}PostalAddress/{CBC}CityName", customer.city)
    put(f"{party}{CAC}PostalAddress/{CBC}PostalZone", customer.zip)
    put(f"{party}{CAC}PostalAddress/{CAC}Country/{CBC}IdentificationCode", customer.country)
    put(f"{party}{CAC}PartyTaxScheme/{CBC}CompanyID", customer.vat_number)
    put(f"{party}{CAC}PartyLegalEntity/{CBC}RegistrationName", customer.name)
    put(f"{party}{CAC}PartyLegalEntity/{CBC}CompanyID", customer.corporate_id)
    put(f"{party}{CAC}Contact/{CBC}ElectronicMail", customer.email)


def _put_sums(put: "_Put", invoice: Invoice, sign: int) -> None:
    tax = put.part(f"{CAC}TaxTotal")
    tax.amount(f"{CBC}TaxAmount", invoice.vat * sign)
    for rate in {line.vat_rate for line in invoice.lines}:
        same = [line for line in invoice.lines if line.vat_rate == rate]
        subtotal = tax.part(f"{CAC}TaxSubtotal")
        subtotal.amount(f"{CBC}TaxableAmount", sum((line.net for line in same), Decimal("0.00")) * sign)
        subtotal.amount(f"{CBC}TaxAmount", sum((line.vat for line in same), Decimal("0.00")) * sign)
        subtotal(f"{CAC}TaxCategory/{CBC}ID", _category(rate))
        subtotal(f"{CAC}TaxCategory/{CBC}Percent", rate)
    total = put.part(f"{CAC}LegalMonetaryTotal")
    total.amount(f"{CBC}LineExtensionAmount", invoice.net * sign)
    total.amount(f"{CBC}TaxExclusiveAmount", invoice.net * sign)
    total.amount(f"{CBC}TaxInclusiveAmount", (invoice.net + invoice.vat) * sign)
    total.amount(f"{CBC}PayableRoundingAmount", invoice.rounding * sign)
    total.amount(f"{CBC}PayableAmount", invoice.gross * sign)


class _Put:
    """Writes elements by path; groups on the way are made once."""

    def __init__(self, root: Any, currency: str) -> None:
        self._root = root
        self._currency = currency

    def __call__(self, path: str, value: object, **attributes: str) -> None:
        if value is None or not str(value):
            return
        *groups, last = path.split("/")
        parent = self._root
        for name in groups:
            found = parent.find(name, _PREFIXES)
            parent = found if found is not None else etree.SubElement(parent, _qualified(name))
        etree.SubElement(parent, _qualified(last), **attributes).text = str(value)

    def amount(self, path: str, value: Decimal) -> None:
        self(path, value, currencyID=self._currency)

    def part(self, name: str) -> "_Put":
        return _Put(etree.SubElement(self._root, _qualified(name)), self._currency)


def _qualified(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_PREFIXES[prefix]}}}{local}"


def ubl_keeps(invoice: Invoice) -> Invoice:
    """Return the invoice with nothing that UBL cannot carry."""
    days = (invoice.due_date - invoice.invoice_date).days
    condition = invoice.payment_condition.model_copy(update={"days": days, "from_end_of_month": False})
    customer = invoice.customer.model_copy(update={"ledger_number": None, "phone": None, "changed_at": None})
    lines = tuple(line.model_copy(update={"economic_units": {}}) for line in invoice.lines)
    changes = {"payment_condition": condition, "customer": customer, "lines": lines, "pdf": None, "exchange_rate": None}
    return invoice.model_copy(update=changes)
