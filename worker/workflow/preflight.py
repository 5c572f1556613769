"""The check of a whole period before its first write: everything that is missing, reported together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog
from pydantic import ValidationError

from worker.domain.identity import by_number, named_in
from worker.domain.invoice import Customer, Invoice
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import InvoiceRecord
from worker.domain.store_port import Due, PreflightPort
from worker.economic.mapping.customer_matching import card_key
from worker.economic.mapping.documents import identified
from worker.economic.mapping.master_data import Document, VoucherFound
from worker.economic.mapping.period_check import PeriodCheck, check_period, grouped_accounts, needs_own_zone
from worker.economic.mapping.reasons import set_up_related
from worker.economic.port import Usage
from worker.economic.reasons import EconomicReason
from worker.errors import ExportError, Failure, LeaseLost, Misconfigured, Stopped, StoreUnavailable
from worker.workflow.context import ExportContext, span
from worker.workflow.customer_proof import prove_customers
from worker.workflow.customers_and_products import own_vat_zone
from worker.workflow.lookup import listed_documents, reference_unclear
from worker.workflow.preflight_progress import PreflightProgress, PreflightProgresses
from worker.workflow.requests import with_booked_rates
from worker.workflow.single_flight import known_key

log = structlog.get_logger()

#: Invoices moved on in one trip to the store.
_CHUNK = 200


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


@dataclass(frozen=True, kw_only=True, slots=True)
class PreflightResult:
    """What one preflight came to."""

    #: ``checked``, ``claimed-elsewhere`` (by another worker, or nothing due), ``deferred``, ``given-back``,
    #: ``lease-lost``.
    result: str
    queued: int = 0
    dead: int = 0
    #: Invoices of which e-conomic has something already.
    found: int = 0
    #: Why it was deferred: a reason code.
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """Checks the periods of one store."""

    store: PreflightPort
    #: Sends the messages of queued invoices, and notes that it did.
    publish: Callable[[Sequence[Due]], None]
    #: Longest time until a preflight is tried again when e-conomic gave no answer, in seconds.
    try_again_after: float = 10.0
    #: What checks that broke off have read.
    progresses: PreflightProgresses = field(default_factory=PreflightProgresses)

    def run(self, period_id: str, context: ExportContext) -> PreflightResult:
        """Check a period whose preflight is due, and write the canonical log line.

        Raises ``StoreUnavailable``, and what this program was not written for.
        """
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(period=period_id), context.metered() as usage:
            try:
                result = self._run(period_id, context, usage)
            except StoreUnavailable:
                log.warning("period_preflight", result="store-unavailable")
                raise
            _write_line(result, usage, time.monotonic() - began)
        return result

    def _run(self, period_id: str, context: ExportContext, usage: Usage) -> PreflightResult:
        fence = self.store.claim_period(period_id)
        if fence is None:
            return PreflightResult(result="claimed-elsewhere")
        try:
            return self._check_or_defer(period_id, fence, context, usage)
        except LeaseLost:  # met by a check as well as by its deferral
            return PreflightResult(result="lease-lost")

    def _check_or_defer(self, period_id: str, fence: int, context: ExportContext, usage: Usage) -> PreflightResult:
        try:
            with context.lease_renewal(partial(self._renew, period_id, fence)):
                return self._check(period_id, fence, context)
        except (LeaseLost, StoreUnavailable):
            raise
        except Stopped as stop:
            notice = f"Not checked yet. {stop.failure.description}"
            self.store.defer_preflight(period_id, fence, until=context.clock(), notice=notice)
            return PreflightResult(result="given-back")
        except ExportError as error:
            self._defer(period_id, fence, context, error, fruitful=usage.calls > 1)  # the last one failed
            return PreflightResult(result="deferred", reason=error.failure.reason)
        except Exception as error:
            text = f"The program failed with {type(error).__name__}."
            fault = ExportError(failure(ProcessReason.INTERNAL_ERROR, text))
            self._defer(period_id, fence, context, fault, fruitful=False)
            raise

    def _renew(self, period_id: str, fence: int) -> None:
        """Passing no invoice renews the lease."""
        self.store.pass_preflight(period_id, fence, read={}, queued=(), lookup=frozenset(), dead={})

    def _check(self, period_id: str, fence: int, context: ExportContext) -> PreflightResult:
        records = list(self.store.received(period_id))
        invoices, unreadable = read_invoices(records)
        read = {record.id: record.content_hash for record in records}
        progress = self.progresses.of(period_id, read, context)
        check = period_check(invoices, context, progress)
        with progress.replies.resumed():
            existing = existing_documents(records, invoices, context)
        customers = _known_keys(context, invoices)
        context.period_customers.remember(customers)
        prove_customers(context, customers)
        found, lookup = existing.found, existing.found | existing.resembled
        dead = {key: why for key, why in check.failures.items() if key not in found}
        dead |= {**existing.otherwise, **unreadable}
        for start in range(0, len(records), _CHUNK):
            chunk = [record.id for record in records[start : start + _CHUNK]]
            queued = self.store.pass_preflight(
                period_id,
                fence,
                read=read,
                queued=[key for key in chunk if key not in dead],
                lookup=lookup.intersection(chunk),
                dead={key: dead[key] for key in chunk if key in dead},
            )
            self.publish([Due(invoice_id=key, export=context.export.name) for key in queued])
        self.store.finish_preflight(period_id, fence, notice=check.notice)
        self.progresses.ended(period_id)
        return PreflightResult(result="checked", queued=len(records) - len(dead), dead=len(dead), found=len(found))

    def _defer(self, period_id: str, fence: int, context: ExportContext, error: ExportError, *, fruitful: bool) -> None:
        if isinstance(error, Misconfigured):
            context.store.pause(context.export.name, error.failure)
        own = self.progresses.wait(period_id, self.try_again_after, fruitful=fruitful)
        wait = max(own, getattr(error, "retry_after", None) or 0.0)
        self.store.defer_preflight(
            period_id, fence, until=context.clock() + wait, notice=f"Not checked yet. {error.failure.description}"
        )


def _known_keys(context: ExportContext, invoices: Mapping[str, Invoice]) -> dict[str, Customer]:
    if not invoices:
        return {}
    agreement = context.economic.master_data(frozenset()).agreement
    customers = [invoice.customer for invoice in invoices.values()]
    return {known_key(agreement, card_key(customer)): customer for customer in customers}


def _write_line(result: PreflightResult, usage: Usage, seconds: float) -> None:
    log.info(
        "period_preflight",
        result=result.result,
        queued=result.queued,
        dead=result.dead,
        found=result.found,
        **({"reason": result.reason} if result.reason else {}),
        http_calls=usage.calls,
        tokens=usage.tokens,
        ms=round(seconds * 1000),
    )


def read_invoices(records: Sequence[InvoiceRecord]) -> tuple[dict[str, Invoice], dict[str, Failure]]:
    """Return the invoices, and the failures of unreadable records: these must not hold up their period."""
    invoices: dict[str, Invoice] = {}
    unreadable: dict[str, Failure] = {}
    for record in records:
        try:
            invoices[record.id] = Invoice.model_validate_json(record.content)
        except ValidationError:
            text = "The invoice cannot be read as the store has it."
            unreadable[record.id] = failure(ProcessReason.INTERNAL_ERROR, text)
    return invoices, unreadable


def period_check(
    invoices: Mapping[str, Invoice], context: ExportContext, progress: PreflightProgress | None = None
) -> PeriodCheck:
    """Check against cached master data; what is missing is read once more, in all tries, before it is believed."""
    accounts = grouped_accounts(invoices.values(), context.export)
    economic = context.economic
    known = with_booked_rates(economic, economic.master_data(accounts), invoices.values())
    check = check_period(invoices, context.export, known)
    if any(set_up_related(why) for why in check.failures.values()):
        now = context.clock()
        read = economic.master_data(accounts, newer_than=progress.newer_than(now) if progress else now)
        fresh = with_booked_rates(economic, read, invoices.values())
        check = check_period(invoices, context.export, fresh)
        unsettled = {key: invoices[key] for key, why in check.failures.items() if needs_own_zone(why)}
        zones = {key: own_vat_zone(context, invoice) for key, invoice in unsettled.items()}
        if any(zones.values()):
            own_zones = {key: zone for key, zone in zones.items() if zone}
            check = check_period(invoices, context.export, fresh, own_zones)
    return check
