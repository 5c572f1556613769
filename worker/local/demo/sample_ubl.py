"""The sample's invoices as Peppol BIS Billing 3 documents (UBL 2.1), one a file.

Beside what Peppol asks for, a document holds what UBL 2.1 has an element for and Opter knows: the customer's account
number, the exchange rate, the orders of its lines, each line's own VAT.
"""

from decimal import Decimal
from typing import Any

from lxml import etree

from worker.domain.invoice import Invoice
from worker.domain.money import ZERO

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
_PREFIXES = {
    "cac": _UBL.format("CommonAggregateComponents"),
    "cbc": _UBL.format("CommonBasicComponents"),
}
_PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"


def invoice_ubl(invoice: Invoice) -> bytes:
    """Return a Peppol invoice or credit note; the sales account is its lines' accounting cost."""
    credit = invoice.invoice_type == "correction"
    kind, sign = ("CreditNote", -1) if credit else ("Invoice", 1)
    prefixes: dict[str | None, str] = {None: _UBL.format(kind), "cac": _PREFIXES["cac"], "cbc": _PREFIXES["cbc"]}
    root = etree.Element(f"{{{_UBL.format(kind)}}}{kind}", nsmap=prefixes)
    put = _Put(root, invoice.currency)
    put("cbc:CustomizationID", _PEPPOL)
    put("cbc:ID", invoice.invoice_number)
    put("cbc:IssueDate", invoice.invoice_date)
    if not credit:
        put("cbc:DueDate", invoice.due_date)
    put(f"cbc:{kind}TypeCode", "381" if credit else "380")
    put("cbc:DocumentCurrencyCode", invoice.currency)
    put("cbc:BuyerReference", invoice.your_reference)
    for number in invoice.order_numbers[:1]:
        put("cac:OrderReference/cbc:ID", number)
    put("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", invoice.credits_invoice_number)
    _put_customer(put, invoice)
    if credit:
        put("cac:PaymentMeans/cbc:PaymentDueDate", invoice.due_date)
    put("cac:PaymentTerms/cbc:Note", invoice.payment_condition.name)
    _put_rate(put, invoice)
    _put_sums(put, invoice, sign)
    _put_lines(put, invoice, kind, sign)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _put_lines(put: "_Put", invoice: Invoice, kind: str, sign: int) -> None:
    for number, line in enumerate(invoice.lines):
        part = put.part(f"cac:{kind}Line")
        part("cbc:ID", line.line_number)
        part.amount("cbc:LineExtensionAmount", line.net * sign)
        part("cbc:AccountingCost", line.sales_account)
        for order in invoice.order_numbers[1:] if number == 0 else ():
            reference = part.part("cac:OrderLineReference")
            reference("cbc:LineID", "NA")
            reference("cac:OrderReference/cbc:ID", order)
        part.amount("cac:TaxTotal/cbc:TaxAmount", line.vat * sign)
        part("cac:Item/cbc:Name", line.text)
        part("cac:Item/cac:ClassifiedTaxCategory/cbc:ID", _category(line.vat_rate))
        part("cac:Item/cac:ClassifiedTaxCategory/cbc:Percent", line.vat_rate)


def _category(rate: Decimal) -> str:
    return "S" if rate else "Z"


def _put_customer(put: "_Put", invoice: Invoice) -> None:
    customer, party = invoice.customer, "cac:AccountingCustomerParty/cac:Party/"
    put("cac:AccountingCustomerParty/cbc:SupplierAssignedAccountID", customer.ledger_number)
    put(f"{party}cbc:EndpointID", customer.ean, schemeID="0088")
    put(f"{party}cac:PartyIdentification/cbc:ID", customer.code)
    put(f"{party}cac:PostalAddress/cbc:StreetName", customer.address)
    put(f"{party}cac:PostalAddress/cbc:CityName", customer.city)
    put(f"{party}cac:PostalAddress/cbc:PostalZone", customer.zip)
    put(f"{party}cac:PostalAddress/cac:Country/cbc:IdentificationCode", customer.country)
    put(f"{party}cac:PartyTaxScheme/cbc:CompanyID", customer.vat_number)
    put(f"{party}cac:PartyLegalEntity/cbc:RegistrationName", customer.name)
    put(f"{party}cac:PartyLegalEntity/cbc:CompanyID", customer.corporate_id)
    put(f"{party}cac:Contact/cbc:Telephone", customer.phone)
    put(f"{party}cac:Contact/cbc:ElectronicMail", customer.email)


def _put_rate(put: "_Put", invoice: Invoice) -> None:
    if invoice.exchange_rate is not None:
        put("cac:TaxExchangeRate/cbc:SourceCurrencyCode", invoice.currency)
        put("cac:TaxExchangeRate/cbc:TargetCurrencyCode", "DKK")
        put("cac:TaxExchangeRate/cbc:CalculationRate", invoice.exchange_rate.scaleb(-2))


def _put_sums(put: "_Put", invoice: Invoice, sign: int) -> None:
    tax = put.part("cac:TaxTotal")
    tax.amount("cbc:TaxAmount", invoice.vat * sign)
    for rate in sorted({line.vat_rate for line in invoice.lines}):
        same = [line for line in invoice.lines if line.vat_rate == rate]
        subtotal = tax.part("cac:TaxSubtotal")
        subtotal.amount("cbc:TaxableAmount", sum((line.net for line in same), ZERO) * sign)
        subtotal.amount("cbc:TaxAmount", sum((line.vat for line in same), ZERO) * sign)
        subtotal("cac:TaxCategory/cbc:ID", _category(rate))
        subtotal("cac:TaxCategory/cbc:Percent", rate)
    total = put.part("cac:LegalMonetaryTotal")
    total.amount("cbc:LineExtensionAmount", invoice.net * sign)
    total.amount("cbc:TaxExclusiveAmount", invoice.net * sign)
    total.amount("cbc:TaxInclusiveAmount", (invoice.net + invoice.vat) * sign)
    total.amount("cbc:PayableRoundingAmount", invoice.rounding * sign)
    total.amount("cbc:PayableAmount", invoice.gross * sign)


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
