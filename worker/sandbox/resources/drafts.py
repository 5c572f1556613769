"""Draft invoices: created, replaced, extended, deleted (e-conomic REST docs, "Draft invoices")."""

from typing import Any

from worker.sandbox.resources.draft_rules import check
from worker.sandbox.resources.draft_schema import APPENDED, DRAFT, DRAFT_FILTERS
from worker.sandbox.resources.draft_view import view
from worker.sandbox.resources.fields import dotted
from worker.sandbox.resources.links import url
from worker.sandbox.resources.lookup import existing, listed, listing, lowest_free, number_in, refuse_missing, stored
from worker.sandbox.resources.schema import accept
from worker.sandbox.routes import SALES, Route
from worker.sandbox.state import Agreement, Answer, Call, Json


def list_all(agreement: Agreement, call: Call) -> Answer:
    """List drafts, without their lines."""
    return listing([without_lines(draft) for draft in listed(agreement, agreement.drafts, call)], DRAFT_FILTERS)


def read(agreement: Agreement, call: Call) -> Answer:
    """Return one draft."""
    return Answer(status=200, body=existing(agreement.drafts, number_in(call, "draftInvoiceNumber")))


def create(agreement: Agreement, call: Call) -> Answer:
    """Create a draft under the lowest free number."""
    first = 1 if agreement.switches.reuse_booked_drafts else agreement.counters.get("draft", 1)
    return _store(agreement, lowest_free(agreement.drafts, first), call.body, call)


def replace(agreement: Agreement, call: Call) -> Answer:
    """Replace header and lines. A number that does not exist is created (201)."""
    return _store(agreement, number_in(call, "draftInvoiceNumber"), call.body, call)


def append(agreement: Agreement, call: Call) -> Answer:
    """Add lines to a draft."""
    number = number_in(call, "draftInvoiceNumber")
    draft = existing(agreement.drafts, number)
    lines = accept(APPENDED, call.body)["lines"]
    _store(agreement, number, draft | {"lines": [*map(_priced, draft["lines"]), *lines]}, call)
    return Answer(status=201, body=agreement.drafts[number])


def delete(agreement: Agreement, call: Call) -> Answer:
    """Delete one draft; its number is free again."""
    number = number_in(call, "draftInvoiceNumber")
    refuse_missing(agreement.drafts, number)
    return _deleted([agreement.drafts.pop(number)])


def delete_all(agreement: Agreement, _call: Call) -> Answer:
    """Delete every draft of the agreement: what a DELETE with an empty number does."""
    drafts = list(agreement.drafts.values())
    agreement.drafts.clear()
    return _deleted(drafts)


def without_lines(document: Json) -> Json:
    """Return a document as listings show it."""
    return {name: value for name, value in document.items() if name != "lines"}


def _store(agreement: Agreement, number: int, sent: Any, call: Call) -> Answer:
    body = accept(DRAFT, sent)
    check(agreement, body)
    before = agreement.drafts.get(number)
    if before is None:
        agreement.born[url("invoices", "drafts", number)] = call.now
    soap_id = before["soap"]["currentInvoiceHandle"]["id"] if before else _next_soap_id(agreement)
    return stored(agreement.drafts, number, view(agreement, number, soap_id, body, call))


def _next_soap_id(agreement: Agreement) -> int:
    agreement.counters["soap"] = agreement.counters.get("soap", 0) + 1
    return agreement.counters["soap"]


def _priced(line: Json) -> Json:
    """Return a stored line with the zero price that answers leave out."""
    return {"unitNetPrice": 0, **line} if "product" in line else line


def _deleted(drafts: list[Json]) -> Answer:
    items = [{"draftInvoiceNumber": draft["draftInvoiceNumber"], "self": draft["self"]} for draft in drafts]
    return Answer(
        status=200,
        body={"message": f"Deleted {len(items)} invoice(s).", "deletedCount": len(items), "deletedItems": items},
    )


DRAFTS = "/invoices/drafts"
ITEM = f"{DRAFTS}/{{draftInvoiceNumber}}"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=DRAFTS, handler=list_all, roles=SALES),
    Route(method="POST", path=DRAFTS, handler=create, roles=SALES, fields=dotted(DRAFT)),
    Route(method="DELETE", path=DRAFTS, handler=delete_all, roles=SALES),
    Route(method="GET", path=ITEM, handler=read, roles=SALES),
    Route(method="PUT", path=ITEM, handler=replace, roles=SALES, fields=dotted(DRAFT)),
    Route(method="DELETE", path=ITEM, handler=delete, roles=SALES),
    Route(method="POST", path=f"{ITEM}/lines", handler=append, roles=SALES, fields=dotted(APPENDED)),
)
