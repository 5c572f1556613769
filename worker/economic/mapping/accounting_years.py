"""Accounting years and periods: whether e-conomic's books are open on a date. A date is never moved."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from config.exports import ExportConfig
from worker.domain.reasons import ReasonCode, failure, invalid
from worker.economic.mapping.master_data import AccountingYear
from worker.economic.mapping.reasons import SetUpReason
from worker.economic.mapping.refusals import named, names_date
from worker.errors import Failure, InvalidInvoice, Refused

#: What a person can open; ``closed_period = "hold"`` waits for it.
_OPENABLE = frozenset(
    {
        SetUpReason.ACCOUNTING_YEAR_MISSING.value,
        SetUpReason.ACCOUNTING_YEAR_CLOSED.value,
        SetUpReason.ACCOUNTING_PERIOD_CLOSED.value,
        SetUpReason.ACCOUNTING_PERIOD_BARRED.value,
    }
)
#: e-conomic's codes that speak of the date wherever they stand: the journals service's names, the words that
#: integrators match, and E04870, with which bookings in barred periods were refused (integrators, August 2026).
_REFUSED_DATE = re.compile(
    r"AccountingYear\w*(Closed|Barred|DoesNotExist)|PeriodClosed|PeriodBarred|InClosedPeriod|ClosedAccountingYear|^E04870$"
)


def year_of(day: date, years: Sequence[AccountingYear]) -> AccountingYear:
    """Return the accounting year in which entries on this day may be made. Raises ``InvalidInvoice``."""
    year = next((year for year in years if year.first <= day <= year.last), None)
    if year is None:
        raise _refused(SetUpReason.ACCOUNTING_YEAR_MISSING, day, "which lies in no accounting year of e-conomic")
    if year.closed:
        why = f"and accounting year {year.year} is closed in e-conomic"
        raise _refused(SetUpReason.ACCOUNTING_YEAR_CLOSED, day, why)
    for period in (period for period in year.periods if period.first <= day <= period.last):
        span = f"and the period {period.first} to {period.last}"
        if period.closed:
            raise _refused(SetUpReason.ACCOUNTING_PERIOD_CLOSED, day, f"{span} is closed in e-conomic")
        if period.barred:
            raise _refused(SetUpReason.ACCOUNTING_PERIOD_BARRED, day, f"{span} is barred in e-conomic")
    return year


def waits(failures: Iterable[Failure], export: ExportConfig) -> bool:
    """Whether an invoice with these failures, at least one, waits for a person to open the books."""
    reasons = {failure.reason for failure in failures}
    return export.closed_period == "hold" and bool(reasons) and reasons <= _OPENABLE


def on_hold(failure: Failure) -> Failure:
    """Return the failure of an invoice that waits, saying that nobody has to re-queue it."""
    step = "Open the accounting year or period in e-conomic: the invoice goes on by itself within about an hour."
    return replace(failure, next_step=step)


def refused_date(day: date, refusal: Refused) -> Failure | None:
    """Return what a refusal by e-conomic means when its codes name the date and nothing else that is known, else None.

    Periods are barred without legacy REST showing it, and master data may be minutes old.
    """
    by_name = any(_REFUSED_DATE.search(code) for code in refusal.codes)
    if not (by_name or names_date(refusal.complaints)) or named(refusal.failure, refusal.complaints):
        return None
    text = f"The invoice is dated {day}, and e-conomic takes no entries on that date."
    reason = SetUpReason.ACCOUNTING_PERIOD_BARRED
    said = refusal.failure
    message, log_id = said.remote_message or said.description, said.log_id
    return failure(reason, text, field="invoiceDate", value=str(day), remote_message=message, log_id=log_id)


def _refused(reason: ReasonCode, day: date, why: str) -> InvalidInvoice:
    return invalid(reason, f"The invoice is dated {day}, {why}.", field="invoiceDate", value=day)
