"""What public clients of e-conomic read besides: employees, distributions, suppliers, contacts, invoices by state.

The routes are e-conomic's (REST docs; public clients). The standard agreement has no employees, distributions,
suppliers or contacts, so their listings are empty. Of ``/invoices/totals`` only counts and sums are kept (its shape is
inferred).
"""

from collections.abc import Callable
from decimal import Decimal

from worker.sandbox.failures import not_found
from worker.sandbox.resources.draft_schema import BOOKED_FILTERS
from worker.sandbox.resources.drafts import without_lines
from worker.sandbox.resources.links import url
from worker.sandbox.resources.lookup import NUMBER, TEXT, existing, listing, number_in
from worker.sandbox.resources.simple_collections import readable
from worker.sandbox.routes import SALES, Handler, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

#: Whether a booked invoice is in a listing, by its name.
STATES: dict[str, Callable[[Json, Call], bool]] = {
    "paid": lambda invoice, _: not invoice["remainder"],
    "unpaid": lambda invoice, _: bool(invoice["remainder"]),
    "overdue": lambda invoice, call: bool(invoice["remainder"]) and invoice["dueDate"] < call.now.date().isoformat(),
    # Opter sends the invoices itself: booked with ``sendBy: none``, none of them was sent from here.
    "sent": lambda invoice, _: invoice.get("sendBy", "none") != "none",
}


def list_state(state: str) -> Handler:
    """Return a handler that lists the booked invoices in a state, without their lines."""

    def handle(agreement: Agreement, call: Call) -> Answer:
        rows = [without_lines(invoice) for invoice in agreement.booked.values() if STATES[state](invoice, call)]
        return listing(rows, BOOKED_FILTERS)

    return handle


def read_totals(agreement: Agreement, call: Call) -> Answer:
    """Return how many drafts and booked invoices there are, and their sums in the base currency."""
    booked = list(agreement.booked.values())
    totals: Json = {"drafts": _total(list(agreement.drafts.values())), "booked": _total(booked)}
    for state, applies in STATES.items():
        totals["booked"][state] = _total([invoice for invoice in booked if applies(invoice, call)])
    return Answer(status=200, body=totals | {"self": url("invoices", "totals")})


def list_contacts(agreement: Agreement, call: Call) -> Answer:
    """List the contacts of a customer that exists: there are none."""
    existing(agreement.customers, number_in(call, "customerNumber"))
    return listing([], {"customerContactNumber": NUMBER, "name": TEXT})


def read_contact(agreement: Agreement, call: Call) -> Answer:
    """Refuse a contact, as there are none: 404."""
    existing(agreement.customers, number_in(call, "customerNumber"))
    raise not_found()


def _total(invoices: list[Json]) -> Json:
    gross = sum((invoice["grossAmountInBaseCurrency"] for invoice in invoices), Decimal("0.00"))
    return {"invoiceCount": len(invoices), "grossAmountInBaseCurrency": gross}


def _none(_: Agreement) -> dict[int, Json]:
    return {}


CONTACTS = "/customers/{customerNumber}/contacts"
ROUTES: tuple[Route, ...] = (
    *readable("/employees", "employeeNumber", _none, {"employeeNumber": NUMBER, "name": TEXT}),
    *readable(
        "/departmental-distributions",
        "departmentalDistributionNumber",
        _none,
        {"departmentalDistributionNumber": NUMBER, "name": TEXT},
    ),
    *readable("/suppliers", "supplierNumber", _none, {"supplierNumber": NUMBER, "name": TEXT}),
    Route(method="GET", path=CONTACTS, handler=list_contacts, roles=SALES),
    Route(method="GET", path=f"{CONTACTS}/{{customerContactNumber}}", handler=read_contact, roles=SALES),
    Route(method="GET", path="/invoices/totals", handler=read_totals, roles=SALES),
    *(Route(method="GET", path=f"/invoices/{state}", handler=list_state(state), roles=SALES) for state in STATES),
)
