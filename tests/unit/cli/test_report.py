"""One period, added up."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from support.cli import Bench, half_done, open_period
from support.samples import invoice, line

from worker.cli.report import Phase, Report, phase, report
from worker.invoicing.period import PeriodRecord, PeriodState
from worker.invoicing.record import InvoiceRecord, State


def of(bench: Bench, period_id: str) -> tuple[PeriodRecord, list[InvoiceRecord]]:
    period = bench.memory.period(period_id)
    assert period is not None
    return period, list(bench.memory.invoices(period_id, None))


def exported_at(bench: Bench, times: Sequence[float], now: float, *, left: int) -> Report:
    """Report on a period with invoices exported at these times and some left to go."""
    period, records = of(bench, open_period(bench.memory, invoice()))
    done = [replace(records[0], state=State.EXPORTED, updated_at=at) for at in times]
    return report(period, [*done, *[replace(records[0], state=State.QUEUED)] * left], now)


def test_rate_and_time_left(bench: Bench) -> None:
    """Exported at 100, 110, 120, now 120: 2 in 20 s are 6 a minute; 3 left take 30 s."""
    found = exported_at(bench, [100.0, 110.0, 120.0], 120.0, left=3)

    assert (found.rate, found.seconds_left) == (6.0, 30.0)


def test_the_rate_falls_when_nothing_comes(bench: Bench) -> None:
    """The same three, now 140: 2 in 40 s are 3 a minute."""
    assert exported_at(bench, [100.0, 110.0, 120.0], 140.0, left=3).rate == 3.0


def test_there_is_no_rate_without_recent_exports(bench: Bench) -> None:
    """Two minutes later nothing can be said."""
    found = exported_at(bench, [100.0, 110.0, 120.0], 240.0, left=3)

    assert (found.rate, found.seconds_left) == (None, None)


def test_amounts_by_currency(bench: Bench) -> None:
    """1000 + 25 % and a credit note of 200 + 25 % in DKK, 500 in EUR: nothing exported yet."""
    period_id = open_period(
        bench.memory,
        invoice(),
        invoice(line("-200.00"), invoice_number=2),
        invoice(line("500.00", rate="0.00"), invoice_number=3, currency="EUR"),
    )

    totals = report(*of(bench, period_id), bench.clock()).totals

    assert [(one.currency, one.gross, one.remaining) for one in totals] == [
        ("DKK", Decimal("1000.00"), Decimal("1000.00")),  # 1250.00 - 250.00
        ("EUR", Decimal("500.00"), Decimal("500.00")),
    ]


@pytest.mark.parametrize(
    ("state", "counts", "stands"),
    [
        (PeriodState.REGISTERING, {State.RECEIVED: 2}, Phase.TAKING_IN),
        (PeriodState.REGISTERED, {State.RECEIVED: 2}, Phase.CHECKING),
        (PeriodState.CHECKED, {State.EXPORTED: 1, State.WAITING: 1, State.DEAD: 1}, Phase.EXPORTING),
        (PeriodState.CHECKED, {State.EXPORTED: 1, State.DEAD: 1}, Phase.NEEDS_A_PERSON),
        (PeriodState.CHECKED, {State.EXPORTED: 2}, Phase.DONE),
    ],
)
def test_how_a_period_stands(bench: Bench, state: PeriodState, counts: dict[State, int], stands: Phase) -> None:
    """A person is needed once nothing moves by itself any more and something failed."""
    period, _ = of(bench, half_done(bench))

    assert phase(replace(period, state=state), counts) is stands
