"""The command line in a test: a store and an event queue in memory, consoles that are read afterwards."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from support.clock import ManualClock
from support.memory_approvals import MemoryApprovals
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import export, invoice, line

from config.exports import ExportConfig
from config.settings import Settings
from worker.cli.context import CommandContext
from worker.cli.formatting import console_on
from worker.cli.main import run
from worker.domain.approval import ApprovalPort
from worker.domain.broker_look import BrokerLook
from worker.domain.causes import Cause, CauseAnswer, CauseState
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import ControlTotal, NewInvoice, PeriodRecord
from worker.domain.money import ZERO
from worker.domain.period_hold import PeriodHoldPort
from worker.domain.ports import AgreementRate
from worker.domain.reasons import failure
from worker.domain.record import Finish, InvoiceRecord, Outcome, Wait
from worker.domain.signs_of_life import Part
from worker.domain.store_look import StoreLook
from worker.domain.store_port import Store
from worker.domain.store_schema import CURRENT, NEEDS, StoreSchema
from worker.economic.mapping.reasons import SetUpReason
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, StoreUnavailable
from worker.intake.queue import EventQueueOperator

#: What matters of ``INFO`` of a server that is fit.
HEALTHY_REDIS = {
    "redis_version": "7.0.15",
    "aof_enabled": 1,
    "maxmemory_policy": "noeviction",
    "used_memory": 2_000_000,
}
PERIOD = "main-p881"
EVENT = "/opter/acme/1#1"


class Bench(CommandContext):
    """The commands over memory, and their output."""

    def __init__(self, clock: ManualClock) -> None:
        self.stdout, self.stderr = io.StringIO(), io.StringIO()
        super().__init__(out=console_on(self.stdout), err=console_on(self.stderr), clock=clock, sleep=clock.advance)
        self.memory: Store = MemoryStore(clock=clock)
        self.live()
        #: What workers know of the agreements, what Redis says of itself, whether Flower answers; None: Redis is away.
        self.known_rates: dict[str, AgreementRate | None] = {}
        self.info: Mapping[str, Any] | StoreUnavailable = HEALTHY_REDIS
        self.flower: bool | None = True
        #: The schema of the store.
        self.kept = StoreSchema(version=CURRENT, needs=NEEDS)
        #: How a broker of its own is; None: the Redis of the store carries the messages.
        self.carrier: BrokerLook | None = None
        self.refusal: Failure | None = None
        #: How the stores are that exports name.
        self.other_stores: list[StoreLook] = []
        self.queue = MemoryEvents()
        self.waiting_for_yes = MemoryApprovals(clock, due=self.memory.call_for_preflight)
        self.settings = Settings()
        self.exports: Mapping[str, ExportConfig] = {"main": export()}
        #: What e-conomic answers about causes, by reason (none: it is away), and what it was asked.
        self.answers: dict[str, CauseAnswer] = {}
        self.asked: list[tuple[str, str]] = []

    @contextmanager
    def store(self) -> Iterator[Store]:
        yield self.memory

    def ask_about(self, export: str, failed: Sequence[tuple[Cause, InvoiceRecord]]) -> list[CauseAnswer]:
        self.asked += [(export, cause.failure.reason) for cause, _ in failed]
        unknown = CauseAnswer(state=CauseState.UNKNOWN, at=self.clock(), why="e-conomic cannot be reached.")
        return [self.answers.get(cause.failure.reason, unknown) for cause, _ in failed]

    @contextmanager
    def approvals(self) -> Iterator[ApprovalPort]:
        yield self.waiting_for_yes

    @contextmanager
    def holds(self) -> Iterator[PeriodHoldPort]:
        yield self.waiting_for_yes

    @contextmanager
    def events(self) -> Iterator[EventQueueOperator]:
        yield MemoryEventQueue(self.queue, consumer="operator")

    def live(self, *parts: Part) -> None:
        """Let these parts show a sign of life now, all when none is named; no folder is in trouble."""
        for part in parts or set(Part) - {Part.FOLDER_FAULT}:
            self.memory.show_life(part, f"{part}@host")

    def rates(self, *names: str) -> Mapping[str, AgreementRate | None]:
        return {name: self.known_rates.get(name) for name in names or self.exports}

    def redis_info(self) -> Mapping[str, Any]:
        if isinstance(self.info, StoreUnavailable):
            raise self.info
        return self.info

    def redis_refusal(self, export: str = "") -> Failure | None:
        del export
        return self.refusal

    def named_stores(self) -> Sequence[StoreLook]:
        return self.other_stores

    def store_schema(self) -> StoreSchema:
        return self.kept

    def broker(self) -> BrokerLook | None:
        return self.carrier

    def flower_answers(self) -> bool | None:
        return self.flower

    def run(self, *arguments: str) -> int:
        """Run one command line; return its exit code, with only its own output kept."""
        for stream in (self.stdout, self.stderr):
            stream.seek(0)
            stream.truncate()
        return run(arguments, self)

    def json(self, *arguments: str) -> Any:
        """Run a reading command with ``--json`` and return its document."""
        self.run(*arguments, "--json")
        return json.loads(self.stdout.getvalue())


def open_period(store: Store, *invoices: Invoice, name: str = "2026-47A", number: int = 881) -> str:
    """Take in a period of these invoices and return its id; its check is due."""
    gross = sum((invoice.gross for invoice in invoices), ZERO)
    net = sum((invoice.net for invoice in invoices), ZERO)
    period = PeriodRecord(
        id=f"main-p{number}",
        export="main",
        number=number,
        name=name,
        region=None,
        closed_at="2026-11-20T15:04:05Z",
        invoice_count=len(invoices),
        control_totals=(ControlTotal(currency="DKK", net=net, vat=gross - net, gross=gross),),
    )
    store.open_period(period, EVENT)
    store.register(period.id, EVENT, [_new(invoice) for invoice in invoices])
    store.close_event(period.id, EVENT)
    return period.id


def check(store: Store, period: str, dead: Mapping[str, Failure], *, notice: str = "") -> None:
    """Pass the period's check: these invoices are dead, all others queued."""
    fence = store.claim_period(period)
    assert fence is not None
    read = {record.id: record.content_hash for record in store.received(period)}
    queued = [invoice_id for invoice_id in read if invoice_id not in dead]
    store.pass_preflight(period, fence, read=read, queued=queued, lookup=frozenset(), dead=dead)
    store.finish_preflight(period, fence, notice=notice)


