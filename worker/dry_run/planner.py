"""The planner: what an export would do with a period, found out by reading alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice
from worker.domain.ports import PdfSource
from worker.domain.reasons import EventReason, failure
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.domain.store_port import PlanPort
from worker.dry_run.dry_run_creator import DryRunCreator
from worker.dry_run.plan import Cost, Plan, PlannedAction, PlannedInvoice, cost
from worker.dry_run.planned_invoice import failed, plan_adoption, plan_posting, source_amounts, undecided
from worker.dry_run.preconditions import preconditions, set_up
from worker.dry_run.read_only import ReadOnlyEconomic, read_only_store
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.period_check import check_against_agreement, grouped_accounts
from worker.economic.port import EconomicVouchers
from worker.errors import Failure
from worker.store.leases import anything_sent
from worker.workflow.context import ExportContext
from worker.workflow.execution import Execution
from worker.workflow.existing_documents import existing_documents
from worker.workflow.preflight import period_check, read_invoices

#: What a re-export leaves alone, as a person decided it.
_STAYS = (Outcome.BY_HAND, Outcome.DISCARDED)
#: Calls that the export's own lookup takes for an invoice that is in e-conomic already.
_CALLS_PER_LOOKUP = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Planner:
    """Plans for one export. It reads e-conomic and the store, and changes neither."""

    export: ExportConfig
    economic: EconomicVouchers
    store: PlanPort
    pdfs: PdfSource
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Waits that many seconds, until e-conomic may be called again.
    sleep: Callable[[float], None]
    #: How many calls to e-conomic this thread has made so far.
    spent: Callable[[], int]

    def plan(self, period: str, invoices: Sequence[NewInvoice], *, again: bool = False) -> Plan:
        """Return what the export of these invoices would do now; ``again``: also of those exported before.

        The order of the invoices does not matter. Raises ``Retryable`` errors when something does not answer, and
        ``Misconfigured`` for tokens or agreement.
        """
        ordered = sorted(invoices, key=lambda invoice: (invoice.invoice_number, invoice.id))
        return _Run(self).plan(period, ordered, again=again)


class _Run:
    """One plan in the making."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._economic = ReadOnlyEconomic(planner.economic, began=planner.clock(), sleep=planner.sleep)
        self._creator = DryRunCreator(self._economic, planner.store)
        self._planned: dict[str, PlannedInvoice] = {}
        #: Calls that only the plan makes, as it looks customers up together.
        self._prefetch_calls = 0
        self._context = ExportContext(
            export=planner.export,
            economic=self._economic,
            store=read_only_store(planner.store, self._planned),
            pdfs=planner.pdfs,
            clock=planner.clock,
            environment="plan",
        )

    def plan(self, period: str, new: Sequence[NewInvoice], *, again: bool) -> Plan:
        """Return the whole plan."""
        began, export, now = self._planner.spent(), self._planner.export, self._planner.clock()
        stored = {invoice.id: self._planner.store.invoice(invoice.id) for invoice in new}
        records = [_record_of(invoice, stored[invoice.id], period, now) for invoice in new]
        invoices, unreadable = read_invoices(records)
        master_data = self._economic.master_data(grouped_accounts(invoices.values(), export))
        master_data_calls = self._planner.spent() - began
        self._planned |= dict(_decided(new, stored, invoices, unreadable, again=again))
        notice = self._decide([record for record in records if record.id not in self._planned], invoices, master_data)
        return Plan(
            period=period,
            export=export.name,
            method=export.method,
            agreement=master_data.agreement,
            invoices=tuple(
                replace(self._planned[key], state=record.state if record else None) for key, record in stored.items()
            ),
            customers=tuple(self._creator.customers),
            products=tuple(self._creator.products),
            updates=tuple(self._creator.updates),
            notice=notice,
            cost=self._cost(self._planner.spent() - began, master_data_calls),
            preconditions=preconditions(list(invoices.values()), export, master_data),
            set_up=set_up(export),
        )

    def _decide(
        self, records: Sequence[InvoiceRecord], invoices: Mapping[str, Invoice], master_data: MasterData
    ) -> str:
        """Plan the undecided invoices as period check and export would; return the period check's notice."""
        open_invoices = {record.id: invoices[record.id] for record in records}
        check = period_check(open_invoices, self._context)
        existing = existing_documents(records, open_invoices, self._context)
        problems: dict[str, Sequence[Failure]] = {
            key: check_against_agreement(open_invoices[key], self._planner.export, master_data)
            for key in check.failures
            if key not in existing.found
        }
        problems |= {key: (why,) for key, why in existing.otherwise.items()}
        there = existing.found | existing.resembled
        decided, before = problems.keys() | there, self._planner.spent()
        self._economic.prefetch(invoice for key, invoice in open_invoices.items() if key not in decided)
        self._prefetch_calls = self._planner.spent() - before
        # A correction comes after the invoice that it credits, as it waits for it.
        for record in sorted(records, key=lambda record: open_invoices[record.id].credits_invoice_number is not None):
            execution = Execution(record, self._context.for_type(record.invoice_type))
            found = record.id in there
            self._planned[record.id] = self._plan_invoice(execution, problems.get(record.id, ()), found=found)
        return check.notice

    def _plan_invoice(self, execution: Execution, problems: Sequence[Failure], *, found: bool) -> PlannedInvoice:
        self._creator.invoice = execution.record.id
        if problems:
            return failed(undecided(execution), *problems)
        adopted = plan_adoption(execution) if found or anything_sent(execution.progress) else None
        return adopted or plan_posting(execution, self._creator)

    def _cost(self, calls: int, master_data_calls: int) -> Cost:
        """Return the cost of the export.

        Its reads are the plan's, without the prefetch, with customers looked up one by one, the master data read again
        after each new product, and the lookup of what is in e-conomic.
        """
        creator = self._creator
        adopted = sum(invoice.action is PlannedAction.ADOPT for invoice in self._planned.values())
        more = self._economic.lookups + master_data_calls * len(creator.products) + _CALLS_PER_LOOKUP * adopted
        writes = len(creator.customers) + len(creator.products) + len(creator.updates)
        writes += sum(len(invoice.requests) for invoice in self._planned.values())
        return cost(calls - self._prefetch_calls + more, writes, self._planner.export.limits)


