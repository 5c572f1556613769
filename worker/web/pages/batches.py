"""Batches: many invoices as one act, previewed, confirmed, followed, cancelled."""

import time
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from config.names import export_of
from worker.domain.access import Action
from worker.domain.batch import BatchAction
from worker.domain.frozen_set import Choice
from worker.domain.invoice_search import InvoiceFilter
from worker.domain.record import State
from worker.dry_run.batch_preview import BatchPreview
from worker.web.four_eyes import ask_for_batch
from worker.web.guard import page
from worker.web.pages.live import SharedLooks, live_batch
from worker.web.pages.paging import Pages
from worker.web.scoped_batches import NEEDS
from worker.web.services import Services
from worker.web.start_batch import frozen_as_seen, previewed, start_batch
from worker.web.visit import Visit

#: How the invoices of a batch are chosen, as an address names it.
_CHOICE = ("period", "reason", "q", "action")
#: The state that an invoice must be in for an action.
_STATES = dict.fromkeys(BatchAction, State.DEAD) | {BatchAction.REEXPORT: State.EXPORTED}


def routes(services: Services) -> list[Route]:
    """Return the list, the preview, the page of one, its live progress, and the forms that start and cancel one."""
    looks = SharedLooks(services.batches.batch, time.monotonic)
    return [
        page("/batches", services, _list),
        page("/batches/new", services, _preview),
        # Each kind needs its own right, which the handler asks for.
        page("/batches/new", services, _start, post=Action.REQUEUE),
        page("/batches/{batch}", services, _show),
        page("/batches/{batch}/live", services, lambda visit: live_batch(visit, looks)),
        page("/batches/{batch}/cancel", services, _cancel, post=Action.REQUEUE),
    ]


def _list(visit: Visit) -> Response:
    return visit.render("batches.html", batches=visit.services.batches.batches())


def _show(visit: Visit) -> Response:
    batches, key = visit.services.batches, visit.request.path_params["batch"]
    batch = batches.batch(key)
    if batch is None:
        return visit.render("error.html", status=404, failure=None)
    pages = Pages.of(visit.query("page"), batch.total)
    items = batches.batch_items(key, start=pages.start, most=pages.size)
    may_cancel = visit.may(NEEDS[batch.ordered.action], batch.ordered.export)
    return visit.render("batch.html", batch=batch, items=items, pages=pages, may_cancel=may_cancel)


def _cancel(visit: Visit) -> Response:
    """Begin no further invoice; what is over stays as it is, and its page says so."""
    key = visit.request.path_params["batch"]
    visit.services.batches.cancel_batch(key, by=visit.who)
    return visit.redirect(f"/batches/{key}")


def _preview(visit: Visit) -> Response:
    choice = {name: visit.query(name) for name in _CHOICE}
    return _page(visit, choice)


def _start(visit: Visit) -> Response:
    choice = {name: visit.form.get(name, "").strip() for name in _CHOICE}
    action, why = _action(choice), visit.form.get("why", "").strip()[:200]
    visit.rights.require(NEEDS[action], export_of(choice["period"]))
    if not why:
        return _page(visit, choice, problem="reason", status=422)
    seen = frozen_as_seen(visit, action, _chosen(choice), visit.form.get("set", ""))
    if seen is None:
        return _page(visit, choice, problem="changed", status=409)
    planned, frozen = seen
    approval = ask_for_batch(visit, planned, frozen, subject=choice["reason"] or choice["period"], why=why)
    if approval:
        return visit.render("asked.html", status=202, approval=approval)
    batch = start_batch(visit, planned, frozen, why=why)
    return visit.redirect(f"/batches/{batch.ordered.id}" if batch else "/batches")


def _page(visit: Visit, choice: dict[str, str], *, problem: str = "", status: int = 200) -> Response:
    planned = _planned(visit, choice)
    return visit.render(
        "new_batch.html",
        status=status,
        planned=planned,
        choice=choice,
        action=_action(choice),
        actions=[action for action in BatchAction if visit.may(NEEDS[action], export_of(choice["period"]))],
        address=urlencode({name: value for name, value in choice.items() if value and name != "action"}),
        problem=problem,
    )


def _action(choice: dict[str, str]) -> BatchAction:
    return next((action for action in BatchAction if action == choice["action"]), BatchAction.REQUEUE)


def _planned(visit: Visit, choice: dict[str, str]) -> BatchPreview | None:
    """Return the batch of all invoices that fit, not of those in view only; None when none does."""
    if not choice["period"]:
        return None
    planned = previewed(visit.services, _action(choice), _chosen(choice))
    return planned if planned.invoices else None


def _chosen(choice: dict[str, str]) -> Choice:
    action, period = _action(choice), choice["period"]
    wanted = InvoiceFilter(state=_STATES[action], reason=choice["reason"], text=choice["q"])
    return Choice(export=export_of(period), period=period, wanted=wanted, anyway=action is BatchAction.REEXPORT)
