"""All periods: how far each has come, and what needs a person."""

from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from worker.domain.approval import ApprovalState
from worker.domain.invoice_period import PeriodRecord
from worker.domain.period_report import MOVING, phase_of
from worker.web.guard import page
from worker.web.services import Services
from worker.web.visit import Visit, page_number

#: Periods on one page.
PER_PAGE = 100


def routes(services: Services) -> list[Route]:
    """Return the first page."""
    return [page("/", services, _periods)]


def _periods(visit: Visit) -> Response:
    services, sought, archived = visit.services, visit.query("q").casefold(), visit.query("archived") == "1"
    every = services.store.archived_periods() if archived else services.store.periods()
    fitting = [period for period in every if sought in _text(period)]
    at = page_number(visit.query("page"))
    rows = [
        {
            "period": period,
            "phase": phase_of(period, period.counts),
            "moving": sum(period.counts.get(state, 0) for state in MOVING),
        }
        for period in fitting[(at - 1) * PER_PAGE : at * PER_PAGE]
    ]
    return visit.render(
        "periods.html",
        rows=rows,
        total=len(every),
        q=visit.query("q"),
        page=at,
        pages=max(1, -(-len(fitting) // PER_PAGE)),
        query=urlencode({"q": visit.query("q"), **({"archived": 1} if archived else {})}),
        archived=archived,
        in_archive=0 if every else sum(each.periods for each in services.store.archived_totals().values()),
        paused=services.store.paused(),
        agreements=services.store.agreement_failures(),
        refused=len(services.events.refused()),
        waiting=services.events.waiting(),
        to_approve=_to_approve(services),
    )


def _to_approve(services: Services) -> int:
    if not services.four_eyes:
        return 0
    return sum(found.state is ApprovalState.WAITING for found in services.approvals.approvals())


def _text(period: PeriodRecord) -> str:
    return f"{period.name} {period.export} {period.id} {period.number} {period.region or ''}".casefold()
