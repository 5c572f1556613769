"""The ledger at a plan's desk: it tells where invoices stand, and refuses everything else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, cast

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice
from worker.domain.ports import PdfSource
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import ExportPort, PlanPort
from worker.dry_run.dry_run_creator import DryRunCreator
from worker.dry_run.plan import Cost, Plan, PlannedAction, PlannedInvoice, cost
from worker.dry_run.planned_invoice import failed, plan_adoption, plan_posting, record_of, settled, undecided
from worker.dry_run.preconditions import ground, set_up
from worker.dry_run.reading import PlanWouldWrite, ReadOnly
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.period_check import check_against_agreement, grouped_accounts
from worker.economic.port import EconomicVouchers
from worker.errors import Failure
from worker.store.effects import anything_sent
from worker.workflow.context import ExportContext
from worker.workflow.execution import Execution
from worker.workflow.preflight import existing_documents, period_check, read_invoices

#: Calls of the export's own look for an invoice that is in e-conomic already.
_LOOK = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Planner:
    """Plans for one export. It reads e-conomic and the ledger, and changes neither."""

    export: ExportConfig
    economic: EconomicVouchers
    store: PlanPort
    pdfs: PdfSource
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Waits for leave to call.
    sleep: Callable[[float], None]
    #: How many calls to e-conomic this thread has made so far.
    spent: Callable[[], int]

    def plan(self, period: str, invoices: Sequence[NewInvoice], *, again: bool = False) -> Plan:
        """Return what the export of these invoices would do now; ``again``: also of those exported before.

        Raises ``Retryable`` errors when something does not answer, and ``Misconfigured`` for tokens or agreement.
        """
        return _Run(self).plan(period, invoices, again=again)


class _Run:
    """One plan in the making."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._economic = ReadOnly(planner.economic, began=planner.clock(), sleep=planner.sleep)
        self._pretence = DryRunCreator(self._economic, planner.store)
        self._planned: dict[str, PlannedInvoice] = {}
        #: Calls that only the plan makes, as it looks customers up together.
        self._spared = 0
        self._desk = ExportContext(
            export=planner.export,
            economic=self._economic,
            store=plan_ledger(planner.store, self._planned),
            pdfs=planner.pdfs,
            clock=planner.clock,
            environment="plan",
        )

    def plan(self, period: str, given: Sequence[NewInvoice], *, again: bool) -> Plan:
        """Return the whole plan."""
        began, export, now = self._planner.spent(), self._planner.export, self._planner.clock()
        standing = {one.id: self._planner.store.invoice(one.id) for one in given}
        records = [record_of(one, standing[one.id], period, now) for one in given]
        invoices, unreadable = read_invoices(records)
        master_data = self._economic.master_data(grouped_accounts(invoices.values(), export))
        read = self._planner.spent() - began
        self._planned |= settled(given, standing, invoices, unreadable, again=again)
        notice = self._decide([one for one in records if one.id not in self._planned], invoices, master_data)
        return Plan(
            period=period,
            export=export.name,
            method=export.method,
            agreement=master_data.agreement,
            invoices=tuple(replace(self._planned[one.id], state=_state(standing[one.id])) for one in given),
            customers=tuple(self._pretence.customers),
            products=tuple(self._pretence.products),
            updates=tuple(self._pretence.updates),
            notice=notice,
            cost=self._cost(self._planner.spent() - began, read),
            ground=ground(list(invoices.values()), export, master_data),
            set_up=set_up(export),
        )

    def _decide(
        self, records: Sequence[InvoiceRecord], invoices: Mapping[str, Invoice], master_data: MasterData
    ) -> str:
        """Plan the invoices that are not settled, as preflight and export would; return the preflight's notice."""
        unsettled = {one.id: invoices[one.id] for one in records}
        verdict = period_check(unsettled, self._desk)
        there = existing_documents(records, unsettled, self._desk)
        dead = {key: self._failures(unsettled[key], master_data) for key in verdict.failures if key not in there.found}
        dead |= {key: (why,) for key, why in there.otherwise.items()}
        self._foresee(one for key, one in unsettled.items() if key not in dead and key not in there.found)
        # A correction comes after the invoice that it credits, as it waits for it.
        for record in sorted(records, key=lambda one: unsettled[one.id].credits_invoice_number is not None):
            execution = Execution(record, self._desk.for_type(record.invoice_type))
            self._planned[record.id] = self._plan_one(
                execution, dead.get(record.id, ()), found=record.id in there.found
            )
        return verdict.notice

    def _failures(self, invoice: Invoice, master_data: MasterData) -> tuple[Failure, ...]:
        return tuple(check_against_agreement(invoice, self._planner.export, master_data))

    def _foresee(self, invoices: Iterable[Invoice]) -> None:
        before = self._planner.spent()
        self._economic.foresee(invoices)
        self._spared += self._planner.spent() - before

    def _plan_one(self, execution: Execution, problems: Sequence[Failure], *, found: bool) -> PlannedInvoice:
        self._pretence.invoice = execution.record.id
        if problems:
            return failed(undecided(execution), *problems)
        adopted = plan_adoption(execution) if found or anything_sent(execution.progress) else None
        return adopted or plan_posting(execution, self._pretence)

    def _cost(self, calls: int, reference: int) -> Cost:
        """Return the cost of the export: its reads are the plan's, but for what it asks one by one, and once more."""
        adopted = sum(one.action is PlannedAction.ADOPT for one in self._planned.values())
        again = self._economic.lookups + reference * len(self._pretence.products) + _LOOK * adopted
        shared = len(self._pretence.customers) + len(self._pretence.products) + len(self._pretence.updates)
        requests = sum(len(one.requests) for one in self._planned.values())
        return cost(calls - self._spared + again, requests + shared, self._planner.export.limits)


def _state(record: InvoiceRecord | None) -> State | None:
    return record.state if record else None


#: What a planned invoice counts as for a correction that credits it; any other fate: exported by then.
_STANDS = {PlannedAction.FAIL: State.DEAD, PlannedAction.HOLD: State.WAITING}


def plan_ledger(store: PlanPort, planned: Mapping[str, PlannedInvoice]) -> ExportPort:
    """Return a ledger that knows what the plan has found out so far, and raises ``PlanWouldWrite`` for any change."""
    return cast("ExportPort", _PlanLedger(store, planned))


class _PlanLedger:
    def __init__(self, store: PlanPort, planned: Mapping[str, PlannedInvoice]) -> None:
        self._ledger = store
        self._planned = planned

    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        """See ``ExportPort``."""
        ours = {
            one: _STANDS.get(self._planned[one].action, State.EXPORTED) for one in invoice_ids if one in self._planned
        }
        return {**self._ledger.states(invoice_ids), **ours}

    def __getattr__(self, name: str) -> NoReturn:
        raise PlanWouldWrite(f"{name} of the ledger")
