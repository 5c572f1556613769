"""``export check`` says what the agreement grants, what can be read in which version, and what has changed."""

from support.agreements import watch_of
from support.reconciled import Reconciled, reconciled

from worker.economic.mapping.setup_check import Check
from worker.reconcile.setup_report import SetupReport, with_agreement

READY = SetupReport(export="main", checks=(Check(item="Tokens and roles", ok=True, found="accepted"),))


def _checks(world: Reconciled, item: str, *, accept: bool = False) -> list[Check]:
    report = with_agreement(READY, watch_of(world), accept=accept)
    return [check for check in report.checks if check.item == item]


def test_services_that_can_be_read_are_named_with_their_versions() -> None:
    """Both of them, each a check of its own; what e-conomic offers besides is said."""
    world = reconciled(98, size=1)

    assert [(check.ok, check.found) for check in _checks(world, "Read back")] == [
        (True, "/bookedentriesapi/v4.0.0/booked-entries: can be read"),
        (True, "/documentsapi/v4.0.1/AttachedDocuments: can be read"),
    ]
    [version] = _checks(world, "Version")
    assert version.found == "/bookedentriesapi/v6.0.0/booked-entries: not offered; not spoken"


def test_a_missing_role_or_a_withdrawn_version_is_said() -> None:
    """Before a period is exported, with what to do; the export itself needs neither."""
    world = reconciled(99, size=1)
    world.agreement.roles = {"Sales"}

    assert [check.ok for check in _checks(world, "Read back")] == [False, False]
    assert "role Bookkeeping" in _checks(world, "Read back")[0].next_step


def test_an_agreement_that_did_not_answer_is_not_asked_again() -> None:
    """One report of an outage is enough."""
    world = reconciled(100, size=1)
    silent = SetupReport(export="main", checks=(), reached=False)

    assert with_agreement(silent, watch_of(world), accept=False) == silent


def test_the_clock_of_e_conomic_is_shown() -> None:
    """As the calls of the check itself have found it."""
    world = reconciled(101, size=1)
    world.harness.client.clock_gap(anew=True)
    [agrees] = _checks(world, "Clock")
    world.harness.redis_ahead = 90.0
    world.harness.client.clock_gap(anew=True)
    [behind] = _checks(world, "Clock")

    assert (agrees.ok, agrees.found) == (True, "agrees")
    assert (behind.ok, behind.found) == (False, "e-conomic's is 89 s behind ours")
    assert "NTP" in behind.next_step
