"""How long texts are kept: five accounting years besides the running one."""

from datetime import date

import pytest

from worker.archive.retention import first_kept


@pytest.mark.parametrize(
    ("today", "year_ends", "expected"),
    [
        (date(2027, 1, 1), 12, date(2022, 1, 1)),
        (date(2027, 12, 31), 12, date(2022, 1, 1)),
        # The running year began on 1 July 2026.
        (date(2027, 6, 30), 6, date(2021, 7, 1)),
        (date(2027, 7, 1), 6, date(2022, 7, 1)),
        # Its first month is January again only where the year ends in December.
        (date(2027, 2, 1), 1, date(2022, 2, 1)),
        (date(2027, 1, 31), 1, date(2021, 2, 1)),
    ],
)
def test_whole_accounting_years_are_kept(today: date, year_ends: int, expected: date) -> None:
    """What belongs to the fifth year before the running one is kept to that year's successor's end."""
    assert first_kept(today, years=5, year_ends=year_ends) == expected
