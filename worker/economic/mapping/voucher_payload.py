"""The voucher as POST /journals/{n}/vouchers takes it (e-conomic REST docs, "Journals")."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.reasons import invalid
from worker.economic.mapping.dates import year_of
from worker.economic.mapping.documents import heading, units_left_out
from worker.economic.mapping.exchange_rates import exchange_rate
from worker.economic.mapping.master_data import Journal, MasterData
from worker.economic.mapping.reasons import SetUpReason, VoucherReason
from worker.economic.mapping.voucher_postings import Posting, postings, usable_account

#: An id of ``worker.domain.identity``: export, region and series if any, invoice number.
_MARKER = re.compile(
    r"\[\s*([a-z][a-z0-9]{0,19}(?:-[a-z0-9]{1,20}){0,2}-[1-9][0-9]{0,8})\s*\]", re.IGNORECASE | re.ASCII
)
#: e-conomic's limit of an entry's ``text``, in characters.
_LONGEST_TEXT = 250
#: The only kind of entry in a voucher of the layout ``per-account`` (``entryTypeRestrictedTo``; spelling inferred).
_CUSTOMER_ENTRIES = "manualCustomerInvoice"

#: Kind of entry, in the API's spelling -> entries.
Entries: TypeAlias = dict[str, list[dict[str, Any]]]
CUSTOMER, FINANCE = "manualCustomerInvoices", "financeVouchers"


@dataclass(frozen=True, kw_only=True, slots=True)
class Voucher:
    """What to send, and what in it differs from the source."""

    #: Number of the journal to post to.
    journal: int
    payload: dict[str, Any]
    remarks: tuple[str, ...]


def voucher_payload(
    invoice: Invoice, export: ExportConfig, master_data: MasterData, document_reference: str, customer_number: int
) -> Voucher:
    """Return the voucher of an invoice, in the accounting year that the API names for its date.

    Net, VAT and gross that e-conomic computes from it are the invoice's, to the øre. Raises ``InvalidInvoice``.
    """
    year = year_of(invoice.invoice_date, master_data.years).year
    journal = open_journal(export, master_data).number
    rate, rate_remarks = exchange_rate(invoice, export, master_data)
    due, due_remarks = _due_date(invoice, export)
    shared = {
        "date": invoice.invoice_date.isoformat(),
        "text": entry_text(invoice, document_reference),
        "currency": {"code": invoice.currency},
        **({"exchangeRate": rate} if rate else {}),
    }
    customer = {"customer": {"customerNumber": customer_number}, "dueDate": due, **_invoice_number(invoice, export)}
    posted = postings(invoice, export, master_data)
    payload = {
        "accountingYear": {"year": year},
        "journal": {"journalNumber": journal},
        "entries": entries(posted, export, master_data, shared=shared, customer=customer),
    }
    return Voucher(journal=journal, payload=payload, remarks=(*rate_remarks, *due_remarks, *units_left_out(invoice)))


def open_journal(export: ExportConfig, master_data: MasterData) -> Journal:
    """Return the journal that vouchers go to. Raises ``InvalidInvoice``."""
    journal = next((journal for journal in master_data.journals if journal.number == export.journal), None)
    if journal is None:
        known = ", ".join(f"{journal.number} {journal.name}" for journal in master_data.journals)
        text = f"Journal {export.journal} does not exist in e-conomic, which has: {known or 'none'}."
        raise invalid(VoucherReason.JOURNAL_MISSING, text, field="journal", value=export.journal)
    fits = export.voucher.layout == "per-account" and journal.restricted_to == _CUSTOMER_ENTRIES
    if journal.restricted_to and not fits:
        text = f"Journal {journal.number} {journal.name} takes {journal.restricted_to} entries only."
        raise invalid(VoucherReason.JOURNAL_RESTRICTED, text, field="journal", value=journal.number)
    return journal


def entries(
    posted: Sequence[Posting],
    export: ExportConfig,
    master_data: MasterData,
    *,
    shared: Mapping[str, Any],
    customer: Mapping[str, Any],
) -> Entries:
    """Return the entries; ``shared`` goes on all of them, ``customer`` on the customer's.

    Raises ``InvalidInvoice`` when a clearing account is needed and there is none.
    """
    if export.voucher.layout == "per-account" or len(posted) == 1:
        return {
            CUSTOMER: [
                {
                    **shared,
                    **customer,
                    "amount": posting.gross,
                    **_account(posting, "contraAccount", "contraVatAccount"),
                }
                for posting in posted
            ]
        }
    clearing = {"contraAccount": {"accountNumber": clearing_account(export, master_data)}}
    total = {"amount": sum(posting.gross for posting in posted)}
    return {
        CUSTOMER: [{**shared, **customer, **total, **clearing}],
        FINANCE: [{**shared, "amount": -posting.gross, **_account(posting), **clearing} for posting in posted],
    }


def clearing_account(export: ExportConfig, master_data: MasterData) -> int:
    """Return the account between customer entry and finance entries. Raises ``InvalidInvoice``."""
    number = export.voucher.clearing_account
    if number is None:
        text = "The invoice has several postings, and the exports file names no clearing account."
        raise invalid(VoucherReason.CLEARING_ACCOUNT_MISSING, text, field="voucher.clearing_account")
    return usable_account(number, master_data, field="voucher.clearing_account").number


def _account(posting: Posting, account: str = "account", vat_account: str = "vatAccount") -> dict[str, Any]:
    code = {vat_account: {"vatCode": posting.code}} if posting.code else {}
    return {account: {"accountNumber": posting.account}, **code}


def entry_text(invoice: Invoice, document_reference: str) -> str:
    """Return for example ``Faktura 100353 [main-100353]``: the marker is never cut."""
    credited = f" til faktura {invoice.credits_invoice_number}" if invoice.credits_invoice_number else ""
    text, mark = f"{heading(invoice)} {invoice.invoice_number}{credited}", marker(document_reference)
    return f"{text[: _LONGEST_TEXT - len(mark) - 1]} {mark}"


def marker(document_reference: str) -> str:
    """Return ``[main-100353]`` for ``main-100353``. It stands at the end of an entry's text."""
    return f"[{document_reference}]"


