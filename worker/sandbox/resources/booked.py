"""Booked invoices: booking a draft is irreversible, and the draft is gone (e-conomic REST docs, "Booked invoices")."""

from datetime import timedelta

from worker.sandbox.failures import not_found
from worker.sandbox.resources.booking_rules import check_date, violations
from worker.sandbox.resources.draft_schema import BOOKED_FILTERS
from worker.sandbox.resources.drafts import without_lines
from worker.sandbox.resources.fields import Schema, choice, dotted, integer, reference
from worker.sandbox.resources.ledger import post_invoice
from worker.sandbox.resources.links import url
from worker.sandbox.resources.lookup import Link, dangling, existing, listed, listing, number_in, stored
from worker.sandbox.resources.schema import accept, refuse_all
from worker.sandbox.resources.totals import HUNDRED, line_rate, rounded
from worker.sandbox.routes import SALES, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

SCHEMA: Schema = {
    "draftInvoice": reference("draftInvoiceNumber", required=True),
    "bookWithNumber": integer(),
    "sendBy": choice("none", "EAN", "Email"),
}
LINKS = (Link(path=("draftInvoice", "draftInvoiceNumber"), table=lambda a: a.drafts),)
#: Parts of a draft that a booked invoice does not have.
DRAFT_ONLY = ("draftInvoiceNumber", "soap", "templates", "attachment", "lastUpdated")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


def list_all(agreement: Agreement, call: Call) -> Answer:
    """List booked invoices, without their lines."""
    return listing([without_lines(invoice) for invoice in listed(agreement, agreement.booked, call)], BOOKED_FILTERS)


def read(agreement: Agreement, call: Call) -> Answer:
    """Return one booked invoice."""
    return Answer(status=200, body=existing(agreement.booked, number_in(call, "bookedInvoiceNumber")))


def read_pdf(agreement: Agreement, call: Call) -> Answer:
    """Return the PDF; 404 for the first seconds after booking, as integrators report."""
    invoice = existing(agreement.booked, number_in(call, "bookedInvoiceNumber"))
    if call.now < agreement.born[invoice["self"]] + timedelta(seconds=agreement.switches.pdf_lag):
        raise not_found()
    return Answer(status=200, body=PDF)


def book(agreement: Agreement, call: Call) -> Answer:
    """Book a draft under ``bookWithNumber``, or under the next number."""
    return _book(agreement, call, accept(SCHEMA, call.body))


def book_as(agreement: Agreement, call: Call) -> Answer:
    """Book a draft under the number in the path."""
    return _book(
        agreement, call, accept(SCHEMA, call.body) | {"bookWithNumber": number_in(call, "bookedInvoiceNumber")}
    )


def _book(agreement: Agreement, call: Call, body: Json) -> Answer:
    refuse_all(dangling(LINKS, agreement, body))
    draft_number, wanted = body["draftInvoice"]["draftInvoiceNumber"], body.get("bookWithNumber")
    draft = agreement.drafts[draft_number]
    check_date(agreement, draft)
    refuse_all(list(violations(agreement, draft, wanted, body.get("sendBy", "none"))))
    invoice = view(agreement, draft, wanted or _next_number(agreement))
    del agreement.drafts[draft_number]
    agreement.counters["draft"] = max(agreement.counters.get("draft", 1), draft_number + 1)
    agreement.born[invoice["self"]] = call.now
    post_invoice(agreement, invoice, call)
    return stored(agreement.booked, invoice["bookedInvoiceNumber"], invoice)


def view(agreement: Agreement, draft: Json, number: int) -> Json:
    """Return the whole booked invoice; ``orderNumber`` is the former draft number, as in recorded answers."""
    address = url("invoices", "booked", number)
    kept = {name: value for name, value in draft.items() if name not in DRAFT_ONLY}
    zone = draft["recipient"]["vatZone"]["vatZoneNumber"]
    return kept | {
        "bookedInvoiceNumber": number,
        "orderNumber": draft["draftInvoiceNumber"],
        "remainder": draft["grossAmount"],
        "remainderInBaseCurrency": draft["grossAmountInBaseCurrency"],
        "lines": [_line(agreement, line, zone) for line in draft["lines"]],
        "pdf": {"download": f"{address}/pdf"},
        "sent": f"{address}/sent",
        "self": address,
    }


def _line(agreement: Agreement, line: Json, zone: int) -> Json:
    if "product" not in line:
        return line
    rate = line_rate(agreement, line, zone)
    return line | {"vatRate": rate, "vatAmount": rounded(line["totalNetAmount"] * rate / HUNDRED)}


def _next_number(agreement: Agreement) -> int:
    number = agreement.counters.get("booked", 1)
    while number in agreement.booked:
        number += 1
    agreement.counters["booked"] = number + 1
    return number


BOOKED = "/invoices/booked"
ITEM = f"{BOOKED}/{{bookedInvoiceNumber}}"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=BOOKED, handler=list_all, roles=SALES),
    Route(method="POST", path=BOOKED, handler=book, roles=SALES, fields=dotted(SCHEMA)),
    Route(method="GET", path=ITEM, handler=read, roles=SALES),
    Route(method="PUT", path=ITEM, handler=book_as, roles=SALES, fields=dotted(SCHEMA)),
    # 13 tokens were measured for a PDF, August 2026.
    Route(method="GET", path=f"{ITEM}/pdf", handler=read_pdf, roles=SALES, cost=13),
)