def _record_of(new: NewInvoice, stored: InvoiceRecord | None, period: str, now: float) -> InvoiceRecord:
    """Return the record that the export would work on: the store's, with the content as it is now."""
    record = stored or InvoiceRecord(
        id=new.id,
        export=new.export,
        periods=(period,),
        invoice_number=new.invoice_number,
        invoice_type=new.invoice_type,
        region=new.region,
        content="",
        content_hash="",
        state=State.RECEIVED,
        received_at=now,
    )
    return replace(record, invoice_type=new.invoice_type, content=new.content, content_hash=new.content_hash)


def _decided(
    new: Sequence[NewInvoice],
    stored: Mapping[str, InvoiceRecord | None],
    invoices: Mapping[str, Invoice],
    unreadable: Mapping[str, Failure],
    *,
    again: bool,
) -> Iterator[tuple[str, PlannedInvoice]]:
    """Yield the invoices that need no look at e-conomic: unreadable, exported, or in conflict.

    ``again``: those exported are looked up again, except what a person marked as exported; see ``reexport``.
    """
    for invoice in new:
        plan = PlannedInvoice(
            id=invoice.id,
            invoice_number=invoice.invoice_number,
            content_hash=invoice.content_hash,
            action=PlannedAction.FAIL,
            source=source_amounts(invoices[invoice.id]) if invoice.id in invoices else None,
        )
        record = stored[invoice.id]
        if invoice.id in unreadable:
            yield invoice.id, failed(plan, unreadable[invoice.id])
        elif record and record.content_hash != invoice.content_hash and _conflicts(record):
            yield invoice.id, failed(replace(plan, found=_exported_as(record)), _conflict(record))
        elif record and record.state is State.EXPORTED and not (again and record.outcome not in _STAYS):
            yield invoice.id, replace(plan, action=PlannedAction.DONE, found=_exported_as(record))


def _conflicts(record: InvoiceRecord) -> bool:
    """Tell whether other content for this invoice would be a conflict; see ``IntakePort.register``."""
    return record.state in {State.EXPORTING, State.EXPORTED} or anything_sent(record.progress)


def _conflict(record: InvoiceRecord) -> Failure:
    where = _exported_as(record) or record.state
    text = f"Invoice {record.invoice_number} has been posted with other content ({where})."
    return failure(EventReason.CONFLICT, text, field="invoiceNumber", value=str(record.invoice_number))


def _exported_as(record: InvoiceRecord) -> str:
    progress = record.progress
    if progress.booked_number:
        return f"booked invoice {progress.booked_number}"
    if progress.voucher:
        return f"voucher {progress.voucher}"
    return f"draft {progress.draft_number}" if progress.draft_number else record.outcome or ""