def marked(text: str) -> str | None:
    """Return the document reference in a text's marker, None when it has no marker.

    The last marker counts: an earlier one may be quoted from the invoice.
    """
    references = _MARKER.findall(text)
    return references[-1] if references else None


def resembling_mark(text: str, export: str) -> str | None:
    """Return what may be one of an export's references in a text without a marker, in its normal form.

    A person may have taken the brackets away, or written other separators (``worker.domain.identity.resembles``).
    """
    found = list(_unmarked(export).finditer(unicodedata.normalize("NFKC", text).casefold()))
    if not found:
        return None
    parts, number = found[-1].groups()
    return "-".join([export, *re.findall("[a-z0-9]+", parts), number])


@cache
def _unmarked(export: str) -> re.Pattern[str]:
    region_and_series = r"((?:[\W_]{1,3}[a-z0-9]{1,20}){0,2}?)"
    number = r"[\W_]{0,3}([1-9][0-9]{0,8})(?![^\W_]|[\u2013\u2014_-][0-9])"
    return re.compile(rf"(?<![^\W_]){re.escape(export)}{region_and_series}{number}")


def _invoice_number(invoice: Invoice, export: ExportConfig) -> dict[str, int]:
    """Schema and examples name the property differently, and an unknown name is ignored silently."""
    chosen = export.voucher.invoice_number_property
    names = ("customerInvoice", "customerInvoiceNumber") if chosen == "both" else (chosen,)
    return dict.fromkeys(names, invoice.invoice_number)


def _due_date(invoice: Invoice, export: ExportConfig) -> tuple[str, tuple[str, ...]]:
    """Return Opter's due date; a date before the invoice's own is refused by e-conomic, so it is due at once."""
    if invoice.due_date >= invoice.invoice_date:
        return invoice.due_date.isoformat(), ()
    text = f"Due date is {invoice.due_date} in Opter, before the invoice's own date {invoice.invoice_date}."
    if export.booking.due_date_mismatch == "refuse":
        raise invalid(SetUpReason.DUE_DATE_MISMATCH, text, field="dueDate", value=invoice.due_date)
    return invoice.invoice_date.isoformat(), (f"{text} In e-conomic it is due on its own date.",)
