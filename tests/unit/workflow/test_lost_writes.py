"""A store that came back with less than it had answered: what it says was looked up before that does not count."""

import copy
from collections.abc import Callable

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice

from config.export_schema import Booking
from config.exports import ExportConfig
from worker.domain.record import State

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalb\u00e6k T\u00f8mrerfirma ApS")
BY_ECONOMIC = EXPORT.model_copy(update={"booking": Booking(numbers="economic")})
METHODS = pytest.mark.parametrize("export", [BY_ECONOMIC, VOUCHER_EXPORT], ids=["invoice", "voucher"])


def _copied(harness: Harness) -> Callable[[], None]:
    """Return what puts the store back to what it is now, as seen by a server that then serves it."""
    kept = {
        name: copy.deepcopy(value)
        for name, value in vars(harness.store).items()
        if name not in {"lock", "policy", "now"}
    }

    def restore() -> None:
        vars(harness.store).update(kept)
        harness.store.whole["main"] = harness.clock()
        harness.mailbox.clear()
        harness.hire()

    return restore


def _posted(harness: Harness) -> int:
    return len(harness.documents()) + len(harness.sandbox.agreement.vouchers)


@METHODS
@pytest.mark.parametrize("lag", [0.0, 90.0, 600.0])
@pytest.mark.parametrize("age", [30.0, 1800.0, 3500.0, 7200.0])
def test_an_older_store_doubles_nothing(export: ExportConfig, lag: float, age: float) -> None:
    """It says that the check found nothing; what it has forgotten was created since, and may not be listed yet."""
    harness = Harness(export)
    harness.sandbox.agreement.switches.listing_lag = lag
    harness.close_period(harness.pdf_fixtures.printed(invoice(customer=KNOWN)))
    harness.check()
    restore = _copied(harness)
    harness.clock.advance(age)
    harness.sweep()
    harness.deliver()
    harness.clock.advance(1.0)
    restore()
    harness.sweep()
    harness.until_rest(most=2000)

    assert (_posted(harness), harness.records()[0].state) == (1, State.EXPORTED)


@METHODS
def test_a_first_lookup_before_the_loss_is_made_again(export: ExportConfig) -> None:
    """Another worker has created it under another key since: only two lookups after the loss allow a create."""
    harness = Harness(export)
    harness.close_period(harness.pdf_fixtures.printed(invoice(customer=KNOWN)))
    harness.check()
    before = harness.clock()
    restore = _copied(harness)
    harness.clock.advance(600.0)
    restore()
    harness.sweep()
    harness.deliver()
    harness.clock.advance(5.0)
    harness.sweep()
    harness.deliver()

    [record] = harness.records()
    assert record.passed_at <= before
    assert (_posted(harness), record.state) == (0, State.WAITING)
    harness.until_rest()
    assert (_posted(harness), harness.records()[0].state) == (1, State.EXPORTED)
