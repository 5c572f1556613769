"""What e-conomic has already of a period's invoices, looked up before the period's first write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from worker.domain.identity import by_number, named_in
from worker.domain.invoice import Invoice
from worker.domain.reasons import failure
from worker.domain.record import InvoiceRecord
from worker.economic.mapping.documents import identified
from worker.economic.mapping.master_data import Document, VoucherFound
from worker.economic.reasons import EconomicReason
from worker.errors import Failure
from worker.workflow.context import ExportContext, span
from worker.workflow.lookup import listed_documents, reference_unclear


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingDocuments:
    """Invoices of which e-conomic has something."""

    #: Ids of those posted by the method that the export uses now.
    found: frozenset[str] = frozenset()
    #: Ids that something resembles, so that a lookup of their own has to tell whether it is this invoice.
    resembled: frozenset[str] = frozenset()
    #: Those posted by the method that it used before: another posting would double them.
    otherwise: Mapping[str, Failure] = field(default_factory=dict)


def existing_documents(
    records: Sequence[InvoiceRecord], invoices: Mapping[str, Invoice], context: ExportContext
) -> ExistingDocuments:
    """Look up a period's invoices. Raises what ``Economic`` raises."""
    if not invoices:
        return ExistingDocuments()
    documents, near = _documents(context, list(invoices))
    if context.export.method == "invoice":
        otherwise = {record.id: _as_voucher(record) for record in records if record.progress.voucher}
        return ExistingDocuments(found=_references(documents), resembled=frozenset(near), otherwise=otherwise)
    dates = [invoice.invoice_date for invoice in invoices.values()]
    vouchers = context.economic.vouchers(frozenset(invoices), *span(min(dates), max(dates)))
    clear, unclear = (_references([each for each in vouchers if each.unclear is which]) for which in (False, True))
    otherwise = {reference: _resembles(reference, document) for reference, document in near.items()}
    otherwise |= {document.document_reference: _as_invoice(document) for document in documents}
    return ExistingDocuments(found=clear, resembled=unclear - clear, otherwise=otherwise)


def _documents(context: ExportContext, references: Sequence[str]) -> tuple[list[Document], dict[str, Document]]:
    """Return drafts and booked invoices that carry these references, and what only resembles a reference, by it."""
    documents = listed_documents(context, references)
    left = sorted(set(references) - _references(documents))
    listed = context.economic.resembling(left) if left else ()
    documents += identified(left, listed)
    numbered = by_number(set(left) - _references(documents))
    near = {reference: each for each in listed for reference in named_in(each.document_reference, numbered)}
    return documents, near


def _references(found: Sequence[Document | VoucherFound]) -> frozenset[str]:
    return frozenset(document.document_reference for document in found)


def _as_voucher(record: InvoiceRecord) -> Failure:
    """Only the store is asked for vouchers here: an agreement may use no journals at all."""
    progress = record.progress
    where = f"in journal {progress.journal}" if progress.journal else "booked"
    text = f"Invoice {record.invoice_number} was posted as voucher {progress.voucher} ({where}) by the voucher method."
    return failure(EconomicReason.POSTED_OTHERWISE, text, field="method", value="invoice")


def _as_invoice(document: Document) -> Failure:
    text = f"It is in e-conomic as {_named(document)}, by the invoice method."
    return failure(EconomicReason.POSTED_OTHERWISE, text, field="method", value="voucher")


def _resembles(reference: str, document: Document) -> Failure:
    where = f"{_named(document)} ({document.document_reference!r}), by the invoice method"
    return reference_unclear(reference, where, "references.other")


def _named(document: Document) -> str:
    return f"{'booked invoice' if document.booked else 'draft'} {document.number}"
