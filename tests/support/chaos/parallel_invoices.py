"""Two invoices of one new customer, two workers: one stands still while the other meets a fault and is retried."""

from collections.abc import Iterator
from dataclasses import dataclass

from support.chaos.end_state import created, ended, findings, leftovers
from support.chaos.faults import REFUSED
from support.chaos.interleaving import GO, Interleaving, Worker
from support.harness import PERIOD, Harness
from support.samples import customer, invoice

from worker.domain.invoice import Invoice
from worker.domain.record import State

#: One company, two addresses: two cards of one customer, so what is sent to create it differs.
FIRST = invoice(
    invoice_number=100_001, customer=customer(code="N-1", ledger_number=None, corporate_id="88000005", address="Here 1")
)
SECOND = invoice(
    invoice_number=100_002,
    customer=customer(code="N-2", ledger_number=None, corporate_id="88000005", address="There 2"),
)
#: What the creation of the customer meets.
FAULTS = (GO, REFUSED, "payload-changed", "500-after", "timeout-after", "lands-after-2", "crash-after")


@dataclass(frozen=True, kw_only=True)
class ParallelInvoices:
    """One schedule."""

    #: Effects that the second worker has had when it stands still.
    head_start: int
    fault: str

    def __str__(self) -> str:
        schedule = f"one worker {self.head_start} effects in, the other meets {self.fault}"
        return f"two invoices of a new customer; {schedule}"


def every() -> Iterator[ParallelInvoices]:
    """Yield every place to stand still, with every fault."""
    for head_start in range(48):
        for fault in FAULTS:
            yield ParallelInvoices(head_start=head_start, fault=fault)


def play(schedule: ParallelInvoices) -> list[str]:
    """Return what was wrong in the end."""
    harness = Harness()
    harness.close_period(FIRST, SECOND)
    harness.check()
    interleaving = Interleaving(harness)
    second, first = interleaving.hire("second"), interleaving.hire("first")
    second.begin("main-100002")
    for _ in range(schedule.head_start):
        _step(second)
    first.begin("main-100001")
    _go(first, schedule.fault)
    _again(interleaving, harness)
    second.finish()
    interleaving.stop(first, second)
    harness.hire()
    _until_rest(harness)
    return [*interleaving.wrong, *_wrong(harness)]


def _step(worker: Worker) -> None:
    if worker.busy:
        worker.resume()


def _go(worker: Worker, fault: str) -> None:
    """Go to the end; the creation of the customer meets the fault, once."""
    while worker.busy:
        injected = worker.at == "http POST /customers" and fault != GO
        worker.resume(fault if injected else GO)
        fault = GO if injected else fault


def _again(interleaving: Interleaving, harness: Harness) -> None:
    """The operator re-queues at once, and another worker takes it up: all within the second."""
    harness.store.requeue(["main-100001"], by="test")
    worker = interleaving.hire("third")
    for message in (PERIOD, "main-100001"):
        if message != PERIOD or harness.store.periods_due():
            worker.begin(message)
            worker.finish()


def _until_rest(harness: Harness) -> None:
    harness.until_rest()
    harness.store.requeue([record.id for record in harness.records() if record.state is State.DEAD], by="test")
    harness.until_rest()


def _wrong(harness: Harness) -> list[str]:
    each = [wrong for source in (FIRST, SECOND) for wrong in _ended(harness, source)]
    odd = [finding for finding in findings(harness) if "PayloadChanged" not in finding]
    return [*each, *leftovers(harness), *created(harness, customers=1, products=0), *odd]


def _ended(harness: Harness, source: Invoice) -> list[str]:
    reference = f"main-{source.invoice_number}"
    mine = [document for document in harness.documents() if document.document_reference == reference]
    return ended(harness.record(reference), source, mine)
