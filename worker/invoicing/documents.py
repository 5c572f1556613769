"""A draft or booked invoice as e-conomic's JSON tells it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from worker.invoicing.money import to_oere
from worker.invoicing.reference import Document

#: e-conomic's numbers of documents have at most nine digits.
_HIGHEST_NUMBER = 999_999_999


def read_document(body: Any, *, booked: bool) -> Document | None:
    """Return the document of an answer; None when it is none, so that nothing is concluded from half an answer.

    e-conomic may leave out what is zero or empty (measured); number, currency and customer are always there.
    """
    try:
        return document(body, booked=booked)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation):
        return None


def document(body: Mapping[str, Any], *, booked: bool) -> Document:
    """Return the draft or booked invoice of a JSON object; raises what reading another shape raises."""
    former = body.get("orderNumber") if booked else None
    return Document(
        number=whole_number(body["bookedInvoiceNumber" if booked else "draftInvoiceNumber"]),
        booked=booked,
        reference=str(body.get("references", {}).get("other", "")),
        customer=int(body["customer"]["customerNumber"]),
        date=str(body["date"]),
        currency=str(body["currency"]),
        net=_money(body, "netAmount"),
        vat=_money(body, "vatAmount"),
        gross=_money(body, "grossAmount"),
        due_date=str(body.get("dueDate", "")),
        former_draft=int(former) if former else None,
    )


def whole_number(value: Any) -> int:
    """Return the number of a document or voucher. Raises what reading anything else raises."""
    number = int(value)
    if number != value or not 1 <= number <= _HIGHEST_NUMBER:
        raise ValueError(f"{value} is not the number of a document")
    return number


def _money(body: Mapping[str, Any], name: str) -> Decimal:
    """Read a number exactly, shown with two decimals: a float's shortest spelling is what was sent."""
    amount = Decimal(str(body.get(name, 0)))
    if not amount.is_finite():
        raise ValueError(f"{name} is not an amount of money")
    return to_oere(amount) if amount == to_oere(amount) else amount
