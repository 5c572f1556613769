"""A worker that has to end: invoices are handed on between two turns, and end once."""

from dataclasses import replace

import pytest
from support import samples
from support.harness import Harness

from worker.domain.record import State


@pytest.mark.parametrize("turns", range(8))
def test_an_invoice_is_handed_on_between_two_turns(turns: int) -> None:
    """Whichever turn was the last: queued at once, no crash is counted, and another worker books it once."""
    harness = Harness()
    harness.close_period(samples.invoice(invoice_number=100001, customer=samples.customer(corporate_id=None)))
    whole, left = harness.exporter, iter(range(turns))
    harness.check()
    harness.exporter = replace(whole, ending=lambda: next(left, None) is None)
    [result] = harness.deliver()
    record = harness.record("main-100001")
    harness.exporter = whole
    harness.until_rest()
    done = harness.record("main-100001")

    assert (result.result, record.state) in {("given-back", State.QUEUED), ("exported", State.EXPORTED)}
    if record.state is State.QUEUED:
        assert (record.history[-1].event, record.history[-1].detail) == ("lease-given-back", "the worker was stopped")
    assert (done.state, done.crashes) == (State.EXPORTED, 0)
    assert len(harness.sandbox.agreement.booked) == 1
    assert harness.sandbox.agreement.drafts == {}


def test_what_is_begun_too_late_is_handed_on_untouched() -> None:
    """A message that comes after the signal: nothing is sent to e-conomic."""
    harness = Harness()
    harness.close_period(samples.invoice(invoice_number=100001, customer=samples.customer(corporate_id=None)))
    harness.check()
    harness.exporter = replace(harness.exporter, ending=lambda: True)
    [result] = harness.deliver()

    assert (result.result, result.usage.calls) == ("given-back", 0)
