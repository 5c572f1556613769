"""What waits for a second person: who asks for what and why, yes or no, and what became of it."""

import secrets
from dataclasses import replace

import structlog
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.domain.approval import Approval, ApprovalState, Decision, same_person
from worker.domain.invoice import Invoice
from worker.domain.period_hold import EXPORT_PERIOD
from worker.web.asking import carry_out
from worker.web.guard import page
from worker.web.pages.paging import Pages
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()


def routes(services: Services) -> list[Route]:
    """Return the list, one request, and the forms of a second person."""
    return [
        page("/approvals", services, _list),
        page("/approvals/{approval}", services, _show),
        # Whoever asks may take it back, whatever else their role allows.
        page("/approvals/{approval}/decide", services, _decide, post=Action.REQUEUE),
        page("/approvals/{approval}/carry-out", services, _carry_out, post=Action.APPROVE),
        page("/approvals/{approval}/ask-again", services, _ask_again, post=Action.APPROVE),
    ]


def _list(visit: Visit) -> Response:
    found = sorted(visit.services.approvals.approvals(), key=lambda each: each.state not in _OPEN)
    return visit.render("approvals.html", approvals=found)


_OPEN = (ApprovalState.WAITING, ApprovalState.APPROVED)


def _show(visit: Visit) -> Response:
    found = _find(visit)
    return _page(visit, found) if found else visit.render("error.html", status=404, failure=None)


def _decide(visit: Visit) -> Response:
    found = _find(visit)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    yes, why = visit.form.get("answer") == "yes", visit.form.get("why", "").strip()[:200]
    own = same_person(found.asked.by, visit.who)
    if yes or not own:
        visit.rights.require(Action.APPROVE, found.asked.export)
    if not yes and not why:
        return _page(visit, found, problem="reason", status=422)
    problem = visit.services.approvals.decide(found.asked.id, Decision(yes=yes, by=visit.who, why=why))
    if problem:
        return _page(visit, _find(visit) or found, problem=problem.value, status=409)
    log.info("approval_decided", approval=found.asked.id, export=found.asked.export, yes=yes, by=visit.who)
    return _carry_out(visit) if yes else visit.redirect(_address(found))


def _carry_out(visit: Visit) -> Response:
    """Do what was approved: with the yes, or by hand where the page was stopped in between."""
    found = _find(visit)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    visit.rights.require(Action.APPROVE, found.asked.export)
    carry_out(visit.services.approvals, visit.services.batches, found)
    return visit.redirect(_address(found))


def _ask_again(visit: Visit) -> Response:
    """Ask once more for a period that was refused; whoever asks needs another person then."""
    found = _find(visit)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    why = visit.form.get("why", "").strip()[:200]
    if not why:
        return _page(visit, found, problem="again", status=422)
    new = replace(found.asked, id=f"{visit.services.holds.period_of(found.asked.id)}-{secrets.token_hex(8)}")
    if not visit.services.holds.ask_again(found.asked.id, replace(new, by=visit.who, why=why)):
        return _page(visit, found, problem="over", status=409)
    log.info("approval_asked_again", approval=new.id, refused=found.asked.id, by=visit.who)
    return visit.redirect(f"/approvals/{new.id}")


def _page(visit: Visit, found: Approval, *, problem: str = "", status: int = 200) -> Response:
    services, asked = visit.services, found.asked
    pages = Pages.of(visit.query("page"), asked.invoices)
    opened = found.state in _OPEN and bool(asked.frozen)
    members = services.batches.frozen_members(asked.frozen, start=pages.start, most=pages.size) if opened else ()
    read = [record for key, _ in members if (record := services.store.invoice(key))]
    moved_at = dict(members)
    return visit.render(
        "approval.html",
        status=status,
        approval=found,
        problem=problem,
        own=same_person(asked.by, visit.who),
        still=services.batches.still_frozen(asked.frozen) if opened else 0,
        period=services.holds.period_of(asked.id) if asked.action == EXPORT_PERIOD else "",
        pages=pages,
        rows=[
            {
                "record": record,
                "invoice": Invoice.model_validate_json(record.content),
                "moved": moved_at[record.id] not in {0.0, record.updated_at},
            }
            for record in read
        ],
    )


def _find(visit: Visit) -> Approval | None:
    return visit.services.approvals.approval(visit.request.path_params["approval"])


def _address(found: Approval) -> str:
    return f"/approvals/{found.asked.id}"
