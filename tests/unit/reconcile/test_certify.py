"""Certificates made by themselves: after an export, at night, and not while e-conomic gives no answer."""

import pytest
from structlog.testing import capture_logs
from support import injections
from support.harness import PERIOD
from support.reconciled import Reconciled, reconciled

from config.settings_sections import Certificates
from worker.domain.invoice_period import PeriodState
from worker.reconcile.certify import Certifier
from worker.reconcile.reconciler import Reconciler


@pytest.fixture
def world() -> Reconciled:
    return reconciled(51)


def _certifier(world: Reconciled, **settings: bool | int) -> Certifier:
    store = world.harness.store
    return Certifier(store=store, settings=Certificates.model_validate(settings), clock=world.harness.clock)


def _run(world: Reconciled) -> str:
    harness = world.harness
    reconciler = Reconciler(context=harness.context, ledger=harness.client.ledger(harness.rate_limiter))
    return _certifier(world).run(PERIOD, reconciler)


def test_an_exported_period_is_read_back_once(world: Reconciled) -> None:
    """It is due by itself, its certificate is kept, and then it is due no more."""
    due = _certifier(world).due()
    with capture_logs() as lines:
        results = _run(world), _run(world)

    assert due == [(PERIOD, "main")]
    assert results == ("kept", "claimed-elsewhere")
    assert len(world.harness.store.certificates(PERIOD)) == 1
    [line] = [line for line in lines if line["event"] == "period_certificate"]
    assert (line["result"], line["invoices"], line["differences"]) == ("kept", 4, 0)


def test_differences_turn_the_period(world: Reconciled) -> None:
    """Until another certificate finds none."""
    injections.later(world, "main-700001")
    _run(world)
    period = world.harness.store.period(PERIOD)

    assert period is not None
    assert period.state is PeriodState.DIFFERS


def test_an_outage_puts_it_off(world: Reconciled) -> None:
    """Nothing is kept, the export goes on, and a minute later it is read again."""
    injections.outage(world, "main-700001")
    first = _run(world)
    world.restore()
    soon = _certifier(world).due()
    world.harness.clock.advance(61)

    assert (first, soon) == ("incomplete", [])
    assert _run(world) == "kept"


def test_a_missing_role_stops_no_export(world: Reconciled) -> None:
    """It is logged with its reason, and tried again some hours later."""
    world.agreement.roles = {"Sales"}
    world.harness.hire()
    with capture_logs() as lines:
        result = _run(world)

    assert result == "deferred"
    assert world.harness.store.paused() == {}
    assert [line["reason"] for line in lines if line["event"] == "period_certificate"] == ["role-missing"]


def test_every_night_recent_periods_are_read_again(world: Reconciled) -> None:
    """From the hour that is set, once a night; without the setting never, and after an export only if that is set."""
    _run(world)
    seen = [_certifier(world).due(), _certifier(world, nightly=True, nightly_hour=23).due()]
    certifier = _certifier(world, nightly=True, nightly_hour=0, after_export=False)
    seen.append(certifier.due())
    _run(world)
    seen.append(certifier.due())
    world.harness.clock.advance(86_400)
    seen.append(certifier.due())

    assert seen == [[], [], [(PERIOD, "main")], [], [(PERIOD, "main")]]


def test_nothing_is_read_back_where_that_is_switched_off(world: Reconciled) -> None:
    """Neither after an export nor at night."""
    assert _certifier(world, after_export=False).due() == []