def claimed(store: Store, invoice_id: str) -> InvoiceRecord:
    """Claim an invoice that can be claimed."""
    record = store.claim(invoice_id)
    assert isinstance(record, InvoiceRecord)
    return record


def book(store: Store, invoice_id: str) -> None:
    """Export one queued invoice."""
    record = claimed(store, invoice_id)
    done = record.with_progress(booked_number=record.invoice_number, customer_number=1001)
    store.save(done, Finish(outcome=Outcome.BOOKED))


def half_done(bench: Bench) -> str:
    """Put a period of four in place: 100353 booked, 100354 waiting, 100355 and 100356 dead; return its id."""
    period = open_period(bench.memory, *(invoice(line(), invoice_number=100353 + n) for n in range(4)))
    check(bench.memory, period, {"main-100355": GROUP_MISSING, "main-100356": TOTALS_DIFFER}, notice="Groups: 3050.")
    book(bench.memory, "main-100353")
    later = Wait(until=bench.clock() + 60, failure=THROTTLED, costs_attempt=False)
    bench.memory.save(claimed(bench.memory, "main-100354"), later)
    return period


GROUP_MISSING = failure(
    SetUpReason.PRODUCT_GROUP_MISSING, "No product group for 3050.", field="lines.salesAccount", value="3050"
)
TOTALS_DIFFER = failure(
    EconomicReason.TOTALS_MISMATCH,
    "Opter: gross 1250.00. e-conomic: gross 1250.01.",
    remote_message="E07180 [sic]",
    log_id="log-17",
)
THROTTLED = failure(EconomicReason.THROTTLED, "The agreement's rate is used up.")


def _new(source: Invoice) -> NewInvoice:
    return NewInvoice(
        id=f"main-{source.invoice_number}",
        export="main",
        invoice_number=source.invoice_number,
        invoice_type=source.invoice_type,
        region=None,
        content=source.content().text,
        content_hash=source.content().sha256,
    )
