"""Accounting years and their periods, on legacy REST and on the accounting years service.

Legacy shows ``closed`` alone; ``barred`` exists only on the service (its documentation; an integrator's bookings of
August 2026 were refused with E04870 in periods that legacy called open). The service's paths
(``/accountingYears``, ``/accountingYears/periods``) and its names ``dateFrom`` and
``dateTo`` are taken from integrators' code, not from e-conomic's own pages.
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from worker.sandbox.resources.links import linked, url
from worker.sandbox.resources.lookup import FLAG, NUMBER, TEXT, existing, listing, number_in
from worker.sandbox.routes import BOOKKEEPING, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

Refusal = Literal["", "missing-year", "closed-year", "barred-year", "missing-period", "closed-period", "barred-period"]
DATES = {"fromDate": NUMBER, "toDate": NUMBER, "closed": FLAG}
SERVICE_DATES = {"year": TEXT, "dateFrom": NUMBER, "dateTo": NUMBER, "isClosed": FLAG, "isBarred": FLAG}


def year_of(agreement: Agreement, day: str) -> Json | None:
    """Return the accounting year that a date falls in."""
    return _covering(agreement.years.values(), day)


def refusal(agreement: Agreement, day: str) -> Refusal:
    """Return why nothing can be posted on a date; empty when it can."""
    year = year_of(agreement, day)
    if year is None:
        return "missing-year"
    if year.get("closed"):
        return "closed-year"
    if year.get("barred"):
        return "barred-year"
    return _period_refusal(_covering(year["periods"], day))


def _period_refusal(period: Json | None) -> Refusal:
    if period is None:
        return "missing-period"
    if period.get("closed"):
        return "closed-period"
    return "barred-period" if period.get("barred") else ""


def _covering(spans: Iterable[Json], day: str) -> Json | None:
    wanted = date.fromisoformat(day)
    return next((span for span in spans if _covers(span, wanted)), None)


def _covers(span: Json, day: date) -> bool:
    return date.fromisoformat(span["fromDate"]) <= day <= date.fromisoformat(span["toDate"])


def list_years(agreement: Agreement, _call: Call) -> Answer:
    """List accounting years."""
    query = "?pageindex=0" if agreement.switches.year_self_query else ""
    rows = [year | {"self": f"{year['self']}{query}"} for year in map(_year, agreement.years.values())]
    return listing(rows, {"year": TEXT, **DATES})


def read_year(agreement: Agreement, call: Call) -> Answer:
    """Return one accounting year."""
    return Answer(status=200, body=_year(existing(agreement.years, call.params["year"])))


def list_periods(agreement: Agreement, call: Call) -> Answer:
    """List the periods of one accounting year."""
    year = existing(agreement.years, call.params["year"])
    return listing([_period(year, period) for period in year["periods"]], {"periodNumber": NUMBER, **DATES})


def read_period(agreement: Agreement, call: Call) -> Answer:
    """Return one period."""
    year = existing(agreement.years, call.params["year"])
    periods = {period["periodNumber"]: _period(year, period) for period in year["periods"]}
    return Answer(status=200, body=existing(periods, number_in(call, "periodNumber")))


def list_service_years(agreement: Agreement, _call: Call) -> Answer:
    """List years with ``isClosed`` and ``isBarred``, by cursor."""
    return listing([_service(year, year) for year in agreement.years.values()], SERVICE_DATES)


def list_service_periods(agreement: Agreement, _call: Call) -> Answer:
    """List every year's periods with ``isClosed`` and ``isBarred``, by cursor."""
    rows = [_service(year, period) for year in agreement.years.values() for period in year["periods"]]
    return listing(rows, {"periodNumber": NUMBER, **SERVICE_DATES})


def _year(year: Json) -> Json:
    address = url("accounting-years", year["year"])
    own = {name: year[name] for name in ("year", "fromDate", "toDate")} | _closed(year)
    links = {name: f"{address}/{name}" for name in ("periods", "entries", "totals", "vouchers")}
    return own | links | {"self": address}


def _period(year: Json, period: Json) -> Json:
    own = {name: period[name] for name in ("periodNumber", "fromDate", "toDate")} | _closed(period)
    address = url("accounting-years", year["year"], "periods", period["periodNumber"])
    return own | {"accountingYear": linked("year", year["year"], "accounting-years"), "self": address}


def _closed(span: Json) -> Json:
    return {"closed": True} if span.get("closed") else {}


def _service(year: Json, span: Json) -> Json:
    number = {"periodNumber": span["periodNumber"]} if "periodNumber" in span else {}
    return number | {
        "year": year["year"],
        "dateFrom": span["fromDate"],
        "dateTo": span["toDate"],
        "isClosed": bool(span.get("closed") or year.get("closed")),
        "isBarred": bool(span.get("barred") or year.get("barred")),
    }


YEAR = "/accounting-years/{year}"
SERVICE = "/accountingyearsapi/v2.0.1/accountingYears"
#: Years are listed here only (the service's documentation).
PAGED = "/accountingyearsapi/v2.0.1/AccountingYears/paged"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/accounting-years", handler=list_years),
    Route(method="GET", path=YEAR, handler=read_year),
    Route(method="GET", path=f"{YEAR}/periods", handler=list_periods),
    Route(method="GET", path=f"{YEAR}/periods/{{periodNumber}}", handler=read_period),
    Route(method="GET", path=PAGED, handler=list_service_years, roles=BOOKKEEPING),
    Route(method="GET", path=f"{SERVICE}/periods", handler=list_service_periods, roles=BOOKKEEPING),
)
