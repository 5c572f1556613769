"""The whole export in one thread: sandbox, store and workers, with every effect and the time under control."""

import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import httpx
import structlog
from support.clock import ManualClock
from support.inprocess import Sandbox
from support.memory_approvals import MemoryApprovals
from support.memory_store import MemoryStore
from support.pdf_fixtures import PdfFixtures
from support.rate_limiter import PatientRateLimiter

from config.export_schema import Booking, Codes, Customers, Voucher
from config.exports import ExportConfig
from config.settings_sections import Http
from worker.domain.identity import invoice_id_of
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice, PeriodRecord
from worker.domain.ports import RateLimiter
from worker.domain.record import InvoiceRecord, State
from worker.domain.retry import RetryPolicy
from worker.domain.store_port import Due
from worker.economic.client import EconomicClient
from worker.economic.mapping.documents import read_document
from worker.economic.mapping.master_data import Document
from worker.store.connection import StorePolicy
from worker.workflow.agreement_pin import accept_agreement
from worker.workflow.context import ExportContext
from worker.workflow.exporter import ExecutionResult, Exporter
from worker.workflow.preflight import Preflight, PreflightResult
from worker.workflow.second_person import SecondPerson

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


def _drop(_: object, __: str, event: Any) -> Any:
    del event
    raise structlog.DropEvent


# Thousands of schedules write no lines; ``structlog.testing.capture_logs`` sees them all the same.
structlog.configure(processors=[_drop])


class Killed(BaseException):
    """The worker process is gone: nothing after this happens in it."""


class Transport(httpx.BaseTransport):
    """The sandbox behind the HTTP client; ``around_http`` may make a call fail."""

    def __init__(self, harness: "Harness") -> None:
        self._harness = harness

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._harness.around_http(request, self._harness.sandbox.answer)


class WatchedStore:
    """The store, or what else lies there, as one worker sees it; ``around_store`` may make a trip fail."""

    def __init__(self, harness: "Harness", part: str = "store") -> None:
        self._harness = harness
        self._part = part

    def __getattr__(self, name: str) -> Any:
        method = getattr(getattr(self._harness, self._part), name)

        def trip(*args: Any, **kwargs: Any) -> Any:
            return self._harness.around_store(name, lambda: method(*args, **kwargs))

        return trip


class Harness:
    """One installation with one export."""

    def __init__(
        self,
        export: ExportConfig = EXPORT,
        *,
        seed: int = 1,
        policy: RetryPolicy | None = None,
        limiter: Callable[[ManualClock], RateLimiter] = PatientRateLimiter,
    ) -> None:
        self.clock = ManualClock(START)
        #: Seconds that the clock of Redis is ahead of e-conomic's.
        self.redis_ahead = 0.0
        #: Seconds that a worker's own clock is ahead of e-conomic's.
        self.worker_ahead = 0.0
        self.sandbox = Sandbox(self.clock)
        self.pdf_fixtures = PdfFixtures()
        self.export = export
        self.seed = seed
        self.policy = policy or RetryPolicy()
        self.around_http: Callable[[httpx.Request, Callable[[httpx.Request], httpx.Response]], httpx.Response] = (
            lambda request, answer: answer(request)
        )
        self.around_store: Callable[[str, Callable[[], Any]], Any] = lambda _, trip: trip()
        #: Whether the worker is being stopped.
        self.stopped: Callable[[], bool] = lambda: False
        self.reported: list[BaseException] = []
        self.mailbox: list[str] = []
        self.rate_limiter = limiter(self.clock)
        self.wipe()
        self.store.declare_first_use(export.name)

    def wipe(self) -> None:
        """Redis is emptied: a new store, an empty queue; workers start anew."""
        self.store = MemoryStore(policy=StorePolicy(), clock=self._redis_time)
        self.approvals: Any = MemoryApprovals(self._redis_time, due=self.store.call_for_preflight)
        self.mailbox.clear()
        self.hire()

    def _redis_time(self) -> float:
        return self.clock() + self.redis_ahead

    def _worker_time(self) -> float:
        return self.clock() + self.worker_ahead

    def _is_stopped(self) -> bool:
        return self.stopped()

    def hire(self) -> None:
        """Start a worker: caches are empty, only the store knows anything."""
        store: Any = WatchedStore(self)
        client = EconomicClient(
            self.export,
            rate_limiter=self.rate_limiter,
            http=Http(),
            clock=self._redis_time,
            accept=partial(accept_agreement, self.export, store),
            transport=lambda: Transport(self),
            monotonic=self.clock,
            stopped=self._is_stopped,
        )
        self.client = client
        self.context = context = ExportContext(
            export=self.export,
            economic=client,
            store=store,
            pdfs=self.pdf_fixtures,
            clock=self._redis_time,
            environment="test",
            worker="here",
            worker_clock=self._worker_time,
            metered=client.metered,
        )
        self.exporter = Exporter(
            context=lambda _: context,
            claim=store.claim,
            policy=self.policy,
            chance=random.Random(self.seed),
            report=self.reported.append,
            ending=self._is_stopped,
        )
        holds: Any = WatchedStore(self, "approvals")
        self.preflight = Preflight(store=store, publish=self.post, second_person=SecondPerson(holds=holds, store=store))

    def post(self, dues: Iterable[Due]) -> None:
        posted = [due.invoice_id for due in dues]
        self.mailbox.extend(posted)
        self.store.published(posted)

    def close_period(self, *invoices: Invoice, event: str = "/opter/acme/1#e1", number: int = 881) -> None:
        """The intake registers a period."""
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
        """Deliver the messages that are waiting now."""
        waiting, self.mailbox[:] = list(self.mailbox), []
        return [self.exporter.run(invoice_id) for invoice_id in waiting]

    def sweep(self) -> None:
        idle = frozenset() if self.mailbox else frozenset({"main"})
        self.post(self.store.sweep(idle_exports=idle))

    def until_rest(self, *, most: int = 400) -> None:
        """Let time pass, sweep and deliver until every invoice rests."""
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
        record = self.store.invoice(invoice_id)
        assert record is not None
        return record

    def documents(self) -> list[Document]:
        """What e-conomic holds of ours, read past every fault and without a trace in the request log."""
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
