"""The log of actions: who did what, why and when, with a filter, page by page and as CSV."""

import csv
import io
import re
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from worker.domain.action_log import Act, LogEntry, LogFilter
from worker.web.guard import page
from worker.web.pages.period_files import cell
from worker.web.services import Services
from worker.web.visit import Visit

#: Entries on one page, and in one file.
PER_PAGE, PER_FILE = 100, 100_000
_COLUMNS = ("at", "who", "what", "why", "export", "count", "of")


def routes(services: Services) -> list[Route]:
    """Return the log and its file."""
    return [page("/log", services, _log), page("/log.csv", services, _download)]


def _log(visit: Visit) -> Response:
    before = visit.query("before")
    place = int(before) if re.fullmatch("[0-9]{1,12}", before) else None
    entries = visit.services.actions.actions(_wanted(visit), before=place, most=PER_PAGE + 1)
    shown, filters = entries[:PER_PAGE], {name: visit.query(name) for name in ("export", "what", "q")}
    return visit.render(
        "log.html",
        entries=shown,
        older=shown[-1].place if len(entries) > PER_PAGE else None,
        newest=place is None,
        filters=filters,
        query=urlencode({name: value for name, value in filters.items() if value}),
        acts=[act.value for act in Act],
        exports=sorted(visit.services.exports),
    )


def _wanted(visit: Visit) -> LogFilter:
    export = visit.query("export")
    return LogFilter(
        exports=frozenset({export}) if export else None, what=visit.query("what"), text=visit.query("q")[:200]
    )


def _download(visit: Visit) -> Response:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(_COLUMNS)
    for entry in visit.services.actions.actions(_wanted(visit), most=PER_FILE):
        rows.writerow(map(cell, _row(entry)))
    return Response(
        "\ufeff" + text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="log.csv"'},
    )


def _row(entry: LogEntry) -> tuple[object, ...]:
    at = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds")
    return (at, entry.who, entry.what, entry.why, entry.export, entry.count, " ".join(entry.of))
