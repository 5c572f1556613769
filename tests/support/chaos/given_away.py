"""A customer's number that becomes another company's, after any fault at any effect of an export to it.

A bookkeeper changes the customer under its number into another company, and makes the one that stood there anew under
another number. Whatever stood on the number already is that company's affair; nothing may come to it after that.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.chaos.fault_schedule import ScheduleRun, single_faults
from support.chaos.faults import DELAYED
from support.chaos.matrix import Schedule
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice

from config.exports import ExportConfig
from worker.domain.record import State
from worker.sandbox import dump

COMPANY, STRANGER = ("Vognmand Hansen ApS", "10403782"), ("Holding ApS", "29189846")
#: The company's number before and after.
NUMBER, MOVED_TO = 1001, 9001
_BOOKED = VOUCHER_EXPORT.voucher.model_copy(update={"book": True})
#: Reasons that name the customer; a voucher on another one's account differs.
_HONEST = frozenset({"customer-contradiction", "customer-merged", "customer-unconfirmed", "voucher-differs"})
#: Seconds until the number is given away. A draft's own answer tells whose it is; a voucher's does not, so that what
#: was proved within the last quarter of an hour is believed.
GAPS = {
    "invoice of a customer that moves": (0.0, 1800.0, 4000.0),
    "booked voucher of a customer that moves": (1800.0, 4000.0),
}
EXPORTS: Mapping[str, ExportConfig] = {
    "invoice of a customer that moves": EXPORT,
    "booked voucher of a customer that moves": VOUCHER_EXPORT.model_copy(update={"voucher": _BOOKED}),
}


@dataclass(kw_only=True)
class GivenAway:
    """One schedule on one installation, and what stood on the number when it was given away."""

    harness: Harness
    before: set[str] = field(default_factory=set)

    def give_away(self) -> None:
        """Let the number be another company's from now on."""
        self.before = set(_owed(self.harness, NUMBER))
        _put(self.harness, MOVED_TO, COMPANY)
        _put(self.harness, NUMBER, STRANGER)

    def wrong(self) -> list[str]:
        """Return everything that is wrong in the end."""
        [record] = self.harness.records()
        there = [*_owed(self.harness, NUMBER), *_owed(self.harness, MOVED_TO)]
        after = [what for what in _owed(self.harness, NUMBER) if what not in self.before]
        reason = record.failure.reason if record.failure else ""
        honest = record.state is not State.DEAD or reason in _HONEST
        return [
            *(f"came to the stranger: {what}" for what in after),
            *([f"booked {len(there)} times: {there}"] if len(there) > 1 else []),
            *([f"exported, but not there: {record}"] if record.state is State.EXPORTED and not there else []),
            *([] if honest else [f"dead for no reason of the customer's: {reason}"]),
            *(f"bug: {error!r}" for error in self.harness.reported),
        ]


def _owed(harness: Harness, number: int) -> list[str]:
    """Return what a customer owes by what is booked."""
    agreement = harness.sandbox.agreement
    invoices = [
        row["bookedInvoiceNumber"] for row in agreement.booked.values() if row["customer"]["customerNumber"] == number
    ]
    rows = [
        row for row in agreement.booked_entries if row["customer"] == number and row["entryType"] != "customerInvoice"
    ]
    return [f"invoice {number}" for number in invoices] + [f"voucher {row['voucherNumber']}" for row in rows]


def _put(harness: Harness, number: int, company: tuple[str, str]) -> None:
    customers = harness.sandbox.agreement.customers
    like: dict[str, Any] = dict(customers.get(number) or customers[NUMBER])
    name, corporate_id = company
    body = {**like, "ean": "", "barred": False, "name": name, "corporateIdentificationNumber": corporate_id}
    dump.put(harness.sandbox.agreement, "customers", str(number), body)


def _run(schedule: Schedule) -> tuple[GivenAway, ScheduleRun]:
    harness = Harness(EXPORTS[schedule.scenario])
    _put(harness, NUMBER, COMPANY)
    name, corporate_id = COMPANY
    who = customer(code="H-1", name=name, ledger_number=None, corporate_id=corporate_id)
    harness.close_period(harness.pdf_fixtures.printed(invoice(customer=who)))
    played = GivenAway(harness=harness)
    return played, ScheduleRun(harness=harness, faults=schedule.faults, between=played.give_away)


def play(schedule: Schedule) -> list[str]:
    """Play one schedule; return what was wrong in the end."""
    played, run = _run(schedule)
    try:
        run.run(gap=schedule.gap)
    except AssertionError as error:
        return [str(error)]
    return played.wrong()


def every(scenario: str) -> Iterator[Schedule]:
    """Yield every single fault, followed by each gap; a request that is on its way already cannot be called back."""
    _, run = _run(Schedule(scenario=scenario, faults=()))
    run.run()
    for gap, faults in itertools.product(GAPS[scenario], single_faults(run.effects)):
        if not any(scheduled.fault in DELAYED for scheduled in faults):
            yield Schedule(scenario=scenario, faults=faults, gap=gap, between="given away")
