"""Periods and re-exports added up from their records. Pure: no clock, no store."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from worker.domain.invoice_period import PeriodRecord, PeriodState
from worker.domain.money import ZERO
from worker.domain.record import InvoiceRecord, Outcome, State

#: States from which an invoice goes on by itself.
MOVING = (State.RECEIVED, State.QUEUED, State.EXPORTING, State.WAITING)
#: How an invoice ends that was not posted, on purpose.
LEFT_OUT = (Outcome.EXCLUDED, Outcome.NOTHING_TO_BOOK, Outcome.DISCARDED)
#: Seconds over which the rate is taken: long enough to be calm, short enough to be true.
RATE_WINDOW = 60.0


class Phase(StrEnum):
    """How far a period has come, in an operator's words."""

    TAKING_IN = "taking in"
    CHECKING = "checking"
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
        return Phase.CHECKING
    if any(counts.get(state, 0) for state in MOVING):
        return Phase.EXPORTING
    if counts.get(State.DEAD, 0) or period.conflicts or period.missing:
        return Phase.NEEDS_A_PERSON
    return Phase.DIFFERS if period.state is PeriodState.DIFFERS else Phase.DONE


def report(period: PeriodRecord, records: Iterable[InvoiceRecord], now: float) -> Report:
    """Add up a period from all its records (one pass); ``now`` in seconds since the epoch."""
    invoices = list(records)
    contents = [json.loads(record.content) for record in invoices]
    counts = Counter(record.state for record in invoices)
    exported = [record for record in invoices if record.state is State.EXPORTED]
    moving = sum(counts[state] for state in MOVING)
    rate = _rate([record.updated_at for record in exported], now)
    return Report(
        period=period,
        phase=phase_of(period, counts),
        counts=counts,
        outcomes=Counter(record.outcome for record in exported if record.outcome),
        already_there=sum(record.progress.adopted for record in exported),
        failed=_reasons(invoices, State.DEAD),
        waiting=_reasons(invoices, State.WAITING),
        totals=_totals(period, invoices, contents),
        lines_with_units=sum(bool(line.get("economicUnits")) for content in contents for line in content["lines"]),
        remarks=dict(Counter(remark for record in exported for remark in record.progress.remarks).most_common()),
        last_activity=max((record.updated_at for record in invoices), default=period.received_at),
        rate=rate,
        seconds_left=moving / rate * 60 if rate and moving else None,
    )


def _reasons(records: Iterable[InvoiceRecord], state: State) -> Mapping[str, int]:
    counts = Counter(record.failure.reason for record in records if record.state is state and record.failure)
    return dict(counts.most_common())


def _rate(times: Sequence[float], now: float) -> float | None:
    """Return invoices a minute over the window, or over the time since the first one when that is shorter."""
    recent = sorted(at for at in times if now - RATE_WINDOW < at)
    if len(recent) < 2:  # noqa: PLR2004  # one point has no rate
        return None
    return (len(recent) - 1) / max(now - recent[0], 1.0) * 60


def _totals(
    period: PeriodRecord, records: Sequence[InvoiceRecord], contents: Sequence[Mapping[str, Any]]
) -> list[Totals]:
    control = {total.currency: total.gross for total in period.control_totals}
    sums: dict[str, list[Decimal]] = {currency: [ZERO] * 7 for currency in control}
    for record, content in zip(records, contents, strict=True):
        net, vat, gross = (Decimal(content[name]) for name in ("net", "vat", "gross"))
        out = record.outcome in LEFT_OUT
        by_hand = record.outcome is Outcome.BY_HAND
        done = record.state is State.EXPORTED and not out and not by_hand
        booked = map(Decimal, record.progress.booked_amounts or (net, vat, gross))
        in_books = [amount if done else ZERO for amount in booked]
        parts = (gross, *in_books, gross * out, in_books[2] - gross * done, gross * by_hand)
        before = sums.get(content["currency"], [ZERO] * 7)
        sums[content["currency"]] = [amount + part for amount, part in zip(before, parts, strict=True)]
    return [
        Totals(
            currency=currency,
            control_gross=control.get(currency),
            gross=gross,
            exported_net=net,
            exported_vat=vat,
            exported_gross=done,
            left_out_gross=out,
            by_hand_gross=by_hand,
            booked_difference=difference,
        )
        for currency, (gross, net, vat, done, out, difference, by_hand) in sorted(sums.items())
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
        failed=_reasons(invoices, State.DEAD),
        moving=sum(record.state in MOVING for record in invoices),
    )
