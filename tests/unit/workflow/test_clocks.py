"""The clock of Redis, which decides, and e-conomic's."""

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.exports import ExportConfig
from worker.domain.record import State

KNOWN = customer(corporate_id=None)
METHODS = pytest.mark.parametrize("export", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])


def _posted(harness: Harness) -> int:
    return len(harness.documents()) + len(harness.sandbox.agreement.vouchers)


@METHODS
@pytest.mark.parametrize("seconds", [-7200.0, -600.0, -70.0, 70.0, 600.0, 7200.0])
def test_nothing_is_sent_while_the_clocks_disagree(export: ExportConfig, seconds: float) -> None:
    """It waits with a reason, goes on soon after they agree, and is there once."""
    harness = Harness(export)
    harness.redis_ahead = seconds
    harness.close_period(harness.pdf_fixtures.printed(invoice(customer=KNOWN)))
    harness.check()
    harness.deliver()
    [record] = harness.records()
    assert (record.state, record.failure and record.failure.reason) == (State.WAITING, "clocks-disagree")
    assert _posted(harness) == 0

    harness.redis_ahead = 0.0
    harness.clock.advance(max(seconds, 0.0))  # due by the clock that was wrong
    harness.clock.advance(65.0)
    harness.sweep()
    harness.until_rest()

    assert (harness.records()[0].state, _posted(harness)) == (State.EXPORTED, 1)


@pytest.mark.parametrize("seconds", [-50.0, 0.0, 50.0])
def test_a_small_gap_holds_up_nothing(seconds: float) -> None:
    """Clocks are never quite alike."""
    harness = Harness()
    harness.redis_ahead = seconds
    harness.close_period(invoice(customer=KNOWN))
    harness.check()
    harness.deliver()

    assert [record.state for record in harness.records()] == [State.EXPORTED]


@METHODS
@pytest.mark.parametrize("seconds", [-600.0, 75.0])
def test_no_customer_is_created_while_the_clocks_disagree(export: ExportConfig, seconds: float) -> None:
    """A customer and a product are created as invoices are: the age of their keys is measured by the same clock."""
    harness = Harness(export)
    new = customer(code="N-1", ledger_number=7001, corporate_id="88000005")
    harness.close_period(harness.pdf_fixtures.printed(invoice(line(account="3012", rate="0.00"), customer=new)))
    harness.check()
    harness.redis_ahead = seconds
    harness.deliver()
    harness.deliver()

    posts = [entry.path for entry in harness.sandbox.server_state.request_log.entries if entry.method == "POST"]
    [record] = harness.records()
    assert posts == []
    assert (record.state, record.failure and record.failure.reason) == (State.WAITING, "clocks-disagree")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(75.0, "74 s behind the clock of Redis"), (-7200.0, "2 h 0 min ahead of the clock of Redis")],
)
def test_the_reason_says_which_clock_is_where(seconds: float, words: str) -> None:
    """And by how much, so that a person knows which one to set."""
    harness = Harness()
    harness.redis_ahead = seconds
    harness.close_period(invoice(customer=KNOWN))
    harness.check()
    harness.deliver()

    failure = harness.records()[0].failure
    assert failure
    assert failure.description.startswith(f"e-conomic's clock is {words}; at most 60 s are allowed.")


def test_what_was_seen_is_kept_for_operators() -> None:
    """Once a minute, and at once when it changes; the worker's own clock too, which decides nothing."""
    harness = Harness()
    harness.worker_ahead = 7200.0
    harness.hire()
    harness.close_period(*(invoice(invoice_number=number, customer=KNOWN) for number in range(1, 4)))
    harness.check()
    harness.deliver()
    [first] = harness.store.clocks()
    assert (first.export, round(first.accounting_ahead), round(first.worker_ahead)) == ("main", 0, 7200)
    assert {record.state for record in harness.records()} == {State.EXPORTED}

    harness.redis_ahead = 70.0
    harness.close_period(invoice(invoice_number=4, customer=KNOWN), event="e2", number=882)
    harness.check("main-p882")
    harness.deliver()
    [now] = harness.store.clocks()
    assert (round(now.accounting_ahead), round(now.worker_ahead)) == (-69, 7130)
