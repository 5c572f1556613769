"""One invoice in full: amounts, lines, what is wrong, history, and what a person may do with it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import structlog
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.domain.approval import Approval
from worker.domain.content_differences import differences
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import Conflict
from worker.domain.period_sums import LEFT_OUT
from worker.domain.record import InvoiceRecord, Outcome, State, task_of
from worker.web.four_eyes import ask_if_needed
from worker.web.guard import page
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownConflict:
    """A conflict of an invoice, and what differs."""

    period: str
    conflict: Conflict
    #: Field -> what was posted, what came later.
    differences: Mapping[str, tuple[str, str]]


def routes(services: Services) -> list[Route]:
    """Return the page of an invoice, its forms, and the search by number."""
    return [
        page("/invoices", services, _search),
        page("/invoices/{invoice}", services, _show),
        page("/invoices/{invoice}/requeue", services, _requeue, post=Action.REQUEUE),
        page("/invoices/{invoice}/mark-exported", services, _mark_exported, post=Action.MARK_EXPORTED),
        page("/invoices/{invoice}/accept-conflicts", services, _accept_conflicts, post=Action.ACCEPT),
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
    approval = _ask_if_needed(visit, Action.REQUEUE, record)
    if approval:
        return visit.render("asked.html", status=202, approval=approval)
    moved = visit.services.store.requeue([record.id], by=visit.who, why=why)
    return visit.redirect(_address(record)) if moved else _page(visit, record, problem="moved-on", status=409)


def _mark_exported(visit: Visit) -> Response:
    record, why = _find(visit), _why(visit)
    if record is None:
        return visit.render("error.html", status=404, failure=None)
    if not why:
        return _page(visit, record, problem="reason", status=422)
    approval = _ask_if_needed(visit, Action.MARK_EXPORTED, record)
    if approval:
        return visit.render("asked.html", status=202, approval=approval)
    marked = visit.services.store.mark_exported(record.id, by=visit.who, why=why)
    return visit.redirect(_address(record)) if marked else _page(visit, record, problem="moved-on", status=409)


def _ask_if_needed(visit: Visit, action: Action, record: InvoiceRecord) -> Approval | None:
    """Ask a second person about an invoice that failed; what is in another state has moved on, and says so."""
    if record.state is not State.DEAD:
        return None
    return ask_if_needed(visit, action, [record], subject=str(record.invoice_number), why=_why(visit))


def _accept_conflicts(visit: Visit) -> Response:
    """What was posted stays, and both contents are kept; accepted are those that the person has seen."""
    record, why = _find(visit), _why(visit)
    if record is None:
        return visit.render("error.html", status=404, failure=None)
    if not why:
        return _page(visit, record, problem="reason", status=422)
    waiting = [shown for shown in _conflicts(visit, record) if not shown.conflict.accepted]
    if _seen(waiting) != visit.form.get("seen", ""):
        return _page(visit, record, problem="moved-on", status=409)
    periods = sorted({shown.period for shown in waiting})
    store = visit.services.store
    accepted = sum(store.accept_conflicts(period, record.id, by=visit.who, why=why) for period in periods)
    log.info("conflicts_accepted", invoice=record.id, conflicts=accepted, by=visit.who)
    return visit.redirect(_address(record))


def _conflicts(visit: Visit, record: InvoiceRecord) -> Iterator[ShownConflict]:
    for period_id in record.periods:
        period = visit.services.store.period(period_id)
        for conflict in (*period.conflicts, *period.accepted_conflicts) if period else ():
            if conflict.invoice_id == record.id:
                differing = differences(record.content, conflict.content)
                yield ShownConflict(period=period_id, conflict=conflict, differences=differing)


def _seen(waiting: Sequence[ShownConflict]) -> str:
    """Return a digest of what waits, so that nobody accepts what came after the page was read."""
    contents = "\n".join(f"{shown.period} {shown.conflict.event_key} {shown.conflict.content}" for shown in waiting)
    return hashlib.sha256(contents.encode()).hexdigest()


def _page(visit: Visit, record: InvoiceRecord, *, problem: str = "", status: int = 200) -> Response:
    conflicts = list(_conflicts(visit, record))
    waiting = [shown for shown in conflicts if not shown.conflict.accepted]
    return visit.render(
        "invoice.html",
        status=status,
        record=record,
        invoice=Invoice.model_validate_json(record.content),
        problem=problem,
        conflicts=conflicts,
        seen=_seen(waiting) if waiting else "",
        failed=record.state is State.DEAD,
        paused=visit.services.store.paused().get(record.export),
        booked=_booked(record),
        task=task_of(record.history),
        flower=visit.services.installation.flower_url if visit.may(Action.SEE_HEALTH, record.export) else "",
    )


def _booked(record: InvoiceRecord) -> Mapping[str, Decimal] | None:
    """Return net, VAT and gross as they were posted, by this program's own record; None while nothing was."""
    if record.state is not State.EXPORTED or record.outcome in (*LEFT_OUT, Outcome.BY_HAND):
        return None
    invoice = Invoice.model_validate_json(record.content)
    amounts = record.progress.booked_amounts or (invoice.net, invoice.vat, invoice.gross)
    return dict(zip(("net", "vat", "gross"), map(Decimal, amounts), strict=True))


def _find(visit: Visit) -> InvoiceRecord | None:
    return visit.services.store.invoice(visit.request.path_params["invoice"])


def _why(visit: Visit) -> str:
    return visit.form.get("why", "").strip()[:200]


def _address(record: InvoiceRecord) -> str:
    return f"/invoices/{record.id}"
