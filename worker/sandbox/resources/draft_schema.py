"""Schema of a draft invoice (e-conomic REST docs, "Draft invoices"; limits of its published schema).

No VAT, account or total can be sent: totals are the server's, and sending them is ignored.
"""

from collections.abc import Mapping

from worker.sandbox.resources.fields import Schema, choice, day, integer, many, nested, number, reference, text
from worker.sandbox.resources.lookup import NUMBER, TEXT, Link
from worker.sandbox.resources.payment_terms import KINDS
from worker.sandbox.state import Agreement, Json

LINE: Schema = {
    "lineNumber": integer(),
    "sortKey": integer(),
    "description": text(2500),
    "product": reference("productNumber", text(25, shortest=1)),
    "quantity": number(),
    "unitNetPrice": number(),
    "discountPercentage": number(),
    "unitCostPrice": number(),
    "unit": reference("unitNumber"),
    "accrual": nested({"startDate": day(required=True), "endDate": day(required=True)}),
}
#: Appended lines are numbered by the server.
APPENDED: Schema = {"lines": many({name: rule for name, rule in LINE.items() if name != "lineNumber"}, required=True)}
RECIPIENT: Schema = {
    "name": text(250, shortest=1, required=True),
    "vatZone": reference("vatZoneNumber", required=True),
    "address": text(250),
    "zip": text(50),
    "city": text(250),
    "country": text(50),
    "ean": text(13),
    "publicEntryNumber": text(40),
    "mobilePhone": text(50),
    "nemHandelType": choice("ean", "corporateIdentificationNumber", "pNumber", "peppol"),
    "attention": reference("customerContactNumber"),
}
DELIVERY: Schema = {
    "address": text(255),
    "zip": text(30),
    "city": text(50),
    "country": text(50),
    "deliveryTerms": text(100),
    "deliveryDate": day(),
}
DRAFT: Schema = {
    "date": day(required=True),
    "currency": text(3, shortest=3, required=True),
    "layout": reference("layoutNumber", required=True),
    "paymentTerms": reference("paymentTermsNumber", extra={"paymentTermsType": choice(*KINDS)}, required=True),
    "customer": reference("customerNumber", required=True),
    "recipient": nested(RECIPIENT, required=True),
    "dueDate": day(),
    "exchangeRate": number(6, minimum=0),
    "delivery": nested(DELIVERY),
    "notes": nested({"heading": text(250), "textLine1": text(1000), "textLine2": text(1000)}),
    "references": nested(
        {
            "other": text(250),
            "customerContact": reference("customerContactNumber"),
            "salesPerson": reference("employeeNumber"),
            "vendorReference": reference("employeeNumber"),
        }
    ),
    "lines": many(LINE),
}


def _none(_agreement: Agreement) -> Mapping[int, Json]:
    """Return the sandbox's contacts and employees: there are none, so each reference to one is refused."""
    return {}


LINKS = (
    Link(path=("currency",), table=lambda a: a.currencies),
    Link(path=("layout", "layoutNumber"), table=lambda a: a.layouts),
    Link(path=("paymentTerms", "paymentTermsNumber"), table=lambda a: a.payment_terms, code="E07080"),
    Link(path=("customer", "customerNumber"), table=lambda a: a.customers),
    Link(path=("recipient", "vatZone", "vatZoneNumber"), table=lambda a: a.vat_zones),
    Link(path=("recipient", "attention", "customerContactNumber"), table=_none),
    Link(path=("references", "customerContact", "customerContactNumber"), table=_none),
    Link(path=("references", "salesPerson", "employeeNumber"), table=_none),
    Link(path=("references", "vendorReference", "employeeNumber"), table=_none),
)
LINE_LINKS = (
    Link(path=("product", "productNumber"), table=lambda a: a.products),
    Link(path=("unit", "unitNumber"), table=lambda a: a.units),
)
SHARED_FILTERS = (
    dict.fromkeys((f"recipient.{name}" for name in ("name", "address", "zip", "city", "country", "ean")), TEXT)
    | dict.fromkeys(("notes.heading", "notes.textLine1", "notes.textLine2", "references.other", "currency"), TEXT)
    | dict.fromkeys(("date", "customer.customerNumber", "paymentTerms.paymentTermsNumber"), NUMBER)
)
DRAFT_FILTERS = SHARED_FILTERS | dict.fromkeys(
    ("draftInvoiceNumber", "lastUpdated", "soap.currentInvoiceHandle.id"), NUMBER
)
#: ``orderNumber`` is in every booked invoice and cannot be filtered.
BOOKED_FILTERS = SHARED_FILTERS | {"bookedInvoiceNumber": NUMBER}
