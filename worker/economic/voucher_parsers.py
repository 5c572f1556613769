"""Vouchers in e-conomic's JSON, in a journal and booked, read by the marker that our entries carry.

In a journal a voucher holds its entries by kind (e-conomic REST docs, schema of ``GET /journals/{n}/vouchers``);
booked, its entries stand alone in the accounting year. An amount on an entry with a customer is what it owes: a
manual customer invoice is positive (inferred), and so is a booked debit (reported by integrators).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from worker.domain.money import ZERO
from worker.economic.mapping.documents import whole_number
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.mapping.voucher_payload import marked
from worker.economic.parsers import MALFORMED
from worker.economic.urls import plain

Json = Mapping[str, Any]
_OWING = "manualCustomerInvoices"
#: The invoice number's names: the schema's, the examples', and the booked entry's (a number, though declared a text).
_INVOICE = ("customerInvoice", "customerInvoiceNumber", "invoiceNumber")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One entry that carries a marker."""

    document_reference: str
    voucher: int
    #: What the customer owes by it; zero on entries without a customer.
    owed: Decimal = ZERO
    invoice_number: int | None = None


def in_journal(body: Json, journal: int) -> tuple[VoucherFound, ...]:
    """Read one of ``/journals/{n}/vouchers``; usually it carries no reference of ours, or one."""
    number = whole_number(body["voucherNumber"])
    entries = [(kind, entry) for kind, rows in body["entries"].items() for entry in rows]
    marks = [found for kind, entry in entries if (found := _mark(entry, number, owing=kind == _OWING))]
    if not marks:
        return ()
    numbers = tuple(told for _, entry in entries if (told := _entry_number(entry)))
    return tuple(_found(marks, journal=journal, year=_year(body), entries=numbers))


def posted(body: Any) -> tuple[VoucherFound, ...]:
    """Read the answer to a posting, an array of vouchers; nothing when it is of another shape."""
    try:
        return tuple(found for one in body for found in in_journal(one, whole_number(one["journal"]["journalNumber"])))
    except MALFORMED:
        return ()


def booked_mark(body: Json) -> Mark | None:
    """Read one of ``/accounting-years/{y}/entries``; None when it carries no marker."""
    return _mark(body, whole_number(body["voucherNumber"]), owing=True) if marked(_text(body)) else None


def booked(marks: Iterable[Mark], year: str) -> tuple[VoucherFound, ...]:
    """Put the booked entries of one accounting year together to vouchers."""
    return tuple(_found(list(marks), journal=None, year=year, entries=()))


def _mark(entry: Json, voucher: int, *, owing: bool) -> Mark | None:
    reference = marked(_text(entry))
    if reference is None:
        return None
    if not (owing and entry.get("customer")):
        return Mark(document_reference=reference, voucher=voucher)
    # Never rounded: a difference from the source below the øre is a difference.
    amount = Decimal(str(entry.get("amount") or 0))
    return Mark(document_reference=reference, voucher=voucher, owed=amount, invoice_number=_invoice_number(entry))


def _found(marks: list[Mark], *, journal: int | None, year: str, entries: tuple[int, ...]) -> Iterator[VoucherFound]:
    for reference, voucher in dict.fromkeys((mark.document_reference, mark.voucher) for mark in marks):
        ours = [mark for mark in marks if (mark.document_reference, mark.voucher) == (reference, voucher)]
        yield VoucherFound(
            document_reference=reference,
            journal=journal,
            year=year,
            number=voucher,
            gross=sum((mark.owed for mark in ours), ZERO),
            entries=entries,
            invoice_number=next((mark.invoice_number for mark in ours if mark.invoice_number), None),
        )


def _year(body: Json) -> str:
    """Return the year as the voucher's own address spells it: it may carry a suffix (``2025_6_2026a``, reported)."""
    spelt, dash, _ = str(body.get("self") or "").rpartition("/")[2].rpartition("-")
    year = plain(spelt) if dash else str(body["accountingYear"]["year"])
    if not year:
        raise ValueError("a voucher without an accounting year")
    return year


def _entry_number(entry: Json) -> int | None:
    """Return the entry's number, from its address where no property tells it."""
    told = str(entry.get("journalEntryNumber") or str(entry.get("self") or "").rpartition("/")[2])
    return int(told) if told.isdecimal() else None


def _invoice_number(entry: Json) -> int | None:
    told = next((str(entry[name]) for name in _INVOICE if entry.get(name)), "")
    return int(told) if told.isdecimal() else None


def _text(entry: Json) -> str:
    return str(entry.get("text") or "")
