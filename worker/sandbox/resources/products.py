"""Products and product groups (e-conomic REST docs, "Products"). Groups cannot be written on legacy REST."""

from worker.sandbox.failures import refused
from worker.sandbox.resources.fields import Schema, boolean, dotted, number, reference, text
from worker.sandbox.resources.links import linked, stamp, url
from worker.sandbox.resources.lookup import (
    FLAG,
    NUMBER,
    TEXT,
    Link,
    dangling,
    existing,
    listing,
    number_in,
    refuse_missing,
    stored,
    violation,
)
from worker.sandbox.resources.schema import accept, refuse_all
from worker.sandbox.resources.simple_collections import readable
from worker.sandbox.routes import SALES, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

SCHEMA: Schema = {
    "productNumber": text(25, shortest=1, required=True),
    "name": text(300, shortest=1, required=True),
    "productGroup": reference("productGroupNumber", required=True),
    "description": text(500),
    "salesPrice": number(),
    "costPrice": number(),
    "recommendedPrice": number(),
    "barCode": text(50),
    "barred": boolean(),
    "unit": reference("unitNumber"),
}
LINKS = (
    Link(path=("productGroup", "productGroupNumber"), table=lambda a: a.product_groups),
    Link(path=("unit", "unitNumber"), table=lambda a: a.units),
)
FILTERABLE = (
    dict.fromkeys(("productNumber", "name", "description", "barCode"), TEXT)
    | dict.fromkeys(("salesPrice", "costPrice", "recommendedPrice", "lastUpdated"), NUMBER)
    | {"barred": FLAG}
)


def view(body: Json, updated: str) -> Json:
    """Return the whole resource; a false boolean is absent, as recorded answers show."""
    own = {name: value for name, value in body.items() if value is not False}
    group = linked("productGroupNumber", body["productGroup"]["productGroupNumber"], "product-groups")
    return own | {"productGroup": group, "lastUpdated": updated, "self": url("products", body["productNumber"])}


def list_all(agreement: Agreement, _call: Call) -> Answer:
    """List products."""
    return listing(list(agreement.products.values()), FILTERABLE)


def read(agreement: Agreement, call: Call) -> Answer:
    """Return one product."""
    return Answer(status=200, body=existing(agreement.products, call.params["productNumber"]))


def create(agreement: Agreement, call: Call) -> Answer:
    """Create a product; its number is the caller's own."""
    body = accept(SCHEMA, call.body)
    name = body["productNumber"]
    taken = name in agreement.products
    refuse_all([violation("productNumber", f"Product '{name}' already exists.", "E06010", name)] if taken else [])
    return _store(agreement, body, call)


def replace(agreement: Agreement, call: Call) -> Answer:
    """Replace a product, or create it when the number does not exist."""
    body = accept(SCHEMA, {"productNumber": call.params["productNumber"], **_mapping(call.body)})
    other = body["productNumber"] != call.params["productNumber"]
    refuse_all([violation("productNumber", "Differs from the number in the path.", "E04300")] if other else [])
    return _store(agreement, body, call)


def delete(agreement: Agreement, call: Call) -> Answer:
    """Delete a product that no draft or booked invoice uses; the refusal's code is unknown."""
    name = call.params["productNumber"]
    refuse_missing(agreement.products, name)
    documents = [*agreement.drafts.values(), *agreement.booked.values()]
    used = {line.get("product", {}).get("productNumber") for document in documents for line in document["lines"]}
    if name in used:
        raise refused(400, f"Product '{name}' is used by an invoice and cannot be deleted.", "E04300")
    del agreement.products[name]
    return Answer(status=204, body=None)


def list_of_group(agreement: Agreement, call: Call) -> Answer:
    """List the products of one group."""
    number = number_in(call, "productGroupNumber")
    existing(agreement.product_groups, number)
    own = [
        product for product in agreement.products.values() if product["productGroup"]["productGroupNumber"] == number
    ]
    return listing(own, FILTERABLE)


def list_accounts(agreement: Agreement, call: Call) -> Answer:
    """List the group's sales account of each VAT zone; a switch says whether zones without one have a row."""
    number = number_in(call, "productGroupNumber")
    existing(agreement.product_groups, number)
    pairs = [(zone, account) for (group, zone), account in sorted(agreement.sales_accounts.items()) if group == number]
    rows = [{"vatZone": agreement.vat_zones[z], "salesAccount": agreement.accounts[a]} for z, a in pairs]
    if agreement.switches.empty_zone_rows:
        rows += [{"vatZone": zone} for number, zone in agreement.vat_zones.items() if number not in dict(pairs)]
    return listing(rows, {"vatZone.vatZoneNumber": NUMBER, "salesAccount.accountNumber": NUMBER})


def _store(agreement: Agreement, body: Json, call: Call) -> Answer:
    refuse_all(dangling(LINKS, agreement, body))
    return stored(agreement.products, body["productNumber"], view(body, stamp(call.now)))


def _mapping(body: object) -> Json:
    return body if isinstance(body, dict) else {}


ITEM = "/products/{productNumber}"
GROUP = "/product-groups/{productGroupNumber}"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/products", handler=list_all, roles=SALES),
    Route(method="POST", path="/products", handler=create, roles=SALES, fields=dotted(SCHEMA)),
    Route(method="GET", path=ITEM, handler=read, roles=SALES),
    Route(method="PUT", path=ITEM, handler=replace, roles=SALES, fields=dotted(SCHEMA)),
    Route(method="DELETE", path=ITEM, handler=delete, roles=SALES),
    Route(method="GET", path=f"{GROUP}/products", handler=list_of_group, roles=SALES),
    Route(method="GET", path=f"{GROUP}/sales-accounts", handler=list_accounts, roles=SALES),
    *readable(
        "/product-groups",
        "productGroupNumber",
        lambda a: a.product_groups,
        {"productGroupNumber": NUMBER, "name": TEXT},
        roles=SALES,
    ),
)
