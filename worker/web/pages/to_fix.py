"""What a person has to fix: failures by cause, asked about in e-conomic, and re-queued as a batch once it is gone."""

from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.domain.batch import BatchAction
from worker.domain.causes import Cause, CauseAnswer, CauseState
from worker.domain.frozen_set import Choice
from worker.domain.invoice_period import NewInvoice
from worker.domain.record import InvoiceRecord
from worker.dry_run.plan import PlannedAction
from worker.economic.mapping.causes import question
from worker.errors import ExportError
from worker.web.four_eyes import ask_for_batch
from worker.web.guard import page
from worker.web.pages.paging import Pages
from worker.web.services import Services
from worker.web.start_batch import frozen_as_seen, previewed, start_batch
from worker.web.visit import Visit


def routes(services: Services) -> list[Route]:
    """Return the list of causes, the page of one, and its two forms."""
    return [
        page("/to-fix", services, _list),
        page("/to-fix/{group}", services, _show),
        page("/to-fix/{group}/check", services, _check, post=Action.CHECK),
        page("/to-fix/{group}/requeue", services, _requeue, post=Action.REQUEUE),
    ]


def _list(visit: Visit) -> Response:
    return visit.render("to_fix.html", causes=visit.services.causes.causes(), now=visit.services.clock())


def _show(visit: Visit) -> Response:
    cause = _find(visit)
    return _page(visit, cause) if cause else visit.render("nothing_left.html")


def _check(visit: Visit) -> Response:
    """Ask about the cause, once for all of its invoices, and keep the answer."""
    cause, services = _find(visit), visit.services
    if cause is None:
        return visit.render("nothing_left.html")
    visit.rights.require(Action.CHECK, cause.export)
    answer = _ask(services, cause)
    again_in = 0.0 if answer.state is CauseState.GONE else services.first_pause
    services.causes.note_answer(cause.id, answer, again_in=again_in)
    return _page(visit, _find(visit) or cause)


def _ask(services: Services, cause: Cause) -> CauseAnswer:
    failed = services.causes.failed_for(cause.id, most=1)
    record = services.store.invoice(failed[0][0]) if failed else None
    export, now = services.exports.get(cause.export), services.clock()
    if record is None or export is None:
        return CauseAnswer(state=CauseState.UNKNOWN, at=now, why=cause.failure.description)
    try:
        if question(cause.failure.reason):
            with services.probe(export) as probe:
                return probe.ask(cause, record, since=now)
        return _plan(services, cause, record)
    except ExportError as error:
        return CauseAnswer(state=CauseState.UNKNOWN, at=now, why=error.failure.description)


def _plan(services: Services, cause: Cause, record: InvoiceRecord) -> CauseAnswer:
    """Plan one invoice by the very rules of the export, where no single call shows whether a cause is gone."""
    now = services.clock()
    with services.planner(services.exports[cause.export]) as planner:
        plan = planner.plan(record.periods[0], [_new(record)])
    failures = [failure for it in plan.invoices if it.action is PlannedAction.FAIL for failure in it.problems]
    still = next((failure for failure in failures if failure.reason == cause.failure.reason), None)
    state = CauseState.STILL if still else CauseState.GONE
    return CauseAnswer(state=state, at=now, why=still.description if still else "")


def _requeue(visit: Visit) -> Response:
    cause, services = _find(visit), visit.services
    if cause is None:
        return visit.render("nothing_left.html")
    visit.rights.require(Action.REQUEUE, cause.export)
    why = visit.form.get("why", "").strip()[:200]
    if not why and not cause.gone(services.clock()):
        return _page(visit, cause, problem="reason", status=422)
    seen = frozen_as_seen(visit, BatchAction.REQUEUE, _all_of(cause), visit.form.get("set", ""))
    if seen is None:
        return _page(visit, cause, problem="changed", status=409)
    planned, frozen = seen
    approval = ask_for_batch(visit, planned, frozen, subject=cause.failure.reason, why=why)
    if approval:
        return visit.render("asked.html", status=202, approval=approval)
    batch = start_batch(visit, planned, frozen, why=why, cause=cause.failure)
    return visit.render("requeued.html", batch=batch, paused=services.store.paused().get(cause.export))


def _page(visit: Visit, cause: Cause, *, problem: str = "", status: int = 200) -> Response:
    services, pages = visit.services, Pages.of(visit.query("page"), cause.invoices)
    failed = services.causes.failed_for(cause.id, start=pages.start, most=pages.size)
    return visit.render(
        "cause.html",
        status=status,
        cause=cause,
        planned=previewed(services, BatchAction.REQUEUE, _all_of(cause)),
        gone=cause.gone(services.clock()),
        problem=problem,
        records=[record for key, _ in failed if (record := services.store.invoice(key))],
        pages=pages,
    )


def _all_of(cause: Cause) -> Choice:
    return Choice(export=cause.export, cause=cause.id)


def _find(visit: Visit) -> Cause | None:
    return visit.services.causes.cause(visit.request.path_params["group"])


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
