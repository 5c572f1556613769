"""Due dates by payment terms (e-conomic REST docs, payment terms; measured on a live agreement, August 2026)."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

#: Terms whose due date the sender states; for all others e-conomic computes it and ignores what was sent.
STATED = "dueDate"


def due_date(kind: str, days: int, invoiced: date) -> date:
    """Return the due date of computed terms."""
    return _START[kind](invoiced) + timedelta(days=days if kind in _COUNTING else 0)


def _same_day(invoiced: date) -> date:
    return invoiced


def _end_of_month(invoiced: date) -> date:
    return invoiced.replace(day=monthrange(invoiced.year, invoiced.month)[1])


def _end_of_week_from_monday(invoiced: date) -> date:
    return invoiced + timedelta(days=6 - invoiced.weekday())


def _end_of_week_from_sunday(invoiced: date) -> date:
    return invoiced + timedelta(days=(5 - invoiced.weekday()) % 7)


_START: dict[str, Callable[[date], date]] = {
    "net": _same_day,
    "invoiceMonth": _end_of_month,
    "paidInCash": _same_day,
    "prepaid": _same_day,
    "factoring": _same_day,
    "creditcard": _same_day,
    "invoiceWeekStartingMonday": _end_of_week_from_monday,
    "invoiceWeekStartingSunday": _end_of_week_from_sunday,
}
_COUNTING = frozenset({"net", "invoiceMonth", "factoring", "invoiceWeekStartingMonday", "invoiceWeekStartingSunday"})
#: Every ``paymentTermsType`` that payment terms can have.
KINDS = (*_START, STATED)
