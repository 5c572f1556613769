"""Two invoices of one new customer, two workers: one stands still while the other meets trouble and goes again."""

from collections.abc import Iterator
from dataclasses import dataclass

from support.chaos.faults import REFUSED
from support.chaos.race import GO, Race, Worker
from support.chaos.verdict import ended, findings, leftovers, shared
from support.harness import PERIOD, Harness
from support.samples import customer, invoice

from worker.domain.invoice import Invoice
from worker.domain.record import State

#: One company, two addresses: two cards of one customer, so what is sent to create it differs.
FIRST = invoice(
    invoice_number=100_001, customer=customer(code="N-1", ledger_number=None, corporate_id="88000001", address="Here 1")
)
SECOND = invoice(
    invoice_number=100_002,
    customer=customer(code="N-2", ledger_number=None, corporate_id="88000001", address="There 2"),
)
#: What the creation of the customer meets.
TROUBLES = (GO, REFUSED, "payload-changed", "500-after", "timeout-after", "lands-after-2", "crash-after")


@dataclass(frozen=True, kw_only=True)
class Beside:
    """One schedule."""

    #: Effects that the second worker has had when it stands still.
    head_start: int
    trouble: str

    def __str__(self) -> str:
        told = f"one worker {self.head_start} effects in, the other meets {self.trouble}"
        return f"two invoices of a new customer; {told}"


def every() -> Iterator[Beside]:
    """Yield every place to stand still, with every trouble."""
    for head_start in range(48):
        for trouble in TROUBLES:
            yield Beside(head_start=head_start, trouble=trouble)


def play(schedule: Beside) -> list[str]:
    """Return what was wrong in the end."""
    harness = Harness()
    harness.close_period(FIRST, SECOND)
    harness.check()
    race = Race(harness)
    second, first = race.hire("second"), race.hire("first")
    second.begin("main-100002")
    for _ in range(schedule.head_start):
        _step(second)
    first.begin("main-100001")
    _go(first, schedule.trouble)
    _again(race, harness)
    second.finish()
    race.stop(first, second)
    harness.hire()
    _until_rest(harness)
    return [*race.wrong, *_judged(harness)]


def _step(worker: Worker) -> None:
    if worker.busy:
        worker.resume()


def _go(worker: Worker, trouble: str) -> None:
    """Go to the end; the creation of the customer meets the trouble, once."""
    while worker.busy:
        strikes = worker.at == "http POST /customers" and trouble != GO
        worker.resume(trouble if strikes else GO)
        trouble = GO if strikes else trouble


def _again(race: Race, harness: Harness) -> None:
    """The operator re-queues at once, and another worker takes it up: all within the second."""
    harness.store.requeue(["main-100001"], by="test")
    worker = race.hire("third")
    for message in (PERIOD, "main-100001"):
        if message != PERIOD or harness.store.periods_due():
            worker.begin(message)
            worker.finish()


def _until_rest(harness: Harness) -> None:
    harness.until_rest()
    harness.store.requeue([one.id for one in harness.records() if one.state is State.DEAD], by="test")
    harness.until_rest()


def _judged(harness: Harness) -> list[str]:
    each = [wrong for one in (FIRST, SECOND) for wrong in _ended(harness, one)]
    odd = [one for one in findings(harness) if "PayloadChanged" not in one]
    return [*each, *leftovers(harness), *shared(harness, customers=1, products=0), *odd]


def _ended(harness: Harness, source: Invoice) -> list[str]:
    reference = f"main-{source.invoice_number}"
    mine = [document for document in harness.documents() if document.document_reference == reference]
    return ended(harness.record(reference), source, mine)
