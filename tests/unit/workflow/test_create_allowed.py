"""The permission to create ends: what an older store does not know of, e-conomic does."""

import pytest
from support.harness import EXPORT, Harness
from support.samples import customer, invoice, line

from config.export_schema import Booking


def _restored(hours: float) -> Harness:
    """A store as it was before the invoice was booked, taken up again ``hours`` later."""
    by_economic = EXPORT.model_copy(update={"booking": Booking(numbers="economic")})
    bill = invoice(line("1000.00"), customer=customer(ledger_number=1001, corporate_id=None))
    older, newer = Harness(by_economic), Harness(by_economic)
    for harness in (older, newer):
        harness.close_period(bill)
        harness.check()
    newer.deliver()
    older.sandbox = newer.sandbox
    for harness in (older, newer):
        harness.clock.advance(hours * 3600)
    older.hire()
    older.sweep()
    older.until_rest()
    return older


@pytest.mark.parametrize("hours", [0.0, 0.5, 0.95, 1.5, 48.0])
def test_a_store_restored_to_an_older_state_doubles_nothing(hours: float) -> None:
    """The store says queued, and it is booked. Within the hour the key prevents a second, past it the lookup does."""
    harness = _restored(hours)

    assert [(document.booked, document.number) for document in harness.documents()] == [(True, 20001)]
    assert harness.record("main-100353").progress.booked_number == 20001
