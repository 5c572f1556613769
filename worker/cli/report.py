"""What is to be said about one period, worked out of its records. Pure: no clock, no ledger."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from worker.invoicing.money import ZERO
from worker.invoicing.period import PeriodRecord, PeriodState
from worker.invoicing.record import InvoiceRecord, Outcome, State

#: States from which an invoice goes on by itself.
MOVING = (State.RECEIVED, State.QUEUED, State.EXPORTING, State.WAITING)
#: Seconds over which the rate is taken: long enough to be calm, short enough to be true.
RATE_WINDOW = 60.0


class Phase(StrEnum):
    """How a period stands, in an operator's words."""

    TAKING_IN = "taking in"
    CHECKING = "checking"
    EXPORTING = "exporting"
    NEEDS_A_PERSON = "needs a person"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The amounts of one currency."""

    currency: str
    #: What Opter's control total says; None when the event that brought the period gave none.
    control: Decimal | None
    #: Gross of all invoices of the period in the ledger.
    gross: Decimal = ZERO
    #: Of these, in e-conomic.
    exported_net: Decimal = ZERO
    exported_vat: Decimal = ZERO
    exported_gross: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """Gross that is not in e-conomic yet."""
        return self.gross - self.exported_gross


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One period, added up."""

    period: PeriodRecord
    phase: Phase
    counts: Mapping[State, int]
    outcomes: Mapping[Outcome, int]
    #: Exported invoices that were found in e-conomic rather than posted now.
    already_there: int
    #: Reason code -> invoices that failed for it.
    failed: Mapping[str, int]
    #: Reason code -> invoices that wait for it.
    waiting: Mapping[str, int]
    totals: Sequence[Totals]
    #: Remark -> number of invoices that carry it.
    remarks: Mapping[str, int]
    last_activity: float
    #: Invoices exported a minute, lately; None when it cannot be told.
    rate: float | None
    #: None when nothing moves or the rate is not known.
    seconds_left: float | None

    @property
    def total(self) -> int:
        """Number of invoices to be exported in all."""
        return max(sum(self.counts.values()), self.period.invoice_count)

    @property
    def exported(self) -> int:
        """Number of invoices that are in e-conomic."""
        return self.counts.get(State.EXPORTED, 0)

    @property
    def dead(self) -> int:
        """Number of invoices that stand still until a person acts."""
        return self.counts.get(State.DEAD, 0)

    @property
    def moving(self) -> int:
        """Number of invoices on their way."""
        return sum(self.counts.get(state, 0) for state in MOVING)


def phase(period: PeriodRecord, counts: Mapping[State, int]) -> Phase:
    """Return how a period stands, given the number of its invoices by state."""
    if period.state is PeriodState.REGISTERING:
        return Phase.TAKING_IN
    if period.state is PeriodState.REGISTERED:
        return Phase.CHECKING
    if any(counts.get(state, 0) for state in MOVING):
        return Phase.EXPORTING
    return Phase.NEEDS_A_PERSON if counts.get(State.DEAD, 0) or period.conflicts else Phase.DONE


def report(period: PeriodRecord, records: Iterable[InvoiceRecord], now: float) -> Report:
    """Add up a period from all its records (one pass); ``now`` in seconds since the epoch."""
    every = list(records)
    counts = Counter(record.state for record in every)
    exported = [record for record in every if record.state is State.EXPORTED]
    moving = sum(counts[state] for state in MOVING)
    rate = _rate([record.updated_at for record in exported], now)
    return Report(
        period=period,
        phase=phase(period, counts),
        counts=counts,
        outcomes=Counter(record.outcome for record in exported if record.outcome),
        already_there=sum(record.progress.adopted for record in exported),
        failed=_reasons(every, State.DEAD),
        waiting=_reasons(every, State.WAITING),
        totals=_totals(period, every),
        remarks=dict(Counter(remark for record in exported for remark in record.progress.remarks).most_common()),
        last_activity=max((record.updated_at for record in every), default=period.received_at),
        rate=rate,
        seconds_left=moving / rate * 60 if rate and moving else None,
    )


def _reasons(records: Iterable[InvoiceRecord], state: State) -> Mapping[str, int]:
    found = Counter(record.failure.reason for record in records if record.state is state and record.failure)
    return dict(found.most_common())


def _rate(times: Sequence[float], now: float) -> float | None:
    """Return invoices a minute over the window, or over the time since the first one when that is shorter."""
    recent = sorted(at for at in times if now - RATE_WINDOW < at)
    if len(recent) < 2:  # noqa: PLR2004  # one point has no rate
        return None
    return (len(recent) - 1) / max(now - recent[0], 1.0) * 60


def _totals(period: PeriodRecord, records: Iterable[InvoiceRecord]) -> list[Totals]:
    control = {total.currency: total.gross for total in period.control_totals}
    sums: dict[str, list[Decimal]] = {currency: [ZERO] * 4 for currency in control}
    for record in records:
        content = json.loads(record.content)
        net, vat, gross = (Decimal(content[name]) for name in ("net", "vat", "gross"))
        done = record.state is State.EXPORTED
        parts = (gross, net * done, vat * done, gross * done)
        before = sums.get(content["currency"], [ZERO] * 4)
        sums[content["currency"]] = [one + part for one, part in zip(before, parts, strict=True)]
    return [
        Totals(
            currency=currency,
            control=control.get(currency),
            gross=gross,
            exported_net=net,
            exported_vat=vat,
            exported_gross=done,
        )
        for currency, (gross, net, vat, done) in sorted(sums.items())
    ]
