"""What of a period is in e-conomic already: a few calls, asked before its invoices are queued.

This is what makes a wiped ledger, or an event sent again after it, harmless.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from worker.errors import Failure
from worker.export.desk import Desk
from worker.export.sightings import span
from worker.invoicing.invoice import Invoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.record import InvoiceRecord
from worker.invoicing.reference import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class AlreadyThere:
    """Invoices of which e-conomic has something."""

    #: Ids of those posted by the method that the export uses now.
    found: frozenset[str] = frozenset()
    #: Those posted by the method that it used before: another posting would double them.
    otherwise: Mapping[str, Failure] = field(default_factory=dict)


def already_there(records: Sequence[InvoiceRecord], invoices: Mapping[str, Invoice], desk: Desk) -> AlreadyThere:
    """Look up a period's invoices. Raises what ``Economic`` raises."""
    if not invoices:
        return AlreadyThere()
    documents = desk.economic.documents(list(invoices))
    if desk.export.method == "invoice":
        otherwise = {one.id: _as_voucher(one) for one in records if one.progress.voucher}
        return AlreadyThere(found=frozenset(one.reference for one in documents), otherwise=otherwise)
    dates = [invoice.invoice_date for invoice in invoices.values()]
    found = desk.economic.vouchers(frozenset(invoices), *span(min(dates), max(dates)))
    return AlreadyThere(
        found=frozenset(one.reference for one in found),
        otherwise={one.reference: _as_invoice(one) for one in documents},
    )


def _as_voucher(record: InvoiceRecord) -> Failure:
    """Whether a voucher is there is only asked of the ledger: an agreement may use no journals at all."""
    progress = record.progress
    where = f"in journal {progress.journal}" if progress.journal else "booked"
    text = f"Invoice {record.invoice_number} was posted as voucher {progress.voucher} ({where}) by the voucher method."
    return failure(Reason.POSTED_OTHERWISE, text, field="method", value="invoice")


def _as_invoice(document: Document) -> Failure:
    kind = "booked invoice" if document.booked else "draft"
    text = f"It is in e-conomic as {kind} {document.number}, by the invoice method."
    return failure(Reason.POSTED_OTHERWISE, text, field="method", value="voucher")
