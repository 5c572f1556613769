"""One invoice in full: amounts, lines, what is wrong, history, and what a person may do with it."""

from starlette.responses import Response
from starlette.routing import Route

from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord, State
from worker.web.guard import page
from worker.web.services import Services
from worker.web.visit import Visit


def routes(services: Services) -> list[Route]:
    """Return the page of an invoice, its two forms, and the search by number."""
    return [
        page("/invoices", services, _search),
        page("/invoices/{invoice}", services, _show),
        page("/invoices/{invoice}/requeue", services, _requeue, post=True),
        page("/invoices/{invoice}/mark-exported", services, _mark_exported, post=True),
    ]


def _search(visit: Visit) -> Response:
    """Go to the invoice of this id, or of this number in one of the exports."""
    sought = visit.query("q")
    candidates = [sought, *(f"{export}-{sought}" for export in visit.services.exports)] if sought else []
    found = [key for key in candidates if visit.services.store.invoice(key)]
    if len(found) == 1:
        return visit.redirect(f"/invoices/{found[0]}")
    return visit.render("search.html", q=sought, found=found)


def _show(visit: Visit) -> Response:
    record = _find(visit)
    return _page(visit, record) if record else visit.render("error.html", status=404, failure=None)


def _requeue(visit: Visit) -> Response:
    record, why = _find(visit), _why(visit)
    if record is None:
        return visit.render("error.html", status=404, failure=None)
    if not why:
        return _page(visit, record, problem="reason", status=422)
    moved = visit.services.store.requeue([record.id], by=f"{visit.who}: {why}")
    return visit.redirect(_address(record)) if moved else _page(visit, record, problem="moved-on", status=409)


def _mark_exported(visit: Visit) -> Response:
    record, why = _find(visit), _why(visit)
    if record is None:
        return visit.render("error.html", status=404, failure=None)
    if not why:
        return _page(visit, record, problem="reason", status=422)
    marked = visit.services.store.mark_exported(record.id, by=visit.who, why=why)
    return visit.redirect(_address(record)) if marked else _page(visit, record, problem="moved-on", status=409)


def _page(visit: Visit, record: InvoiceRecord, *, problem: str = "", status: int = 200) -> Response:
    return visit.render(
        "invoice.html",
        status=status,
        record=record,
        invoice=Invoice.model_validate_json(record.content),
        problem=problem,
        failed=record.state is State.DEAD,
        paused=visit.services.store.paused().get(record.export),
    )


def _find(visit: Visit) -> InvoiceRecord | None:
    return visit.services.store.invoice(visit.request.path_params["invoice"])


def _why(visit: Visit) -> str:
    return visit.form.get("why", "").strip()[:200]


def _address(record: InvoiceRecord) -> str:
    return f"/invoices/{record.id}"
