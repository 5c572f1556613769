"""Booking a draft: irreversible, so it names exactly one draft and, where Opter owns the series, the number."""

from typing import Any


def booking_payload(draft_number: int, book_with_number: int | None) -> dict[str, Any]:
    """Return the body of POST /invoices/booked; None: e-conomic gives the number. Opter mails the invoice itself."""
    numbered = {"bookWithNumber": book_with_number} if book_with_number else {}
    return {"draftInvoice": {"draftInvoiceNumber": draft_number}, **numbered, "sendBy": "none"}
