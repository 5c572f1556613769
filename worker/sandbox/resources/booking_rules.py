"""Rules for booking a draft.

Codes of booking errors are published nowhere. E04870 (of the whole answer) is what an integrator saw for barred periods
in August 2026, and E06600 for a barred product; where nothing is known the entry carries an empty code, so that nobody
comes to rely on one.
"""

from collections.abc import Iterator

from worker.sandbox.failures import Invalid, keyed, refused
from worker.sandbox.resources.lookup import violation
from worker.sandbox.resources.schema import Violation
from worker.sandbox.resources.totals import SalesVat, line_vat
from worker.sandbox.resources.years import refusal
from worker.sandbox.state import Agreement, Json

UNKNOWN = ""
NOT_OPEN = "E04870"
BARRED_PRODUCT = "E06600"


def check_date(agreement: Agreement, draft: Json) -> None:
    """Refuse a date on which nothing can be posted; a switch says whether ``errors`` follow.

    Raises:
        ApiError: 400 with E04870 at the top level.
    """
    reason = refusal(agreement, draft["date"])
    if not reason:
        return
    why = f"The invoice date {draft['date']} lies within a barred period ({reason.replace('-', ' ')})."
    error = refused(400, f"Cannot book the current invoice: {why}", NOT_OPEN)
    if agreement.switches.booking_date_errors:
        error.body["errors"] = keyed([Invalid(property="date", message=why, code=NOT_OPEN, value=draft["date"])])
    raise error


def violations(agreement: Agreement, draft: Json, number: int | None, send_by: str) -> Iterator[Violation]:
    """Yield every reason to refuse; ``number`` None: e-conomic numbers the invoice."""
    if number in agreement.booked:
        yield violation("bookWithNumber", f"Invoice number {number} is already used.", UNKNOWN, number)
    yield from _customer(agreement, draft, send_by)
    yield from _content(agreement, draft)
    for index, line in enumerate(draft["lines"]):
        yield from _line(agreement, draft, line, index)


def _customer(agreement: Agreement, draft: Json, send_by: str) -> Iterator[Violation]:
    number = draft["customer"]["customerNumber"]
    customer = agreement.customers.get(number)
    if customer is None:
        yield violation("customer.customerNumber", f"Customer {number} does not exist.", UNKNOWN, number)
        return
    if customer.get("barred"):
        yield violation("customer.customerNumber", f"Customer {number} is barred.", UNKNOWN, number)
    if send_by == "Email" and not customer.get("email"):
        yield violation("sendBy", "The customer has no e-mail address.", UNKNOWN, send_by)
    if send_by == "EAN" and not (customer.get("ean") or draft["recipient"].get("ean")):
        yield violation("sendBy", "The customer has no EAN number.", UNKNOWN, send_by)


def _content(agreement: Agreement, draft: Json) -> Iterator[Violation]:
    if not any("product" in line for line in draft["lines"]):
        yield violation("lines", "An invoice without lines cannot be booked.", UNKNOWN)
    elif draft["grossAmount"] == 0 and agreement.switches.zero_total == "refuse":
        yield violation(
            "grossAmount", "An invoice whose total is zero cannot be booked.", UNKNOWN, draft["grossAmount"]
        )


def _line(agreement: Agreement, draft: Json, line: Json, index: int) -> Iterator[Violation]:
    if "product" not in line:
        return
    number = line["product"]["productNumber"]
    if agreement.products[number].get("barred"):
        yield violation("product.productNumber", f"Product '{number}' is barred.", BARRED_PRODUCT, number, index)
    vat = line_vat(agreement, line, draft["recipient"]["vatZone"]["vatZoneNumber"])
    if vat is not None:
        yield from _accounts(vat, index)


def _accounts(vat: SalesVat, index: int) -> Iterator[Violation]:
    account = vat.account["accountNumber"]
    if vat.account.get("barred"):
        yield violation("product.productNumber", f"Account {account} is barred.", UNKNOWN, account, index)
    if vat.vat_account and vat.vat_account.get("barred"):
        code = vat.vat_account["vatCode"]
        yield violation("product.productNumber", f"VAT code {code} is barred.", UNKNOWN, code, index)
