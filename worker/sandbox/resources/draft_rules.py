"""Rules for a draft that fits the schema."""

from collections.abc import Iterator
from decimal import Decimal

from worker.sandbox.resources.draft_schema import LINE_LINKS, LINKS
from worker.sandbox.resources.lookup import dangling, violation
from worker.sandbox.resources.payment_terms import STATED
from worker.sandbox.resources.schema import Violation, refuse_all
from worker.sandbox.resources.totals import sales_vat
from worker.sandbox.state import Agreement, Json

#: Properties of a line that need a product beside them.
PRICED = ("quantity", "unitNetPrice")


def check(agreement: Agreement, body: Json) -> None:
    """Refuse a draft that e-conomic would not take.

    Raises:
        ApiError: 400 with every violation, of header and lines.
    """
    refuse_all(_dangling(agreement, body))
    refuse_all([*_header(agreement, body), *_lines(agreement, body)])


def _dangling(agreement: Agreement, body: Json) -> list[Violation]:
    lines = enumerate(body.get("lines", []))
    return dangling(LINKS, agreement, body) + [
        missing for index, line in lines for missing in dangling(LINE_LINKS, agreement, line, index)
    ]


def _header(agreement: Agreement, body: Json) -> Iterator[Violation]:
    yield from _terms(agreement, body)
    if agreement.layouts[body["layout"]["layoutNumber"]].get("deleted"):
        yield violation("layout.layoutNumber", "The layout has been deleted.", "E06000", body["layout"]["layoutNumber"])
    zone = body["recipient"]["vatZone"]["vatZoneNumber"]
    if not agreement.vat_zones[zone].get("enabledForCustomer"):
        yield violation("recipient.vatZone", "The VAT zone is not enabled for customers.", "E04300", zone)
    if body["currency"] == agreement.base_currency and body.get("exchangeRate", 100) != Decimal(100):
        yield violation("exchangeRate", "Must be 100 for the base currency.", "E04300", body["exchangeRate"])


def _terms(agreement: Agreement, body: Json) -> Iterator[Violation]:
    terms = agreement.payment_terms[body["paymentTerms"]["paymentTermsNumber"]]
    kind = terms["paymentTermsType"]
    sent = body["paymentTerms"].get("paymentTermsType", kind)
    if sent != kind:
        yield violation("paymentTerms.paymentTermsType", f"The terms are of type {kind}.", "E07180", sent)
    if kind == STATED and "dueDate" not in body:
        yield violation("dueDate", "A due date is required with these payment terms.", "E04042")
    elif kind == STATED and body["dueDate"] < body["date"]:
        yield violation("dueDate", "The due date is earlier than the date.", "E04760", body["dueDate"])


def _lines(agreement: Agreement, body: Json) -> Iterator[Violation]:
    zone = body["recipient"]["vatZone"]["vatZoneNumber"]
    seen: set[int] = set()
    for index, line in enumerate(body.get("lines", [])):
        yield from _priced(line, index)
        yield from _accounted(agreement, line, zone, index)
        if line.get("lineNumber") in seen:
            yield violation("lineNumber", "Two lines have this number.", "E04300", line["lineNumber"], index)
        seen.add(line.get("lineNumber", 0))


def _priced(line: Json, index: int) -> Iterator[Violation]:
    if "product" in line:
        for name in PRICED:
            if name not in line:
                yield violation(name, f"{name} is required because product is set.", "E04730", None, index)
    elif any(name in line for name in (*PRICED, "discountPercentage", "unitCostPrice")):
        yield violation("product", "product is required because quantity or a price is set.", "E04730", None, index)


def _accounted(agreement: Agreement, line: Json, zone: int, index: int) -> Iterator[Violation]:
    if "product" not in line or agreement.switches.missing_zone_account != "refuse":
        return
    product = line["product"]["productNumber"]
    if sales_vat(agreement, product, zone) is None:
        message = f"The product group has no sales account for VAT zone {zone}."
        yield violation("product.productNumber", message, "E04300", product, index)
