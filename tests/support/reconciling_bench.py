"""The command line over a period that was exported to the sandbox, to be read back."""

from collections.abc import Iterator
from contextlib import contextmanager

from support.cli import Bench
from support.reconciled import Reconciled

from config.exports import ExportConfig
from worker.reconcile.reconciler import Reconciler


class ReconcilingBench(Bench):
    """The commands over a period that was exported to the sandbox."""

    def __init__(self, world: Reconciled) -> None:
        super().__init__(world.harness.clock)
        self.world = world
        self.memory = world.harness.store
        self.exports = {"main": world.export}

    @contextmanager
    def reconciler(self, export: ExportConfig) -> Iterator[Reconciler]:
        harness = self.world.harness
        assert export == harness.export
        yield Reconciler(context=harness.context, ledger=harness.client.ledger(harness.rate_limiter))

    @property
    def shown(self) -> str:
        return " ".join(self.stdout.getvalue().split())
