"""One period: its sums, what is wrong, and every invoice with filter, search and download."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from worker.domain.invoice import Invoice
from worker.domain.invoice_search import MOST_FOUND, InvoiceFilter
from worker.domain.period_report import Report, report_of
from worker.domain.record import InvoiceRecord, State
from worker.errors import Failure
from worker.web.chart import HEIGHT, WIDTH, chart_of
from worker.web.guard import page
from worker.web.pages.period_files import csv_of, workbook_of
from worker.web.pages.period_live import OVER, SharedLooks, live
from worker.web.pages.period_reading import certificate_of, numbers_missing
from worker.web.services import Services
from worker.web.visit import Visit, page_number
from worker.workflow.hindrances import hindrances

#: Invoices on one page.
PER_PAGE = 100
#: Differences, conflicts, gaps and remarks on one page; commands show all of them.
MOST = 100


def routes(services: Services) -> list[Route]:
    """Return the page of a period, its invoices as files, and its live progress."""
    looks = SharedLooks(services.store.period, time.monotonic)
    return [
        page("/periods/{period}", services, _period),
        page("/periods/{period}/invoices.csv", services, lambda visit: _file(visit, csv_of)),
        page("/periods/{period}/invoices.xlsx", services, lambda visit: _file(visit, workbook_of)),
        page("/periods/{period}/live", services, lambda visit: live(visit, looks)),
    ]


def _period(visit: Visit) -> Response:
    services = visit.services
    key = visit.request.path_params["period"]
    found = services.store.period(key)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    sums = services.index.period_sums(key)
    summed = report_of(found, sums, services.clock())
    at = page_number(visit.query("page"))
    shown = services.index.find(key, _wanted(visit), start=(at - 1) * PER_PAGE, count=PER_PAGE)
    filters = {name: visit.query(name) for name in ("state", "reason", "q") if visit.query(name)}
    return visit.render(
        "period.html",
        requests=services.holds.requests(key) if found.held else (),
        report=summed,
        outdated=found.certificate is not None
        and datetime.fromisoformat(found.certificate.at).timestamp() < summed.last_activity,
        chart=chart_of(sums.minutes),
        chart_size=(WIDTH, HEIGHT),
        rows=[_row(record) for record in shown.records],
        total=shown.total,
        capped=bool(filters.get("q")) and shown.total >= MOST_FOUND,
        page=at,
        pages=max(1, -(-shown.total // PER_PAGE)),
        filters=filters,
        query=urlencode(filters),
        states=[state.value for state in State],
        paused=services.store.paused().get(found.export),
        hindrances=_hindrances(services, summed),
        differences=services.certificates.differences(key, most=MOST)[:MOST] if found.certificate else (),
        certificate=certificate_of(services, found),
        missing=numbers_missing(services, found)[:MOST],
        most=MOST,
    )


def _wanted(visit: Visit) -> InvoiceFilter:
    """Return the filter of an address; a state that does not exist leaves all in."""
    state = visit.query("state")
    return InvoiceFilter(
        state=State(state) if state in list(State) else None, reason=visit.query("reason"), text=visit.query("q")[:200]
    )


def _row(record: InvoiceRecord) -> Mapping[str, Any]:
    return {"record": record, "invoice": Invoice.model_validate_json(record.content)}


def _hindrances(services: Services, summed: Report) -> list[Failure]:
    """Return what keeps the period from going on, besides a pause, while it is not over."""
    if summed.phase in OVER:
        return []
    still_for = services.clock() - summed.last_activity
    return hindrances(services.store.signs_of_life(), pauses=[], waiting=summed.waiting, still_for=still_for)


def _file(visit: Visit, answer: Any) -> Response:
    key = visit.request.path_params["period"]
    if visit.services.store.period(key) is None:
        return visit.render("error.html", status=404, failure=None)
    response: Response = answer(visit, key, _wanted(visit))
    return response
