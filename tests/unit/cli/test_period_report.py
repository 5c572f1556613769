"""One period, added up."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from support.cli import Bench, half_done, open_period
from support.samples import invoice, line

from worker.cli.views.period import period_view
from worker.domain.invoice_period import PeriodRecord, PeriodState
from worker.domain.period_report import Phase, Report, phase_of, report_of
from worker.domain.period_sums import sums_of
from worker.domain.record import InvoiceRecord, Outcome, State


def of(bench: Bench, period_id: str) -> tuple[PeriodRecord, list[InvoiceRecord]]:
    period = bench.memory.period(period_id)
    assert period is not None
    return period, list(bench.memory.invoices(period_id, None))


def report(period: PeriodRecord, records: Sequence[InvoiceRecord], now: float) -> Report:
    return report_of(period, sums_of(records), now)


def exported_at(bench: Bench, times: Sequence[float], now: float, *, left: int) -> Report:
    """Report on a period with invoices exported at these times and some left to go."""
    period, records = of(bench, open_period(bench.memory, invoice()))
    done = [replace(records[0], state=State.EXPORTED, updated_at=at) for at in times]
    return report(period, [*done, *[replace(records[0], state=State.QUEUED)] * left], now)


def _printed(bench: Bench, summary: Report) -> str:
    bench.out.print(period_view(summary))
    return bench.stdout.getvalue()


def test_rate_and_time_left(bench: Bench) -> None:
    """Exported at 100, 110, 120, now 120: 3 since the minute before began (60) are 3 a minute; 3 left take a minute."""
    summary = exported_at(bench, [100.0, 110.0, 120.0], 120.0, left=3)

    assert (summary.rate, summary.seconds_left) == (3.0, 60.0)


def test_the_rate_falls_when_nothing_comes(bench: Bench) -> None:
    """The same three, now 140: 3 in 80 s are 2.25 a minute."""
    assert exported_at(bench, [100.0, 110.0, 120.0], 140.0, left=3).rate == 2.25


def test_there_is_no_rate_without_recent_exports(bench: Bench) -> None:
    """Two minutes later nothing can be said."""
    summary = exported_at(bench, [100.0, 110.0, 120.0], 240.0, left=3)

    assert (summary.rate, summary.seconds_left) == (None, None)


def test_amounts_by_currency(bench: Bench) -> None:
    """1000 + 25 % and a credit note of 200 + 25 % in DKK, 500 in EUR: nothing exported yet."""
    period_id = open_period(
        bench.memory,
        invoice(),
        invoice(line("-200.00"), invoice_number=2),
        invoice(line("500.00", rate="0.00"), invoice_number=3, currency="EUR"),
    )

    totals = report(*of(bench, period_id), bench.clock()).totals

    assert [(total.currency, total.gross, total.remaining) for total in totals] == [
        ("DKK", Decimal("1000.00"), Decimal("1000.00")),  # 1250.00 - 250.00
        ("EUR", Decimal("500.00"), Decimal("500.00")),
    ]


def test_what_was_left_out_is_neither_exported_nor_remaining(bench: Bench) -> None:
    """1250.00 booked, 250.00 of interest excluded, 125.00 to go: nothing is missing from the three."""
    lines = ("1000.00", "200.00", "100.00")
    period, records = of(
        bench, open_period(bench.memory, *(invoice(line(net), invoice_number=n) for n, net in enumerate(lines, 1)))
    )
    ended = (Outcome.BOOKED, Outcome.EXCLUDED)
    done = [replace(record, state=State.EXPORTED, outcome=end) for record, end in zip(records, ended, strict=False)]
    summary = report(period, [*done, records[2]], bench.clock())

    [total] = summary.totals
    assert [str(amount) for amount in (total.gross, total.exported_gross, total.left_out_gross, total.remaining)] == [
        "1625.00",
        "1250.00",
        "250.00",
        "125.00",
    ]
    shown = _printed(bench, summary)
    assert "2  (1 booked, 1 excluded by their type)" in shown
    assert "Left out" in shown


def test_remarks_are_added_up_for_the_period(bench: Bench) -> None:
    """A cut on two invoices and a left draft on one, the commoner first; only exported invoices count."""
    period, records = of(bench, open_period(bench.memory, *(invoice(invoice_number=n) for n in (1, 2, 3))))
    cut, left = "customer.address: cut from 300 to 250 characters", "Draft 7 is left beside the booked invoice"
    done = [
        replace(record.with_progress(remarks=remarks), state=State.EXPORTED)
        for record, remarks in zip(records, ((cut,), (cut, left)), strict=False)
    ]
    summary = report(period, [*done, records[2].with_progress(remarks=(left,))], bench.clock())

    assert list(summary.remarks.items()) == [(cut, 2), (left, 1)]
    assert "Done differently from the source" in _printed(bench, summary)
    assert cut in bench.stdout.getvalue()


def test_lines_with_economic_units_are_counted(bench: Bench) -> None:
    """Three of four lines carried units, on two invoices; none reaches e-conomic."""
    with_units = {"economic_units": {"1": "CPH"}}
    period_id = open_period(
        bench.memory,
        invoice(line(**with_units), line(account="3012", **with_units)),
        invoice(line(**with_units), line(account="3012"), invoice_number=2),
    )
    summary = report(*of(bench, period_id), bench.clock())

    assert summary.lines_with_units == 3
    assert "on 3 lines; e-conomic does not get them" in _printed(bench, summary)
    assert bench.json("status", period_id)["linesWithEconomicUnits"] == 3


@pytest.mark.parametrize(
    ("state", "counts", "expected"),
    [
        (PeriodState.REGISTERING, {State.RECEIVED: 2}, Phase.TAKING_IN),
        (PeriodState.REGISTERED, {State.RECEIVED: 2}, Phase.CHECKING),
        (PeriodState.CHECKED, {State.EXPORTED: 1, State.WAITING: 1, State.DEAD: 1}, Phase.EXPORTING),
        (PeriodState.CHECKED, {State.EXPORTED: 1, State.DEAD: 1}, Phase.NEEDS_A_PERSON),
        (PeriodState.CHECKED, {State.EXPORTED: 2}, Phase.DONE),
    ],
)
def test_the_phase_of_a_period(bench: Bench, state: PeriodState, counts: dict[State, int], expected: Phase) -> None:
    """A person is needed once nothing moves by itself any more and something failed."""
    period, _ = of(bench, half_done(bench))

    assert phase_of(replace(period, state=state), counts) is expected


def test_the_books_amounts_are_added_up_where_a_tolerance_let_them_differ(bench: Bench) -> None:
    """749.94 in Opter, 749.92 booked: the sum is the books', nothing remains, and the difference is said."""
    period, records = of(bench, open_period(bench.memory, invoice(line("599.94", vat="150.00"))))
    booked = records[0].with_progress(booked_amounts=("599.94", "149.98", "749.92"))
    summary = report(period, [replace(booked, state=State.EXPORTED, outcome=Outcome.BOOKED)], bench.clock())

    [total] = summary.totals
    in_books = (total.exported_vat, total.exported_gross, total.booked_difference)
    sums = (total.gross, *in_books, total.remaining)
    assert [str(amount) for amount in sums] == ["749.94", "149.98", "749.92", "-0.02", "0.00"]
    assert "Booked within the tolerance: -0.02 DKK" in _printed(bench, summary)
