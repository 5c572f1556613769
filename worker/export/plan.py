"""The dry run of a period: everything that an export would send, create and stumble over, found by reading alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from config.exports import Export
from worker.errors import Failure
from worker.export.already_there import already_there
from worker.export.desk import Desk
from worker.export.job import Job
from worker.export.plan_invoice import failed, plan_adoption, plan_posting, undecided
from worker.export.plan_ledger import plan_ledger
from worker.export.plan_pretence import Pretence
from worker.export.plan_reading import ReadOnly
from worker.export.plan_standing import record_of, settled
from worker.export.preflight import period_verdict, read_invoices
from worker.invoicing.economic_port import EconomicVouchers
from worker.invoicing.invoice import Invoice
from worker.invoicing.period import NewInvoice
from worker.invoicing.plans.cost import cost
from worker.invoicing.plans.ground import ground, set_up
from worker.invoicing.plans.plan import Cost, Fate, Plan, PlannedInvoice
from worker.invoicing.ports import PdfSource, PlanPort
from worker.invoicing.preflight import check_invoice, grouped_accounts
from worker.invoicing.record import InvoiceRecord, State
from worker.invoicing.reference import ReferenceData
from worker.ledger.rules import anything_sent

#: Calls of the export's own look for an invoice that is in e-conomic already.
_LOOK = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Planner:
    """Plans for one export. It reads e-conomic and the ledger, and changes neither."""

    export: Export
    economic: EconomicVouchers
    ledger: PlanPort
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
        self._pretence = Pretence(self._economic, planner.ledger)
        self._planned: dict[str, PlannedInvoice] = {}
        #: Calls that only the plan makes, as it looks customers up together.
        self._spared = 0
        self._desk = Desk(
            export=planner.export,
            economic=self._economic,
            ledger=plan_ledger(planner.ledger, self._planned),
            pdfs=planner.pdfs,
            clock=planner.clock,
            environment="plan",
        )

    def plan(self, period: str, given: Sequence[NewInvoice], *, again: bool) -> Plan:
        """Return the whole plan."""
        began, export, now = self._planner.spent(), self._planner.export, self._planner.clock()
        standing = {one.id: self._planner.ledger.invoice(one.id) for one in given}
        records = [record_of(one, standing[one.id], period, now) for one in given]
        invoices, unreadable = read_invoices(records)
        reference = self._economic.reference_data(grouped_accounts(invoices.values(), export))
        read = self._planner.spent() - began
        self._planned |= settled(given, standing, invoices, unreadable, again=again)
        notice = self._decide([one for one in records if one.id not in self._planned], invoices, reference)
        return Plan(
            period=period,
            export=export.name,
            method=export.method,
            agreement=reference.agreement,
            invoices=tuple(replace(self._planned[one.id], state=_state(standing[one.id])) for one in given),
            customers=tuple(self._pretence.customers),
            products=tuple(self._pretence.products),
            updates=tuple(self._pretence.updates),
            notice=notice,
            cost=self._cost(self._planner.spent() - began, read),
            ground=ground(list(invoices.values()), export, reference),
            set_up=set_up(export),
        )

    def _decide(
        self, records: Sequence[InvoiceRecord], invoices: Mapping[str, Invoice], reference: ReferenceData
    ) -> str:
        """Plan the invoices that are not settled, as preflight and export would; return the preflight's notice."""
        unsettled = {one.id: invoices[one.id] for one in records}
        verdict = period_verdict(unsettled, self._desk)
        there = already_there(records, unsettled, self._desk)
        dead = {key: self._failures(unsettled[key], reference) for key in verdict.failures if key not in there.found}
        dead |= {key: (why,) for key, why in there.otherwise.items()}
        self._foresee(one for key, one in unsettled.items() if key not in dead and key not in there.found)
        # A correction comes after the invoice that it credits, as it waits for it.
        for record in sorted(records, key=lambda one: unsettled[one.id].credits_invoice_number is not None):
            job = Job(record, self._desk.for_type(record.invoice_type))
            self._planned[record.id] = self._plan_one(job, dead.get(record.id, ()), found=record.id in there.found)
        return verdict.notice

    def _failures(self, invoice: Invoice, reference: ReferenceData) -> tuple[Failure, ...]:
        return tuple(check_invoice(invoice, self._planner.export, reference))

    def _foresee(self, invoices: Iterable[Invoice]) -> None:
        before = self._planner.spent()
        self._economic.foresee(invoices)
        self._spared += self._planner.spent() - before

    def _plan_one(self, job: Job, problems: Sequence[Failure], *, found: bool) -> PlannedInvoice:
        self._pretence.invoice = job.record.id
        if problems:
            return failed(undecided(job), *problems)
        adopted = plan_adoption(job) if found or anything_sent(job.progress) else None
        return adopted or plan_posting(job, self._pretence)

    def _cost(self, calls: int, reference: int) -> Cost:
        """Return the cost of the export: its reads are the plan's, but for what it asks one by one, and once more."""
        adopted = sum(one.fate is Fate.ADOPT for one in self._planned.values())
        again = self._economic.lookups + reference * len(self._pretence.products) + _LOOK * adopted
        shared = len(self._pretence.customers) + len(self._pretence.products) + len(self._pretence.updates)
        requests = sum(len(one.requests) for one in self._planned.values())
        return cost(calls - self._spared + again, requests + shared, self._planner.export.limits)


def _state(record: InvoiceRecord | None) -> State | None:
    return record.state if record else None
