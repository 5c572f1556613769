"""The crash matrix of one invoice by the voucher method, its PDF included."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from support.chaos.play import Play, Strike, singles
from support.chaos.troubles import PAYLOAD_CHANGED
from support.samples import customer, invoice, line
from support.works import VOUCHER_EXPORT, Works

from worker.invoicing.record import State

#: Seconds between the first worker's end and the next one's begin: at once, within the key's hour, past it.
GAPS = (0.0, 1800.0, 4000.0)
SOURCE = invoice(
    line("1000.00"),
    line("99.99", account="3012", rate="0.00"),
    customer=customer(ledger_number=1001, corporate_id=None),
)
KEY = (1, "2026", 10001)


@dataclass(frozen=True, kw_only=True)
class VoucherScenario:
    """What is set differently."""

    name: str
    #: Whether the journal's entries are booked.
    book: bool = False
    #: Seconds until a new voucher can be read.
    lag: float = 0.0

    def works(self) -> Works:
        """Return an installation that has taken the invoice in."""
        voucher = VOUCHER_EXPORT.voucher.model_copy(update={"book": self.book})
        works = Works(VOUCHER_EXPORT.model_copy(update={"voucher": voucher}))
        works.sandbox.agreement.switches.voucher_lag = self.lag
        works.close_period(works.shelf.printed(SOURCE))
        return works


SCENARIOS = (
    VoucherScenario(name="in the journal"),
    VoucherScenario(name="booked", book=True),
    VoucherScenario(name="reads lag", lag=20.0),
)


def play(scenario: VoucherScenario, strikes: tuple[Strike, ...] = (), gap: float = 0.0) -> tuple[list[str], list[str]]:
    """Play one schedule; return what was wrong in the end, and the effects."""
    works = scenario.works()
    played = Play(works=works, strikes=strikes)
    try:
        played.run(gap=gap)
    except AssertionError as error:
        return [str(error)], played.effects
    excused = any(strike.trouble == PAYLOAD_CHANGED for strike in strikes)
    return [*_record(works), *_books(works, scenario), *([] if excused else _findings(works))], played.effects


def every_single(scenario: VoucherScenario) -> Iterator[tuple[tuple[Strike, ...], float]]:
    """Yield every trouble at every effect of an undisturbed run, followed by each gap."""
    _, effects = play(scenario)
    yield from itertools.product(singles(effects), GAPS)


def _record(works: Works) -> list[str]:
    record = works.record(f"main-{SOURCE.invoice_number}")
    wrong = [] if record.state is State.EXPORTED else [f"{record.id} is {record.state}: {record.failure}"]
    if not record.progress.attached:
        wrong.append("the ledger knows of no PDF")
    return wrong + [f"bug: {error!r}" for error in works.reported]


def _books(works: Works, scenario: VoucherScenario) -> list[str]:
    """Return what is wrong with the one voucher, its amount, and its one file."""
    agreement = works.sandbox.agreement
    booked = {(row["year"], row["voucherNumber"]) for row in agreement.booked_entries}
    places = (len(agreement.vouchers), len(booked))
    wrong = [] if places == ((0, 1) if scenario.book else (1, 0)) else [f"in journals and booked: {places}"]
    owed = [row["amount"] for row in agreement.booked_entries if row["customer"]]
    owed += [
        entry["amount"]
        for voucher in agreement.vouchers.values()
        for entry in voucher["entries"]["manualCustomerInvoices"]
    ]
    if owed != [SOURCE.gross]:
        wrong.append(f"the customer owes {owed}")
    if [len(files) for files in agreement.attachments.values()] != [1]:
        wrong.append(f"files: {agreement.attachments}")
    return wrong


def _findings(works: Works) -> list[str]:
    return [f"finding: {one.method} {one.path}: {one.what}" for one in works.sandbox.world.journal.findings]
