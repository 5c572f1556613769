"""The check of an agreement over a period that was exported to the sandbox."""

from dataclasses import replace

from support.reconciled import Reconciled

from config.settings_sections import Agreements
from worker.reconcile.agreement_watch import AgreementWatch


def watch_of(world: Reconciled) -> AgreementWatch:
    """Return what checks the agreement of a world, as a worker has it."""
    harness = world.harness
    return AgreementWatch(
        store=harness.store,
        settings=Agreements(),
        contexts={"main": replace(harness.context, export=world.export)},
        readers={"main": harness.client.agreement(harness.rate_limiter)},
        clock=harness.clock,
    )
