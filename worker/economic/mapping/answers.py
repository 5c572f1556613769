"""What a success proves: e-conomic's answers to writes, held against what was sent.

A status says that a request was taken, not that the answer is about it: a proxy, a cache or a fault may answer with
another's document, with any JSON, or with nothing. What does not fit is read by its number, or looked up.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from worker.economic.urls import segment

#: What names a customer or product. A VAT number is not among them: some agreements do not keep it (documented).
_NAMING = ("customerNumber", "name", "corporateIdentificationNumber", "ean", "productNumber")
#: Booking entries answers 204 (documentation of the journals service).
_NO_CONTENT = 204


def about_created(sent: Mapping[str, Any], answer: Any, number: str) -> bool:
    """Tell whether an answer, or what was read at the number that it names, is the customer or product that was sent.

    Compared without regard to case, spaces and punctuation, which e-conomic may write its own way.
    """
    if not isinstance(answer, Mapping) or not _at(answer, number):
        return False
    return all(_letters(sent[name]) == _letters(answer.get(name)) for name in _NAMING if name in sent)


def about_updated(number: int, answer: Any) -> bool:
    """Tell whether the answer to an update is that customer."""
    return isinstance(answer, Mapping) and answer.get("customerNumber") == number


def about_attachment(voucher: str, answer: Any) -> bool:
    """Tell whether the answer to an upload describes the pages at this voucher (``{year}-{number}``)."""
    if not isinstance(answer, Mapping) or type(answer.get("pages")) is not int or answer["pages"] < 1:
        return False
    year, _, number = voucher.rpartition("-")
    return f"/vouchers/{segment(year)}-{number}/" in str(answer.get("self") or "")


def about_booked_entries(status: int, answer: Any) -> bool:
    """Tell whether it is the answer to the booking of a journal's entries, which has no body."""
    return status == _NO_CONTENT and answer is None


def about_deleted(status: int, answer: Any) -> bool:
    """Tell whether it says that a draft was deleted: 204, or 200 that counts it (measured)."""
    counted = answer.get("deletedCount") if isinstance(answer, Mapping) else None
    return status == _NO_CONTENT or counted == 1


def _at(answer: Mapping[str, Any], number: str) -> bool:
    """Its own address ends in the number; an answer without an address says nothing about it."""
    address = str(answer.get("self") or "").partition("?")[0].rstrip("/")
    return not address or address.rpartition("/")[2] == segment(number)


def _letters(value: Any) -> str:
    text = unicodedata.normalize("NFKC", "" if value is None else str(value)).casefold()
    return "".join(filter(str.isalnum, text))
