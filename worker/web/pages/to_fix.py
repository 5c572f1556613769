"""What a person has to fix: failures by cause, asked about in e-conomic, and re-queued once the cause is gone."""

from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.domain.invoice_period import NewInvoice
from worker.domain.record import InvoiceRecord, State
from worker.dry_run.plan import PlannedAction
from worker.errors import ExportError, Failure
from worker.web.groups import Group, grouped
from worker.web.guard import page
from worker.web.services import Services
from worker.web.visit import Visit

#: Seconds for which e-conomic's answer that a cause is gone allows a re-queue without a reason.
_CHECK_HOLDS = 600


def routes(services: Services) -> list[Route]:
    """Return the list of causes, the page of one, and its two forms."""
    return [
        page("/to-fix", services, _list),
        page("/to-fix/{group}", services, _show),
        page("/to-fix/{group}/check", services, _check, post=Action.CHECK),
        page("/to-fix/{group}/requeue", services, _requeue, post=Action.REQUEUE),
    ]


def _list(visit: Visit) -> Response:
    return visit.render("to_fix.html", groups=_groups(visit), paused=visit.services.store.paused())


def _show(visit: Visit) -> Response:
    group = _find(visit)
    return _page(visit, group) if group else visit.render("nothing_left.html")


def _check(visit: Visit) -> Response:
    """Plan the group's first invoice: by the very rules of the export, reading alone."""
    group, services = _find(visit), visit.services
    if group is None:
        return visit.render("nothing_left.html")
    visit.rights.require(Action.CHECK, group.export)
    still = _still(services, group)
    if still is None:
        services.sessions.note_check(_check_key(group), seconds=_CHECK_HOLDS)
    return _page(visit, group, asked=True, still=still)


def _still(services: Services, group: Group) -> Failure | None:
    """Return why the first invoice of the group would fail now; None when it would not for this cause."""
    first = group.invoices[0]
    if group.export not in services.exports:
        return group.failure
    try:
        with services.planner(services.exports[group.export]) as planner:
            plan = planner.plan(first.periods[0], [_new(first)])
    except ExportError as error:
        return error.failure
    failures = [failure for it in plan.invoices if it.action is PlannedAction.FAIL for failure in it.problems]
    return next((failure for failure in failures if failure.reason == group.failure.reason), None)


def _requeue(visit: Visit) -> Response:
    group, services = _find(visit), visit.services
    if group is None:
        return visit.render("nothing_left.html")
    why = visit.form.get("why", "").strip()[:200]
    if visit.form.get("set") != group.set_digest:
        return _page(visit, group, problem="changed", status=409)
    checked = services.sessions.checked(_check_key(group))
    if not checked and not why:
        return _page(visit, group, problem="reason", status=422)
    by = f"{visit.who}: {why}" if why else visit.who
    moved = services.store.requeue([record.id for record in group.invoices], by=by)
    return visit.render("requeued.html", moved=moved, group=group, paused=services.store.paused().get(group.export))


def _page(  # noqa: PLR0913  # what was asked, what came of it, and what is wrong with the form
    visit: Visit,
    group: Group,
    *,
    asked: bool = False,
    still: Failure | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    checked = visit.services.sessions.checked(_check_key(group))
    return visit.render(
        "cause.html", status=status, group=group, asked=asked, still=still, checked=checked, problem=problem
    )


def _groups(visit: Visit) -> list[Group]:
    return list(grouped(visit.services.store.invoices(None, State.DEAD)))


def _find(visit: Visit) -> Group | None:
    key = visit.request.path_params["group"]
    return next((group for group in _groups(visit) if group.id == key), None)


def _check_key(group: Group) -> str:
    return f"{group.id}/{group.set_digest}"


def _new(record: InvoiceRecord) -> NewInvoice:
    return NewInvoice(
        id=record.id,
        export=record.export,
        invoice_number=record.invoice_number,
        invoice_type=record.invoice_type,
        region=record.region,
        content=record.content,
        content_hash=record.content_hash,
    )
