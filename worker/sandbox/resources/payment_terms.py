"""Payment terms, and the due dates that follow from them.

Numbers differ per agreement; kind and days cannot be changed (e-conomic REST docs, payment terms; measured on a live
agreement, August 2026).
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from worker.sandbox.resources.fields import Schema, choice, dotted, integer, text
from worker.sandbox.resources.links import url
from worker.sandbox.resources.lookup import NUMBER, TEXT, lowest_free, number_in, stored, violation
from worker.sandbox.resources.schema import accept, refuse_all
from worker.sandbox.resources.simple_collections import readable
from worker.sandbox.routes import Route
from worker.sandbox.state import Agreement, Answer, Call, Json

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

SCHEMA: Schema = {
    "name": text(50, shortest=1, required=True),
    "paymentTermsType": choice(*KINDS, required=True),
    "daysOfCredit": integer(0, 9999),
    "description": text(1000),
}
IMMUTABLE = ("paymentTermsType", "daysOfCredit")
FILTERABLE = {
    "paymentTermsNumber": NUMBER,
    "daysOfCredit": NUMBER,
    "name": TEXT,
    "description": TEXT,
    "paymentTermsType": TEXT,
}


def view(number: int, body: Json) -> Json:
    """Return the whole resource; zero days are absent, as recorded answers show for zero numbers."""
    own = {name: value for name, value in body.items() if value != 0}
    return {"paymentTermsNumber": number, **own, "self": url("payment-terms", number)}


def create(agreement: Agreement, call: Call) -> Answer:
    """Create payment terms; e-conomic assigns the number."""
    return _store(agreement, lowest_free(agreement.payment_terms), accept(SCHEMA, call.body))


def replace(agreement: Agreement, call: Call) -> Answer:
    """Replace payment terms: name and description only (E06151)."""
    number = number_in(call, "paymentTermsNumber")
    body = accept(SCHEMA, call.body)
    before = agreement.payment_terms.get(number)
    changed = [name for name in IMMUTABLE if before and before.get(name, 0) != body.get(name, 0)]
    refuse_all([violation(name, f"{name} cannot be changed.", "E06151", body.get(name)) for name in changed])
    return _store(agreement, number, body)


def _store(agreement: Agreement, number: int, body: Json) -> Answer:
    return stored(agreement.payment_terms, number, view(number, body))


ITEM = "/payment-terms/{paymentTermsNumber}"
ROUTES: tuple[Route, ...] = (
    *readable("/payment-terms", "paymentTermsNumber", lambda a: a.payment_terms, FILTERABLE),
    Route(method="POST", path="/payment-terms", handler=create, fields=dotted(SCHEMA)),
    Route(method="PUT", path=ITEM, handler=replace, fields=dotted(SCHEMA)),
)
