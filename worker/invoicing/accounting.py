"""Whether e-conomic's books are open on a date; a closed one is reported, a date is never moved."""

from collections.abc import Sequence
from datetime import date

from worker.errors import InvalidInvoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.reference import AccountingPeriod, AccountingYear


def year_of(day: date, years: Sequence[AccountingYear]) -> AccountingYear:
    """Return the accounting year in which entries on this day may be made. Raises ``InvalidInvoice``."""
    year = next((one for one in years if one.first <= day <= one.last), None)
    if year is None:
        raise _refused(Reason.ACCOUNTING_YEAR_MISSING, day, "which lies in no accounting year of e-conomic")
    if year.closed:
        raise _refused(Reason.ACCOUNTING_YEAR_CLOSED, day, f"and accounting year {year.year} is closed in e-conomic")
    for period in year.periods:
        if period.first <= day <= period.last:
            _check_period(day, period)
    return year


def _check_period(day: date, period: AccountingPeriod) -> None:
    span = f"and the period {period.first} to {period.last}"
    if period.closed:
        raise _refused(Reason.ACCOUNTING_PERIOD_CLOSED, day, f"{span} is closed in e-conomic")
    if period.barred:
        raise _refused(Reason.ACCOUNTING_PERIOD_BARRED, day, f"{span} is barred in e-conomic")


def _refused(reason: Reason, day: date, why: str) -> InvalidInvoice:
    return InvalidInvoice(failure(reason, f"The invoice is dated {day}, {why}.", field="invoiceDate", value=str(day)))
