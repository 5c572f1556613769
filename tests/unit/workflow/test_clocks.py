"""The clock of Redis, which decides, and e-conomic's."""

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice

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
