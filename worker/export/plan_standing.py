"""Invoices that a plan has settled before it asks e-conomic: the ledger, or the invoice itself, decides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from worker.errors import Failure
from worker.invoicing.invoice import Invoice
from worker.invoicing.period import NewInvoice
from worker.invoicing.plans.foretelling import source_amounts
from worker.invoicing.plans.plan import Fate, PlannedInvoice
from worker.invoicing.reasons import Reason, failure
from worker.invoicing.record import InvoiceRecord, Outcome, State
from worker.ledger.rules import anything_sent


def record_of(given: NewInvoice, standing: InvoiceRecord | None, period: str, now: float) -> InvoiceRecord:
    """Return the record that the export would work on: the ledger's, with the content as it is given now."""
    known = standing or InvoiceRecord(
        id=given.id,
        export=given.export,
        periods=(period,),
        invoice_number=given.invoice_number,
        invoice_type=given.invoice_type,
        region=given.region,
        content="",
        content_hash="",
        state=State.RECEIVED,
        received_at=now,
    )
    return replace(known, invoice_type=given.invoice_type, content=given.content, content_hash=given.content_hash)


def settled(
    given: Sequence[NewInvoice],
    standing: Mapping[str, InvoiceRecord | None],
    invoices: Mapping[str, Invoice],
    unreadable: Mapping[str, Failure],
    *,
    again: bool,
) -> Mapping[str, PlannedInvoice]:
    """Return the invoices of which nothing more has to be found out: unreadable, exported, or in conflict.

    ``again``: those exported are looked up anew, but for what a person declared exported; see ``reexport``.
    """
    return dict(_settled(given, standing, invoices, unreadable, again=again))


def _settled(
    given: Sequence[NewInvoice],
    standing: Mapping[str, InvoiceRecord | None],
    invoices: Mapping[str, Invoice],
    unreadable: Mapping[str, Failure],
    *,
    again: bool,
) -> Iterator[tuple[str, PlannedInvoice]]:
    for one in given:
        plan = _plan(one, invoices.get(one.id))
        record = standing[one.id]
        if one.id in unreadable:
            yield one.id, replace(plan, problems=(unreadable[one.id],))
        elif record and record.content_hash != one.content_hash and _posted(record):
            yield one.id, replace(plan, found=_found(record), problems=(_conflict(record),))
        elif record and record.state is State.EXPORTED and not (again and record.outcome is not Outcome.BY_HAND):
            yield one.id, replace(plan, fate=Fate.DONE, found=_found(record))


def _plan(given: NewInvoice, invoice: Invoice | None) -> PlannedInvoice:
    return PlannedInvoice(
        id=given.id,
        invoice_number=given.invoice_number,
        content_hash=given.content_hash,
        fate=Fate.FAIL,
        source=source_amounts(invoice) if invoice else None,
    )


def _posted(record: InvoiceRecord) -> bool:
    """Tell whether other content for this invoice would be a conflict; see ``IntakePort.register``."""
    return record.state in {State.EXPORTING, State.EXPORTED} or anything_sent(record.progress)


def _conflict(record: InvoiceRecord) -> Failure:
    text = f"Invoice {record.invoice_number} has been posted with other content ({_found(record) or record.state})."
    return failure(Reason.CONFLICT, text, field="invoiceNumber", value=str(record.invoice_number))


def _found(record: InvoiceRecord) -> str:
    progress = record.progress
    if progress.booked_number:
        return f"booked invoice {progress.booked_number}"
    if progress.voucher:
        return f"voucher {progress.voucher}"
    return f"draft {progress.draft_number}" if progress.draft_number else record.outcome or ""
