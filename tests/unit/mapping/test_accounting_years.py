from dataclasses import replace
from datetime import date

import pytest
from support.samples import year

from worker.economic.mapping.dates import year_of
from worker.economic.mapping.master_data import AccountingYear
from worker.errors import InvalidInvoice

OPEN = year()
SPLIT = year(date(2026, 7, 1), year="2026/2027a")  # the API's own spelling is kept


def november(**changes: bool) -> AccountingYear:
    months = OPEN.periods
    return replace(OPEN, periods=(*months[:10], replace(months[10], **changes), months[11]))


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [
        (date(2026, 11, 20), [OPEN], "2026"),
        (date(2026, 1, 1), [OPEN], "2026"),
        (date(2026, 12, 31), [OPEN], "2026"),
        (date(2027, 6, 30), [year(date(2025, 7, 1)), SPLIT], "2026/2027a"),
        (date(2026, 11, 20), [replace(OPEN, periods=())], "2026"),  # periods not known: the year decides
        (date(2026, 10, 31), [november(closed=True)], "2026"),
    ],
)
def test_year_of(day: date, years: list[AccountingYear], expected: str) -> None:
    """The year that holds the date, both ends included, in e-conomic's spelling."""
    assert year_of(day, years).year == expected


@pytest.mark.parametrize(
    ("day", "years", "reason"),
    [
        (date(2027, 1, 1), [OPEN], "accounting-year-missing"),
        (date(2026, 11, 20), [], "accounting-year-missing"),
        (date(2026, 11, 20), [replace(OPEN, closed=True)], "accounting-year-closed"),
        (date(2026, 11, 1), [november(closed=True)], "accounting-period-closed"),
        (date(2026, 11, 30), [november(barred=True)], "accounting-period-barred"),
    ],
)
def test_a_date_that_is_not_open(day: date, years: list[AccountingYear], reason: str) -> None:
    """The date is named and never moved."""
    with pytest.raises(InvalidInvoice, match=str(day)) as caught:
        year_of(day, years)

    assert (caught.value.failure.reason, caught.value.failure.value) == (reason, str(day))
