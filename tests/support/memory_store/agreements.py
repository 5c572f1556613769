"""What the checks of the exports' agreements came to, in memory."""

from collections.abc import Mapping, Sequence

from support.memory_store.tables import Tables
from typing_extensions import override

from worker.domain.agreement import AgreementState
from worker.domain.reconcile_ports import AgreementPort
from worker.errors import Failure


class MemoryAgreements(Tables, AgreementPort):
    """See ``AgreementPort``."""

    @override
    def claim_agreement(self, export: str, *, lease: float) -> bool:
        with self.lock:
            if self.agreements_due.get(export, 0.0) > self.now():
                return False
            self.agreements_due[export] = self.now() + lease
            return True

    @override
    def agreement_state(self, export: str) -> AgreementState | None:
        with self.lock:
            return self.agreement_states.get(export)

    @override
    def keep_agreement(self, export: str, state: AgreementState, *, again_in: float) -> None:
        with self.lock:
            self.agreement_states[export] = state
            self.agreements_due[export] = self.now() + again_in

    def agreement_failures(self) -> Mapping[str, Sequence[Failure]]:
        """See ``OperatorPort``."""
        with self.lock:
            return {name: state.failures for name, state in self.agreement_states.items() if state.failures}
