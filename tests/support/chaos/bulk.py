"""The crash matrix of vouchers posted many at a time: every fault at every effect of a trial and a call for several."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from support.bulk_harness import EXPORT, bar, installed, invoices, owed, to_be_refused, wanted
from support.chaos.end_state import findings, leftovers
from support.chaos.fault_schedule import ScheduledFault, ScheduleRun, single_faults
from support.chaos.faults import PAYLOAD_CHANGED
from support.harness import Harness

from worker.domain.record import State
from worker.economic.mapping.voucher_payload import marked
from worker.sandbox.resources.voucher_schema import entries_of

#: Two are the trial of a process; the others share a call. The last one's account is barred after the check.
COUNT = 7
POISONED = "main-100359"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What is played; its text is enough to repeat it."""

    faults: tuple[ScheduledFault, ...] = ()
    gap: float = 0.0
    #: Whether the last one is refused.
    poisoned: bool = False

    def __str__(self) -> str:
        happened = ", ".join(f"{scheduled.fault} at effect {scheduled.effect}" for scheduled in self.faults)
        return f"bulk{' with a poisoned one' if self.poisoned else ''}; {happened or 'nothing'}; {self.gap:g} s later"


def every(*, poisoned: bool, gaps: tuple[float, ...] = (0.0, 1800.0, 4000.0)) -> Iterator[Schedule]:
    """Yield every single fault, followed by each gap."""
    _, effects = play(Schedule(poisoned=poisoned))
    for gap in gaps:
        for faults in single_faults(effects):
            yield Schedule(faults=faults, gap=gap, poisoned=poisoned)


def play(schedule: Schedule) -> tuple[list[str], list[str]]:
    """Return what was wrong in the end, and the effects."""
    harness = installed(EXPORT)
    source = invoices(COUNT)
    if schedule.poisoned:
        source[-1] = to_be_refused(source[-1])
    harness.close_period(*source)
    harness.check()
    if schedule.poisoned:
        bar(harness)
    played = ScheduleRun(harness=harness, faults=schedule.faults)
    try:
        played.run(gap=schedule.gap, most=1200)
    except AssertionError as error:
        return [str(error)], played.effects
    excused = any(scheduled.fault == PAYLOAD_CHANGED for scheduled in schedule.faults)
    return _wrong(harness, poisoned=schedule.poisoned, excused=excused), played.effects


def _wrong(harness: Harness, *, poisoned: bool, excused: bool) -> list[str]:
    source = [each for each in invoices(COUNT) if not (poisoned and f"main-{each.invoice_number}" == POISONED)]
    odd = [] if excused else findings(harness)
    harness.sandbox.server_state.request_log.findings.clear()
    wrong = [] if owed(harness) == wanted(*source) else [f"owed: {owed(harness)}"]
    standing = Counter(_references(harness))
    wrong += [f"{reference} stands {times} times" for reference, times in standing.items() if times != 1]
    for record in harness.records():
        rests = State.DEAD if poisoned and record.id == POISONED else State.EXPORTED
        if record.state is not rests:
            wrong.append(f"{record.id} is {record.state}: {record.failure}")
        if rests is State.EXPORTED and record.progress.voucher not in _numbers(harness, record.id):
            wrong.append(f"{record.id}: the store says {record.progress.voucher}")
    return [*wrong, *leftovers(harness), *odd]


def _references(harness: Harness) -> Iterator[str]:
    """Yield the invoice of each voucher."""
    for voucher in harness.sandbox.agreement.vouchers.values():
        yield from {str(marked(entry["text"])) for _, entry in entries_of(voucher)}


def _numbers(harness: Harness, reference: str) -> set[str]:
    return {
        f"{year}-{number}"
        for (_, year, number), voucher in harness.sandbox.agreement.vouchers.items()
        if any(marked(entry["text"]) == reference for _, entry in entries_of(voucher))
    }
