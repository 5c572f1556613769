"""The voucher as POST /journals/{n}/vouchers takes it (e-conomic REST docs, "Journals")."""

from dataclasses import dataclass
from typing import Any

from config.exports import Export
from worker.errors import InvalidInvoice
from worker.invoicing.accounting import year_of
from worker.invoicing.draft import exchange_rate, units_left_out
from worker.invoicing.invoice import Invoice
from worker.invoicing.notes import heading
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.reference import ReferenceData
from worker.invoicing.vouchers.entries import entries
from worker.invoicing.vouchers.mapping import open_journal
from worker.invoicing.vouchers.marker import marker
from worker.invoicing.vouchers.postings import postings

#: e-conomic's limit of an entry's ``text``, in characters.
_LONGEST_TEXT = 250


@dataclass(frozen=True, kw_only=True, slots=True)
class Voucher:
    """What to send, and what in it differs from the source."""

    #: Number of the journal to post to.
    journal: int
    payload: dict[str, Any]
    remarks: tuple[str, ...]


def voucher_payload(
    invoice: Invoice, export: Export, reference: ReferenceData, our_reference: str, customer_number: int
) -> Voucher:
    """Return the voucher of an invoice, in the accounting year that the API names for its date.

    Net, VAT and gross that e-conomic computes from it are the invoice's, to the øre. Raises ``InvalidInvoice``.
    """
    year = year_of(invoice.invoice_date, reference.years).year
    journal = open_journal(export, reference).number
    rate, rate_remarks = exchange_rate(invoice, reference.base_currency)
    due, due_remarks = _due(invoice, export)
    shared = {
        "date": invoice.invoice_date.isoformat(),
        "text": entry_text(invoice, our_reference),
        "currency": {"code": invoice.currency},
        **({"exchangeRate": rate} if rate else {}),
    }
    customer = {"customer": {"customerNumber": customer_number}, "dueDate": due, **_number(invoice, export)}
    found = postings(invoice, export, reference)
    payload = {
        "accountingYear": {"year": year},
        "journal": {"journalNumber": journal},
        "entries": entries(found, export, reference, shared=shared, customer=customer),
    }
    return Voucher(journal=journal, payload=payload, remarks=(*rate_remarks, *due_remarks, *units_left_out(invoice)))


def entry_text(invoice: Invoice, our_reference: str) -> str:
    """Return for example ``Faktura 100353 [main-100353]``: the marker is never cut."""
    credited = f" til faktura {invoice.credits_invoice_number}" if invoice.credits_invoice_number else ""
    text, mark = f"{heading(invoice)} {invoice.invoice_number}{credited}", marker(our_reference)
    return f"{text[: _LONGEST_TEXT - len(mark) - 1]} {mark}"


def _number(invoice: Invoice, export: Export) -> dict[str, int]:
    """Schema and examples name the property differently, and an unknown name is ignored without a word."""
    chosen = export.voucher.invoice_number_property
    names = ("customerInvoice", "customerInvoiceNumber") if chosen == "both" else (chosen,)
    return dict.fromkeys(names, invoice.invoice_number)


def _due(invoice: Invoice, export: Export) -> tuple[str, tuple[str, ...]]:
    """Return Opter's due date; one before the invoice's own date is refused by e-conomic, so it is due at once."""
    if invoice.due_date >= invoice.invoice_date:
        return invoice.due_date.isoformat(), ()
    text = f"Due date is {invoice.due_date} in Opter, before the invoice's own date {invoice.invoice_date}."
    if export.booking.due_date_mismatch == "refuse":
        raise InvalidInvoice(failure(Reason.DUE_DATE_MISMATCH, text, field="dueDate", value=str(invoice.due_date)))
    return invoice.invoice_date.isoformat(), (f"{text} In e-conomic it is due on its own date.",)
