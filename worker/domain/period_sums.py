"""What a period's invoices add up to: kept by the store with every move, or added up from the records. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from worker.domain.money import ZERO
from worker.domain.record import InvoiceRecord, Outcome, State

#: How an invoice ends that was not posted, on purpose.
LEFT_OUT = (Outcome.EXCLUDED, Outcome.NOTHING_TO_BOOK, Outcome.DISCARDED)
#: Seconds in one step of ``PeriodSums.minutes``.
MINUTE = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrencySums:
    """The amounts of one currency; credit notes count negative."""

    #: Gross of all invoices.
    gross: Decimal = ZERO
    #: As booked, of those that were posted.
    net: Decimal = ZERO
    vat: Decimal = ZERO
    done: Decimal = ZERO
    #: Gross by which they were booked otherwise than the source has them.
    difference: Decimal = ZERO
    left_out: Decimal = ZERO
    by_hand: Decimal = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodSums:
    """One period's invoices, added up."""

    states: Mapping[State, int] = field(default_factory=dict)
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    #: Exported ones that were found in the accounting system rather than posted.
    adopted: int = 0
    #: Reason code -> invoices that failed, or wait, for it.
    failed: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)
    currencies: Mapping[str, CurrencySums] = field(default_factory=dict)
    lines_with_units: int = 0
    #: Remark -> exported invoices that carry it, the most frequent first.
    remarks: Mapping[str, int] = field(default_factory=dict)
    #: When an invoice last moved; 0 when none is there.
    last_activity: float = 0.0
    #: Minute since the epoch -> invoices exported in it.
    minutes: Mapping[int, int] = field(default_factory=dict)


def sums_of(records: Iterable[InvoiceRecord]) -> PeriodSums:
    """Add up all records of a period."""
    invoices = list(records)
    contents = [json.loads(record.content) for record in invoices]
    exported = [record for record in invoices if record.state is State.EXPORTED]
    return PeriodSums(
        states=Counter(record.state for record in invoices),
        outcomes=Counter(record.outcome for record in exported if record.outcome),
        adopted=sum(record.progress.adopted for record in exported),
        failed=reasons_of(invoices, State.DEAD),
        waiting=reasons_of(invoices, State.WAITING),
        currencies=_currencies(invoices, contents),
        lines_with_units=sum(bool(line.get("economicUnits")) for content in contents for line in content["lines"]),
        remarks=dict(Counter(remark for record in exported for remark in record.progress.remarks).most_common()),
        last_activity=max((record.updated_at for record in invoices), default=0.0),
        minutes=Counter(int(record.updated_at // MINUTE) for record in exported),
    )


def reasons_of(records: Iterable[InvoiceRecord], state: State) -> Mapping[str, int]:
    """Return reason code -> number of these invoices that are in this state for it, the most frequent first."""
    counts = Counter(record.failure.reason for record in records if record.state is state and record.failure)
    return dict(counts.most_common())


def _currencies(records: Sequence[InvoiceRecord], contents: Sequence[Mapping[str, Any]]) -> Mapping[str, CurrencySums]:
    sums: dict[str, Counter[str]] = {}
    for record, content in zip(records, contents, strict=True):
        sums.setdefault(content["currency"], Counter()).update(_weight(record, content))
    return {
        currency: CurrencySums(**{name: Decimal(amount) for name, amount in found.items()})
        for currency, found in sorted(sums.items())
    }


def _weight(record: InvoiceRecord, content: Mapping[str, Any]) -> Mapping[str, Any]:
    net, vat, gross = (Decimal(content[name]) for name in ("net", "vat", "gross"))
    if record.state is not State.EXPORTED:
        return {"gross": gross}
    if record.outcome in LEFT_OUT:
        return {"gross": gross, "left_out": gross}
    if record.outcome is Outcome.BY_HAND:
        return {"gross": gross, "by_hand": gross}
    net, vat, booked = map(Decimal, record.progress.booked_amounts or (net, vat, gross))
    return {"gross": gross, "net": net, "vat": vat, "done": booked, "difference": booked - gross}
