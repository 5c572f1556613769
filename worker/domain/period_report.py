"""Periods and re-exports added up from their records. Pure: no clock, no store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from worker.domain.invoice_period import PeriodRecord, PeriodState
from worker.domain.money import ZERO
from worker.domain.period_sums import LEFT_OUT, MINUTE, CurrencySums, PeriodSums, reasons_of
from worker.domain.record import InvoiceRecord, Outcome, State

#: States from which an invoice goes on by itself.
MOVING = (State.RECEIVED, State.QUEUED, State.EXPORTING, State.WAITING)


class Phase(StrEnum):
    """How far a period has come, in an operator's words."""

    TAKING_IN = "taking in"
    CHECKING = "checking"
    #: A second person has to say yes.
    HELD = "needs a yes"
    EXPORTING = "exporting"
    NEEDS_A_PERSON = "needs a person"
    DIFFERS = "differs"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The amounts of one currency."""

    currency: str
    #: Opter's control total; None when the event that brought the period had none.
    control_gross: Decimal | None
    #: Gross of all invoices of the period in the store.
    gross: Decimal = ZERO
    #: Of these, exported as this program has recorded it; what the books hold stands in a certificate.
    exported_net: Decimal = ZERO
    exported_vat: Decimal = ZERO
    exported_gross: Decimal = ZERO
    #: Gross of what was left out on purpose.
    left_out_gross: Decimal = ZERO
    #: Gross of what counts as exported on a person's word, which nobody looked up in the accounting system.
    by_hand_gross: Decimal = ZERO
    #: Gross by which exported invoices were booked otherwise than Opter has them, within the tolerance.
    booked_difference: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """Gross that is not exported yet."""
        return self.gross + self.booked_difference - self.exported_gross - self.left_out_gross - self.by_hand_gross


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One period, added up."""

    period: PeriodRecord
    phase: Phase
    counts: Mapping[State, int]
    outcomes: Mapping[Outcome, int]
    #: Exported invoices that were found in the accounting system rather than posted now.
    already_there: int
    #: Reason code -> invoices that failed for it.
    failed: Mapping[str, int]
    #: Reason code -> invoices that wait for it.
    waiting: Mapping[str, int]
    totals: Sequence[Totals]
    #: Lines that carried economic units, which are not exported (docs.opter.com, integration-001).
    lines_with_units: int
    #: Remark -> number of invoices that carry it.
    remarks: Mapping[str, int]
    last_activity: float
    #: Invoices exported a minute, lately; None when it is not known.
    rate: float | None
    #: None when nothing moves or the rate is not known.
    seconds_left: float | None

    @property
    def total(self) -> int:
        """Number of invoices to be exported in all."""
        return max(sum(self.counts.values()), self.period.invoice_count)

    @property
    def exported(self) -> int:
        """Number of invoices that are done by this program's record: posted, by hand, or left out on purpose."""
        return self.counts.get(State.EXPORTED, 0)

    @property
    def dead(self) -> int:
        """Number of invoices that failed and wait for a person."""
        return self.counts.get(State.DEAD, 0)

    @property
    def moving(self) -> int:
        """Number of invoices on their way."""
        return sum(self.counts.get(state, 0) for state in MOVING)


def phase_of(period: PeriodRecord, counts: Mapping[State, int]) -> Phase:
    """Return the phase of a period from the number of its invoices by state."""
    if period.state is PeriodState.REGISTERING:
        return Phase.TAKING_IN
    if period.state is PeriodState.REGISTERED:
        return Phase.HELD if period.held else Phase.CHECKING
    if any(counts.get(state, 0) for state in MOVING):
        return Phase.EXPORTING
    if counts.get(State.DEAD, 0) or period.conflicts or period.missing:
        return Phase.NEEDS_A_PERSON
    return Phase.DIFFERS if period.state is PeriodState.DIFFERS else Phase.DONE


def report_of(period: PeriodRecord, sums: PeriodSums, now: float) -> Report:
    """Return the report of a period that was added up before; its rate is over the last minute or two."""
    return _report(period, sums, _rate_of(sums.minutes, now))


def _report(period: PeriodRecord, sums: PeriodSums, rate: float | None) -> Report:
    moving = sum(sums.states.get(state, 0) for state in MOVING)
    return Report(
        period=period,
        phase=phase_of(period, sums.states),
        counts=sums.states,
        outcomes=sums.outcomes,
        already_there=sums.adopted,
        failed=sums.failed,
        waiting=sums.waiting,
        totals=_totals(period, sums),
        lines_with_units=sums.lines_with_units,
        remarks=sums.remarks,
        last_activity=sums.last_activity or period.received_at,
        rate=rate,
        seconds_left=moving / rate * 60 if rate and moving else None,
    )


def _rate_of(minutes: Mapping[int, int], now: float) -> float | None:
    """Return invoices a minute over this minute and the one before, or over this one alone when nothing came before."""
    this = int(now // MINUTE)
    since = this - 1 if minutes.get(this - 1) else this
    recent = minutes.get(this, 0) + minutes.get(this - 1, 0)
    return recent / max(now - since * MINUTE, 1.0) * 60 if recent > 1 else None


def _totals(period: PeriodRecord, sums: PeriodSums) -> list[Totals]:
    control = {total.currency: total.gross for total in period.control_totals}
    currencies = {**dict.fromkeys(control, CurrencySums()), **sums.currencies}
    return [
        Totals(
            currency=currency,
            control_gross=control.get(currency),
            gross=amounts.gross,
            exported_net=amounts.net,
            exported_vat=amounts.vat,
            exported_gross=amounts.done,
            left_out_gross=amounts.left_out,
            by_hand_gross=amounts.by_hand,
            booked_difference=amounts.difference,
        )
        for currency, amounts in sorted(currencies.items())
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReexportReport:
    """One re-export, added up."""

    #: Posted by it: they were not in the accounting system any more, or never had been.
    booked_now: int
    #: Found in the accounting system and adopted; nothing was posted.
    already_there: int
    #: Not posted on purpose, as the exports file says.
    left_out: int
    #: Reason code -> invoices that failed for it.
    failed: Mapping[str, int]
    #: Not at their end yet.
    moving: int


def report_reexport(records: Iterable[InvoiceRecord]) -> ReexportReport:
    """Add up the invoices of a re-export as they are now."""
    invoices = list(records)
    exported = [record for record in invoices if record.state is State.EXPORTED]
    posted = [record for record in exported if record.outcome not in LEFT_OUT]
    return ReexportReport(
        booked_now=sum(not record.progress.adopted for record in posted),
        already_there=sum(record.progress.adopted for record in posted),
        left_out=len(exported) - len(posted),
        failed=reasons_of(invoices, State.DEAD),
        moving=sum(record.state in MOVING for record in invoices),
    )
