"""The ledger at a plan's desk: it tells where invoices stand, and refuses everything else."""

from collections.abc import Mapping, Sequence
from typing import NoReturn, cast

from worker.export.plan_reading import PlanWouldWrite
from worker.invoicing.plans.plan import Fate, PlannedInvoice
from worker.invoicing.ports import ExportPort, PlanPort
from worker.invoicing.record import State

#: What a planned invoice counts as for a correction that credits it; any other fate: exported by then.
_STANDS = {Fate.FAIL: State.DEAD, Fate.HOLD: State.WAITING}


def plan_ledger(ledger: PlanPort, planned: Mapping[str, PlannedInvoice]) -> ExportPort:
    """Return a ledger that knows what the plan has found out so far, and raises ``PlanWouldWrite`` for any change."""
    return cast("ExportPort", _PlanLedger(ledger, planned))


class _PlanLedger:
    def __init__(self, ledger: PlanPort, planned: Mapping[str, PlannedInvoice]) -> None:
        self._ledger = ledger
        self._planned = planned

    def states(self, invoice_ids: Sequence[str]) -> Mapping[str, State]:
        """See ``ExportPort``."""
        ours = {
            one: _STANDS.get(self._planned[one].fate, State.EXPORTED) for one in invoice_ids if one in self._planned
        }
        return {**self._ledger.states(invoice_ids), **ours}

    def __getattr__(self, name: str) -> NoReturn:
        raise PlanWouldWrite(f"{name} of the ledger")
