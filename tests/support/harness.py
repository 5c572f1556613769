"""The whole export in one thread: sandbox, ledger and workers, with a hand on every effect and on time."""

import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import httpx
from support.clock import ManualClock
from support.inprocess import Sandbox
from support.memory_store import MemoryStore
from support.pdf_fixtures import PdfFixtures

from config.exports import Booking, Codes, Customers, ExportConfig, Voucher
from config.settings_sections import Http
from worker.domain.identity import invoice_id_of
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice, PeriodRecord
from worker.domain.record import InvoiceRecord, State
from worker.domain.retry import RetryPolicy
from worker.domain.store_port import Due
from worker.economic.client import EconomicClient
from worker.economic.mapping.documents import read_document
from worker.economic.mapping.master_data import Document
from worker.store.connection import StorePolicy
from worker.store.rate_limiter import MemoryRateLimiter
from worker.workflow.context import ExportContext
from worker.workflow.exporter import ExecutionResult, Exporter, accept_agreement
from worker.workflow.preflight import Preflight, PreflightResult

#: 2026-11-21T08:00:00Z
START = 1_795_248_000.0
EXPORT = ExportConfig(
    name="main",
    app_secret_token="sandbox-app",
    grant_token="sandbox-grant",
    customers=Customers(group=21, layout=17),
    codes=Codes(sales_accounts={}),
    booking=Booking(),
)
#: The same agreement by the voucher method; 5990 and 4990 are the seed's clearing and rounding accounts.
VOUCHER_EXPORT = EXPORT.model_copy(
    update={
        "method": "voucher",
        "codes": Codes(tax_rates={"M25": "U25", "M0": ""}),
        "voucher": Voucher(clearing_account=5990, rounding_account=4990),
    }
)
PERIOD = "main-p881"


class Killed(BaseException):
    """The worker process is gone: nothing after this happens in it."""


class Transport(httpx.BaseTransport):
    """The sandbox behind the HTTP client; ``around`` may bring trouble to a call."""

    def __init__(self, harness: "Harness") -> None:
        self._works = harness

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._works.around_http(request, self._works.sandbox.answer)


class StoreDoor:
    """The ledger as one worker sees it; ``around`` may bring trouble to a trip."""

    def __init__(self, harness: "Harness") -> None:
        self._works = harness

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._works.store, name)

        def trip(*args: Any, **kwargs: Any) -> Any:
            return self._works.around_store(name, lambda: method(*args, **kwargs))

        return trip


class Harness:
    """One installation with one export."""

    def __init__(self, export: ExportConfig = EXPORT, *, seed: int = 1, policy: RetryPolicy | None = None) -> None:
        self.clock = ManualClock(START)
        self.sandbox = Sandbox(self.clock)
        self.pdf_fixtures = PdfFixtures()
        self.export = export
        self.seed = seed
        self.policy = policy or RetryPolicy()
        self.around_http: Callable[[httpx.Request, Callable[[httpx.Request], httpx.Response]], httpx.Response] = (
            lambda request, answer: answer(request)
        )
        self.around_store: Callable[[str, Callable[[], Any]], Any] = lambda _, trip: trip()
        self.reported: list[BaseException] = []
        self.mailbox: list[str] = []
        self.rate_limiter = MemoryRateLimiter(clock=self.clock, sleep=self.clock.advance)
        self.wipe()

    def wipe(self) -> None:
        """Redis is emptied: a new ledger, an empty queue; workers start anew."""
        self.store = MemoryStore(policy=StorePolicy(), clock=self.clock)
        self.mailbox.clear()
        self.hire()

    def hire(self) -> None:
        """Start a worker: caches are empty, what the ledger holds is all that is known."""
        door: Any = StoreDoor(self)
        client = EconomicClient(
            self.export,
            rate_limiter=self.rate_limiter,
            http=Http(),
            clock=self.clock,
            accept=partial(accept_agreement, self.export, door),
            transport=lambda: Transport(self),
        )
        self.client = client
        self.context = context = ExportContext(
            export=self.export,
            economic=client,
            store=door,
            pdfs=self.pdf_fixtures,
            clock=self.clock,
            environment="test",
        )
        self.exporter = Exporter(
            context=lambda _: context,
            claim=door.claim,
            policy=self.policy,
            chance=random.Random(self.seed),
            report=self.reported.append,
        )
        self.preflight = Preflight(store=door, publish=self.post)

    def post(self, dues: Iterable[Due]) -> None:
        posted = [due.invoice_id for due in dues]
        self.mailbox.extend(posted)
        self.store.published(posted)

    def close_period(self, *invoices: Invoice, event: str = "/opter/acme/1#e1", number: int = 881) -> None:
        """The intake takes in a period."""
        period = f"main-p{number}"
        self.store.open_period(
            PeriodRecord(
                id=period,
                export="main",
                number=number,
                name="2026-47A",
                region=None,
                closed_at="2026-11-20T15:04:05Z",
                invoice_count=len(invoices),
                control_totals=(),
            ),
            event,
        )
        self.store.register(period, event, [_new(invoice) for invoice in invoices])
        self.store.close_event(period, event)

    def check(self, period: str = PERIOD) -> PreflightResult:
        return self.preflight.run(period, self.context)

    def deliver(self) -> list[ExecutionResult]:
        """Work off the messages that are waiting now."""
        waiting, self.mailbox[:] = list(self.mailbox), []
        return [self.exporter.run(invoice_id) for invoice_id in waiting]

    def sweep(self) -> None:
        idle = frozenset() if self.mailbox else frozenset({"main"})
        self.post(self.store.sweep(idle_exports=idle))

    def until_rest(self, *, most: int = 400) -> None:
        """Let time pass, sweep and work until every invoice rests."""
        for _ in range(most):
            for period, _ in self.store.periods_due():
                self.check(period)
            self.deliver()
            if all(record.state in {State.EXPORTED, State.DEAD} for record in self.records()):
                return
            self.clock.advance(5.0)
            self.sweep()
        raise AssertionError(f"still moving: {[(r.id, r.state, r.failure) for r in self.records()]}")

    def records(self) -> list[InvoiceRecord]:
        return list(self.store.invoices(None, None))

    def record(self, invoice_id: str) -> InvoiceRecord:
        found = self.store.invoice(invoice_id)
        assert found is not None
        return found

    def documents(self) -> list[Document]:
        """What e-conomic holds of ours, read past every fault and without a trace in the journal."""
        agreement = self.sandbox.agreement
        found = [read_document(body, booked=False) for body in agreement.drafts.values()]
        found += [read_document(body, booked=True) for body in agreement.booked.values()]
        return [document for document in found if document and document.document_reference.startswith("main-")]

    def restrained(self, **booking: Any) -> ExportConfig:
        return self.export.model_copy(update={"booking": self.export.booking.model_copy(update=booking)})


def _new(invoice: Invoice) -> NewInvoice:
    return NewInvoice(
        id=invoice_id_of("main", None, invoice.invoice_number),
        export="main",
        invoice_number=invoice.invoice_number,
        invoice_type=invoice.invoice_type.value,
        region=None,
        content=invoice.content().text,
        content_hash=invoice.content().sha256,
    )


__all__ = ["EXPORT", "PERIOD", "START", "VOUCHER_EXPORT", "Harness", "Killed"]
