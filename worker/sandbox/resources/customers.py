"""Customers and customer groups (e-conomic REST docs, "Customers"; verbs measured on a live agreement, August 2026)."""

from worker.sandbox.failures import refused
from worker.sandbox.resources.fields import Schema, boolean, dotted, integer, number, reference, text
from worker.sandbox.resources.links import linked, stamp, url
from worker.sandbox.resources.lookup import (
    FLAG,
    NUMBER,
    TEXT,
    Link,
    dangling,
    existing,
    listing,
    lowest_free,
    number_in,
    refuse_missing,
    stored,
    violation,
)
from worker.sandbox.resources.schema import accept, refuse_all
from worker.sandbox.resources.simple_collections import readable
from worker.sandbox.resources.voucher_schema import entries_of
from worker.sandbox.routes import SALES, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

SCHEMA: Schema = {
    "customerNumber": integer(),
    "currency": text(3, shortest=3, required=True),
    "customerGroup": reference("customerGroupNumber", required=True),
    "vatZone": reference("vatZoneNumber", required=True),
    "name": text(255, shortest=1, required=True),
    "paymentTerms": reference("paymentTermsNumber", required=True),
    "address": text(510),
    "zip": text(30),
    "city": text(50),
    "country": text(50),
    "email": text(255),
    "telephoneAndFaxNumber": text(255),
    "mobilePhone": text(50),
    "corporateIdentificationNumber": text(40),
    "pNumber": text(10, shortest=10),
    "ean": text(13),
    "publicEntryNumber": text(50),
    "vatNumber": text(20),
    "website": text(255),
    "creditLimit": number(),
    "barred": boolean(),
    "eInvoicingDisabledByDefault": boolean(),
    "layout": reference("layoutNumber"),
    "salesPerson": reference("employeeNumber"),
    "attention": reference("customerContactNumber"),
    "customerContact": reference("customerContactNumber"),
    "defaultDeliveryLocation": reference("deliveryLocationNumber"),
}
LINKS = (
    Link(path=("currency",), table=lambda a: a.currencies),
    Link(path=("customerGroup", "customerGroupNumber"), table=lambda a: a.customer_groups, code="E07140"),
    Link(path=("vatZone", "vatZoneNumber"), table=lambda a: a.vat_zones),
    Link(path=("paymentTerms", "paymentTermsNumber"), table=lambda a: a.payment_terms, code="E07080"),
    Link(path=("layout", "layoutNumber"), table=lambda a: a.layouts),
)
#: ``pNumber`` is filterable although the schema does not say so (measured on a live agreement, August 2026).
FILTERABLE = (
    {"customerNumber": NUMBER, "balance": NUMBER, "creditLimit": NUMBER, "lastUpdated": NUMBER, "barred": FLAG}
    | {"customerGroup.customerGroupNumber": NUMBER}
    | dict.fromkeys(("name", "corporateIdentificationNumber", "ean", "email", "vatNumber", "currency"), TEXT)
    | dict.fromkeys(("mobilePhone", "telephoneAndFaxNumber", "publicEntryNumber", "website", "pNumber"), TEXT)
    | dict.fromkeys(("address", "zip", "city", "country"), TEXT)
)


def view(number: int, body: Json, updated: str) -> Json:
    """Return the whole resource; a false boolean is absent, as recorded answers show."""
    own = {name: value for name, value in body.items() if value is not False}
    address = url("customers", number)
    return own | {
        "customerNumber": number,
        "customerGroup": linked("customerGroupNumber", body["customerGroup"]["customerGroupNumber"], "customer-groups"),
        "vatZone": linked("vatZoneNumber", body["vatZone"]["vatZoneNumber"], "vat-zones"),
        "paymentTerms": linked("paymentTermsNumber", body["paymentTerms"]["paymentTermsNumber"], "payment-terms"),
        "balance": 0,
        "dueAmount": 0,
        "lastUpdated": updated,
        "contacts": f"{address}/contacts",
        "deliveryLocations": f"{address}/delivery-locations",
        "templates": {"invoice": f"{address}/templates/invoice", "invoiceLine": f"{address}/templates/invoiceline"},
        "invoices": {"drafts": f"{address}/invoices/drafts", "booked": f"{address}/invoices/booked"},
        "self": address,
    }


def list_all(agreement: Agreement, _call: Call) -> Answer:
    """List customers."""
    return listing(list(agreement.customers.values()), FILTERABLE)


def read(agreement: Agreement, call: Call) -> Answer:
    """Return one customer."""
    return Answer(status=200, body=existing(agreement.customers, number_in(call, "customerNumber")))


def create(agreement: Agreement, call: Call) -> Answer:
    """Create a customer; a number that is left out is the lowest free one, so freed numbers come back."""
    body = accept(SCHEMA, call.body)
    number = body.get("customerNumber") or lowest_free(agreement.customers)
    taken = number in agreement.customers
    refuse_all([violation("customerNumber", f"Customer {number} already exists.", "E06010", number)] if taken else [])
    return _store(agreement, number, body, call)


def replace(agreement: Agreement, call: Call) -> Answer:
    """Replace a customer: what is omitted is cleared. A number that does not exist is created (201)."""
    number = number_in(call, "customerNumber")
    body = accept(SCHEMA, call.body)
    other = body.get("customerNumber", number) != number
    refuse_all([violation("customerNumber", "Differs from the number in the path.", "E04300", number)] if other else [])
    return _store(agreement, number, body, call)


def delete(agreement: Agreement, call: Call) -> Answer:
    """Delete a customer that no invoice, draft or voucher uses; the refusal's code is unknown."""
    number = number_in(call, "customerNumber")
    refuse_missing(agreement.customers, number)
    documents = [*agreement.drafts.values(), *agreement.booked.values()]
    entries = [entry for voucher in agreement.vouchers.values() for _, entry in entries_of(voucher)]
    used = {row["customer"]["customerNumber"] for row in (*documents, *entries) if "customer" in row}
    if number in used | {row["customer"] for row in agreement.booked_entries}:
        raise refused(400, f"Customer {number} is used by an invoice or a voucher and cannot be deleted.", "E04300")
    del agreement.customers[number]
    return Answer(status=204, body=None)


def _store(agreement: Agreement, number: int, body: Json, call: Call) -> Answer:
    refuse_all(dangling(LINKS, agreement, body))
    return stored(agreement.customers, number, view(number, body, stamp(call.now)))


ITEM = "/customers/{customerNumber}"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/customers", handler=list_all, roles=SALES),
    Route(method="POST", path="/customers", handler=create, roles=SALES, fields=dotted(SCHEMA)),
    Route(method="GET", path=ITEM, handler=read, roles=SALES),
    Route(method="PUT", path=ITEM, handler=replace, roles=SALES, fields=dotted(SCHEMA)),
    Route(method="DELETE", path=ITEM, handler=delete, roles=SALES),
    *readable(
        "/customer-groups",
        "customerGroupNumber",
        lambda a: a.customer_groups,
        {"customerGroupNumber": NUMBER, "name": TEXT},
        roles=SALES,
    ),
)
