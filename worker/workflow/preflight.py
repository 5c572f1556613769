"""The check of a whole period before its first write: what is missing is found together and told once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pydantic import ValidationError

from worker.domain.invoice import Invoice
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import InvoiceRecord
from worker.domain.store_port import Due, PreflightPort
from worker.economic.mapping.master_data import Document
from worker.economic.mapping.period_check import PeriodCheck, check_period, grouped_accounts
from worker.economic.mapping.reasons import set_up_related
from worker.economic.reasons import EconomicReason
from worker.errors import ExportError, Failure, LeaseLost, Misconfigured, StoreUnavailable
from worker.workflow.context import ExportContext
from worker.workflow.voucher_scan_cache import span


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingDocuments:
    """Invoices of which e-conomic has something."""

    #: Ids of those posted by the method that the export uses now.
    found: frozenset[str] = frozenset()
    #: Those posted by the method that it used before: another posting would double them.
    otherwise: Mapping[str, Failure] = field(default_factory=dict)


def existing_documents(
    records: Sequence[InvoiceRecord], invoices: Mapping[str, Invoice], context: ExportContext
) -> ExistingDocuments:
    """Look up a period's invoices. Raises what ``Economic`` raises."""
    if not invoices:
        return ExistingDocuments()
    documents = context.economic.documents(list(invoices))
    if context.export.method == "invoice":
        otherwise = {one.id: _as_voucher(one) for one in records if one.progress.voucher}
        return ExistingDocuments(found=frozenset(one.document_reference for one in documents), otherwise=otherwise)
    dates = [invoice.invoice_date for invoice in invoices.values()]
    found = context.economic.vouchers(frozenset(invoices), *span(min(dates), max(dates)))
    return ExistingDocuments(
        found=frozenset(one.document_reference for one in found),
        otherwise={one.document_reference: _as_invoice(one) for one in documents},
    )


def _as_voucher(record: InvoiceRecord) -> Failure:
    """Whether a voucher is there is only asked of the ledger: an agreement may use no journals at all."""
    progress = record.progress
    where = f"in journal {progress.journal}" if progress.journal else "booked"
    text = f"Invoice {record.invoice_number} was posted as voucher {progress.voucher} ({where}) by the voucher method."
    return failure(EconomicReason.POSTED_OTHERWISE, text, field="method", value="invoice")


def _as_invoice(document: Document) -> Failure:
    kind = "booked invoice" if document.booked else "draft"
    text = f"It is in e-conomic as {kind} {document.number}, by the invoice method."
    return failure(EconomicReason.POSTED_OTHERWISE, text, field="method", value="voucher")


#: Invoices moved on in one trip to the ledger.
_CHUNK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class PreflightResult:
    """What one preflight came to, for the log line."""

    #: ``checked``, ``held`` (by another worker, or nothing due), ``deferred``, ``lease-lost``.
    result: str
    queued: int = 0
    dead: int = 0
    #: Invoices of which e-conomic has something already.
    found: int = 0
    #: Why it was deferred: a reason code.
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """Checks periods of one ledger."""

    store: PreflightPort
    #: Sends the messages of queued invoices, and notes that it did.
    publish: Callable[[Sequence[Due]], None]
    #: Seconds until a preflight is tried again when e-conomic gave no answer.
    try_again_after: float = 10.0

    def run(self, period_id: str, context: ExportContext) -> PreflightResult:
        """Check a period whose preflight is due. Raises ``StoreUnavailable``, and what this program was not written for."""
        fence = self.store.claim_period(period_id)
        if fence is None:
            return PreflightResult(result="claimed-elsewhere")
        try:
            return self._hold(period_id, fence, context)
        except LeaseLost:  # met by a check as well as by its deferral
            return PreflightResult(result="lease-lost")

    def _hold(self, period_id: str, fence: int, context: ExportContext) -> PreflightResult:
        try:
            with context.lease_renewal(partial(self._renew, period_id, fence)):
                return self._check(period_id, fence, context)
        except (LeaseLost, StoreUnavailable):
            raise
        except ExportError as error:
            self._defer(period_id, fence, context, error)
            return PreflightResult(result="deferred", reason=error.failure.reason)
        except Exception as error:
            text = f"The program failed with {type(error).__name__}."
            self._defer(period_id, fence, context, ExportError(failure(ProcessReason.INTERNAL_ERROR, text)))
            raise

    def _renew(self, period_id: str, fence: int) -> None:
        """Passing no invoice renews the lease."""
        self.store.pass_preflight(period_id, fence, read={}, queued=(), lookup=frozenset(), dead={})

    def _check(self, period_id: str, fence: int, context: ExportContext) -> PreflightResult:
        records = list(self.store.received(period_id))
        invoices, unreadable = read_invoices(records)
        check = period_check(invoices, context)
        there = existing_documents(records, invoices, context)
        found = there.found
        dead = {key: why for key, why in check.failures.items() if key not in found}
        dead |= {**there.otherwise, **unreadable}
        read = {record.id: record.content_hash for record in records}
        for start in range(0, len(records), _CHUNK):
            chunk = [record.id for record in records[start : start + _CHUNK]]
            queued = self.store.pass_preflight(
                period_id,
                fence,
                read=read,
                queued=[key for key in chunk if key not in dead],
                lookup=found.intersection(chunk),
                dead={key: dead[key] for key in chunk if key in dead},
            )
            self.publish([Due(invoice_id=key, export=context.export.name) for key in queued])
        self.store.finish_preflight(period_id, fence, notice=check.notice)
        return PreflightResult(result="checked", queued=len(records) - len(dead), dead=len(dead), found=len(found))

    def _defer(self, period_id: str, fence: int, context: ExportContext, error: ExportError) -> None:
        if isinstance(error, Misconfigured):
            context.store.pause(context.export.name, error.failure)
        wait = max(self.try_again_after, getattr(error, "retry_after", None) or 0.0)
        self.store.defer_preflight(
            period_id, fence, until=context.clock() + wait, notice=f"Not checked yet. {error.failure.description}"
        )


def read_invoices(records: Sequence[InvoiceRecord]) -> tuple[dict[str, Invoice], dict[str, Failure]]:
    """Return the invoices, and those whose record nobody can read: they must not hold up their period."""
    invoices: dict[str, Invoice] = {}
    unreadable: dict[str, Failure] = {}
    for record in records:
        try:
            invoices[record.id] = Invoice.model_validate_json(record.content)
        except ValidationError:
            text = "The invoice as the ledger has it cannot be read."
            unreadable[record.id] = failure(ProcessReason.INTERNAL_ERROR, text)
    return invoices, unreadable


def period_check(invoices: Mapping[str, Invoice], context: ExportContext) -> PeriodCheck:
    """Check against cached reference data; what is missing is re-read once before it is believed."""
    accounts = grouped_accounts(invoices.values(), context.export)
    check = check_period(invoices, context.export, context.economic.master_data(accounts))
    if any(set_up_related(why) for why in check.failures.values()):
        fresh = context.economic.master_data(accounts, newer_than=context.clock())
        check = check_period(invoices, context.export, fresh)
    return check
