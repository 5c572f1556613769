"""``export check`` says whether what certificates and payments need can be read, and in which version."""

from support.reconciled import reconciled

from worker.cli.commands.export import SetupReport, with_services
from worker.economic.mapping.setup_check import Check

READY = SetupReport(export="main", checks=(Check(item="Tokens and roles", ok=True, found="accepted"),))


def test_services_that_can_be_read_are_named_with_their_versions() -> None:
    """Both of them, each a check of its own."""
    world = reconciled(98, size=1)
    report = with_services(READY, world.harness.client.ledger(world.harness.rate_limiter))

    assert [(check.ok, check.found) for check in report.checks[1:]] == [
        (True, "/bookedentriesapi/v4.0.0/booked-entries: can be read"),
        (True, "/documentsapi/v4.0.1/AttachedDocuments: can be read"),
    ]


def test_a_missing_role_or_a_withdrawn_version_is_said() -> None:
    """Before a period is exported, with what to do; the export itself needs neither."""
    world = reconciled(99, size=1)
    world.agreement.roles = {"Sales"}
    report = with_services(READY, world.harness.client.ledger(world.harness.rate_limiter))

    assert [check.ok for check in report.checks[1:]] == [False, False]
    assert "role Bookkeeping" in report.checks[1].next_step


def test_an_agreement_that_did_not_answer_is_not_asked_again() -> None:
    """One report of an outage is enough."""
    world = reconciled(100, size=1)
    silent = SetupReport(export="main", checks=(), reached=False)

    assert with_services(silent, world.harness.client.ledger(world.harness.rate_limiter)) == silent
