"""Due dates by payment terms."""

from datetime import date

import pytest

from worker.sandbox.resources.payment_terms import due_date


@pytest.mark.parametrize(
    ("kind", "days", "invoiced", "due"),
    [
        ("net", 14, "2026-11-20", "2026-12-04"),
        ("net", 0, "2026-11-20", "2026-11-20"),
        ("net", 30, "2028-02-01", "2028-03-02"),  # leap year: 28 more days in February, then 2
        ("invoiceMonth", 30, "2026-11-20", "2026-12-30"),  # 30 November + 30 days
        ("invoiceMonth", 0, "2026-02-03", "2026-02-28"),
        ("invoiceMonth", 30, "2026-12-31", "2027-01-30"),
        ("paidInCash", 8, "2026-11-20", "2026-11-20"),
        ("prepaid", 8, "2026-11-20", "2026-11-20"),
        ("invoiceWeekStartingMonday", 7, "2026-11-20", "2026-11-29"),  # Friday; week ends Sunday 22nd
        ("invoiceWeekStartingSunday", 7, "2026-11-20", "2026-11-28"),  # week ends Saturday 21st
        ("invoiceWeekStartingSunday", 0, "2026-11-22", "2026-11-28"),  # a Sunday starts its week
    ],
)
def test_due_date(kind: str, days: int, invoiced: str, due: str) -> None:
    """The kind says where counting starts; cash and prepaid do not count."""
    assert date.fromisoformat(due) == due_date(kind, days, date.fromisoformat(invoiced))
