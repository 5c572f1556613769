"""One period: its sums, what is wrong, and every invoice with filter, search and download."""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from worker.domain.invoice import Invoice
from worker.domain.invoice_period import PeriodRecord
from worker.domain.period_report import MOVING, Phase, Report, phase_of, report
from worker.domain.record import InvoiceRecord, State
from worker.errors import Failure
from worker.web.guard import page
from worker.web.identity import still_signed_in
from worker.web.language import translations
from worker.web.pages.period_reading import certificate_of, numbers_missing
from worker.web.services import Services
from worker.web.visit import Visit
from worker.workflow.hindrances import hindrances

#: Invoices on one page.
PER_PAGE = 100
#: Seconds between two looks of a live page at the counts of its period.
LOOK_EVERY = 2.0
_OVER = (Phase.DONE, Phase.DIFFERS, Phase.NEEDS_A_PERSON)
#: A cell that begins so would be a formula in a spreadsheet.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    *("invoice", "date", "customerCode", "customer", "currency", "net", "vat", "gross"),
    *("state", "reason", "what", "draft", "booked", "voucher"),
)


def routes(services: Services) -> list[Route]:
    """Return the page of a period, its invoices as CSV, and its live progress."""
    return [
        page("/periods/{period}", services, _period),
        page("/periods/{period}/invoices.csv", services, _download),
        page("/periods/{period}/live", services, _live),
    ]


def _period(visit: Visit) -> Response:
    services = visit.services
    key = visit.request.path_params["period"]
    found = services.store.period(key)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    records = list(services.store.invoices(key, None))
    chosen = _chosen(visit, records)
    at = _page_number(visit.query("page"))
    shown = chosen[(at - 1) * PER_PAGE : at * PER_PAGE]
    filters = {name: visit.query(name) for name in ("state", "reason", "q") if visit.query(name)}
    summed = report(found, records, services.clock())
    return visit.render(
        "period.html",
        report=summed,
        outdated=found.certificate is not None
        and datetime.fromisoformat(found.certificate.at).timestamp() < summed.last_activity,
        rows=[_row(record) for record in shown],
        chosen=len(chosen),
        page=at,
        pages=max(1, -(-len(chosen) // PER_PAGE)),
        filters=filters,
        query=urlencode(filters),
        states=[state.value for state in State],
        paused=services.store.paused().get(found.export),
        hindrances=_hindrances(services, summed),
        differences=services.certificates.differences(key),
        certificate=certificate_of(services, found),
        missing=numbers_missing(services, found, records),
    )


def _page_number(text: str) -> int:
    """Return the page that an address asks for; the first for what is no number."""
    return max(1, int(text)) if re.fullmatch("[0-9]{1,9}", text) else 1


def _chosen(visit: Visit, records: Iterable[InvoiceRecord]) -> Sequence[InvoiceRecord]:
    state, reason, sought = visit.query("state"), visit.query("reason"), visit.query("q").casefold()
    return [
        record
        for record in records
        if (not state or record.state == state)
        and (not reason or (record.failure is not None and record.failure.reason == reason))
        and (not sought or sought in _text(record))
    ]


def _text(record: InvoiceRecord) -> str:
    invoice = Invoice.model_validate_json(record.content)
    return f"{record.id} {record.invoice_number} {invoice.customer.code} {invoice.customer.name}".casefold()


def _row(record: InvoiceRecord) -> Mapping[str, Any]:
    return {"record": record, "invoice": Invoice.model_validate_json(record.content)}


def _hindrances(services: Services, summed: Report) -> list[Failure]:
    """Return what keeps the period from going on, besides a pause, while it is not over."""
    if summed.phase in _OVER:
        return []
    still_for = services.clock() - summed.last_activity
    return hindrances(services.store.signs_of_life(), pauses=[], waiting=summed.waiting, still_for=still_for)


def _download(visit: Visit) -> Response:
    services = visit.services
    key = visit.request.path_params["period"]
    if services.store.period(key) is None:
        return visit.render("error.html", status=404, failure=None)
    text = io.StringIO()
    # Semicolons and a byte order mark: what a Danish spreadsheet opens by a double click.
    rows = csv.writer(text, delimiter=";")
    rows.writerow(_COLUMNS)
    for record in _chosen(visit, services.store.invoices(key, None)):
        rows.writerow([_cell(value) for value in _values(record)])
    return Response(
        "\ufeff" + text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{key}.csv"'},
    )


def _values(record: InvoiceRecord) -> Iterable[object]:
    invoice, progress, failure = Invoice.model_validate_json(record.content), record.progress, record.failure
    yield from (record.invoice_number, invoice.invoice_date, invoice.customer.code, invoice.customer.name)
    # Danish spreadsheets read a comma as the decimal sign.
    yield from (invoice.currency, *(str(amount).replace(".", ",") for amount in (invoice.net, invoice.vat)))
    yield str(invoice.gross).replace(".", ",")
    yield from (record.state.value, failure.reason if failure else "", failure.description if failure else "")
    yield from (progress.draft_number or "", progress.booked_number or "", progress.voucher or "")


def _cell(value: object) -> str:
    text = str(value)
    numeric = text.removeprefix("-").replace(",", "").isdigit()
    return f"'{text}" if text.startswith(_FORMULAS) and not numeric else text


def _live(visit: Visit) -> Response:
    """Server-sent events: ``progress`` with the counts after each change, ``rest`` once nothing moves any more."""
    key = visit.request.path_params["period"]
    return StreamingResponse(_progress(visit, key), media_type="text/event-stream")


async def _progress(visit: Visit, key: str) -> AsyncIterator[str]:
    before = ""
    while not await visit.request.is_disconnected():
        period = await run_in_threadpool(visit.services.store.period, key)
        # Whoever has signed out, or has lost their role, learns no more of it.
        lasts = await run_in_threadpool(still_signed_in, visit.request, visit.services)
        if not lasts or period is None or phase_of(period, period.counts) in _OVER:
            yield "event: rest\ndata:\n\n"
            return
        now = json.dumps(_counts(visit, period))
        if now != before:
            yield f"event: progress\ndata: {now}\n\n"
        before = now
        await asyncio.sleep(LOOK_EVERY)


def _counts(visit: Visit, period: PeriodRecord) -> Mapping[str, int | str]:
    counts = period.counts
    total, exported = max(period.total, period.invoice_count), counts.get(State.EXPORTED, 0)
    moving, dead = sum(counts.get(state, 0) for state in MOVING), counts.get(State.DEAD, 0)
    text = translations(visit.language).gettext("{exported} of {total} exported, {moving} under way, {dead} failed")
    return {
        "total": total,
        "exported": exported,
        "text": text.format(exported=exported, total=total, moving=moving, dead=dead),
    }
