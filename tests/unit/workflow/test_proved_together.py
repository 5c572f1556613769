"""Remembered numbers proved again while a long period is exported: together, and soon enough for vouchers."""

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.exports import ExportConfig
from worker.domain.record import State
from worker.sandbox.seed import standard_agreement
from worker.workflow.customer_proof import PROOF_HOLDS, VOUCHER_PROOF_HOLDS
from worker.workflow.period_customers import PeriodCustomers

HOLDS = {"invoice": PROOF_HOLDS, "voucher": VOUCHER_PROOF_HOLDS}
BOTH = pytest.mark.parametrize("export", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
_SEEDED = standard_agreement()
ANOTHER = {"name": "Helt Anden Butik ApS", "corporateIdentificationNumber": "10000009"}


def _checked(harness: Harness, count: int, *, customers: int = 30, first: int = 100_000, number: int = 881) -> None:
    """Have a period come in and be checked; customers 1001 and following of the seed in turn, by their company ids."""
    ids = [_SEEDED.customers[1001 + at]["corporateIdentificationNumber"] for at in range(customers)]
    whose = [customer(code=f"C{at}", ledger_number=None, corporate_id=ids[at]) for at in range(customers)]
    sources = [invoice(line(), invoice_number=first + at, customer=whose[at % customers]) for at in range(count)]
    harness.close_period(*map(harness.pdf_fixtures.printed, sources), event=f"e{number}", number=number)
    harness.check(f"main-p{number}")


def _exported(harness: Harness, *, every: float) -> int:
    """Export what is queued, an invoice every so many seconds; return how often customers were read meanwhile."""
    entries = harness.sandbox.server_state.request_log.entries
    before, waiting = len(entries), list(harness.mailbox)
    harness.mailbox.clear()
    for invoice_id in waiting:
        harness.exporter.run(invoice_id)
        harness.clock.advance(every)
    harness.until_rest()
    return sum(entry.path.startswith("/customers") for entry in entries[before:])


def _warm(export: ExportConfig) -> Harness:
    harness = Harness(export)
    _checked(harness, 30)
    harness.until_rest()
    return harness


@BOTH
def test_thirty_customers_cost_a_call_each_time_a_proof_ends(export: ExportConfig) -> None:
    """Four times as long as a proof holds, 120 invoices: three or four calls, not one for each customer each time."""
    harness = _warm(export)
    _checked(harness, 120, first=200_000, number=882)

    assert _exported(harness, every=HOLDS[export.method] / 30) in {3, 4}
    assert {record.state for record in harness.records()} == {State.EXPORTED}


def test_a_slow_period_of_vouchers_keeps_what_a_voucher_may_cost() -> None:
    """A voucher every 0.8 s, as a grant of 150 calls a minute allows: 200 of them take a call or two more."""
    harness = _warm(VOUCHER_EXPORT)
    _checked(harness, 200, first=200_000, number=882)

    assert _exported(harness, every=0.8) <= 2


@BOTH
def test_a_number_given_away_in_mid_period_is_noticed_when_the_proof_ends(export: ExportConfig) -> None:
    """Customer 1005's number becomes another company's: what comes later goes to a customer of its own instead."""
    harness = _warm(export)
    _checked(harness, 60, first=200_000, number=882)
    harness.clock.advance(HOLDS[export.method] + 1)
    card = harness.sandbox.agreement.customers[1005]
    harness.sandbox.agreement.customers[1005] = card | ANOTHER

    _exported(harness, every=1.0)
    numbers = {
        record.invoice_number: record.progress.customer_number
        for record in harness.records()
        if record.invoice_number >= 200_000
    }

    assert {number for number, at in numbers.items() if at == 1005} == set()
    assert numbers[200_004] == numbers[200_034] not in _SEEDED.customers
    assert {record.state for record in harness.records()} == {State.EXPORTED}


def test_a_worker_that_did_not_check_the_period_proves_each_by_itself() -> None:
    """Another process: nothing is known of the period's customers there, and every number is asked for all the same."""
    harness = _warm(VOUCHER_EXPORT)
    _checked(harness, 30, first=200_000, number=882)
    harness.hire()
    harness.clock.advance(VOUCHER_PROOF_HOLDS + 1)

    assert _exported(harness, every=0.1) == 30
    assert {record.state for record in harness.records()} == {State.EXPORTED}


def test_the_oldest_customers_are_forgotten_and_the_next_ones_are_proved_along() -> None:
    """At most so many are kept; after the last one it goes on with the first."""
    known, whole = PeriodCustomers(most=3), {str(n): customer(code=str(n)) for n in range(5)}
    known.remember(whole)

    assert list(known.following("1")) == []
    assert list(known.following("3")) == ["3", "4", "2"]


def test_what_another_thread_is_proving_is_not_waited_for_without_end() -> None:
    """It is asked for by itself then."""
    known = PeriodCustomers()
    with known.turn() as first, known.turn() as second:
        assert (first, second) == (True, False)
