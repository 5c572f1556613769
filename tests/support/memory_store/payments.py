"""What was reported to Opter of payments, in memory."""

from collections.abc import Mapping
from dataclasses import replace

from support.memory_store.tables import Tables
from typing_extensions import override

from worker.domain.payments import PaymentRun, ReportedPayments
from worker.domain.reconcile_ports import PaymentsPort


class MemoryPayments(Tables, PaymentsPort):
    """See ``PaymentsPort``."""

    @override
    def reported_payments(self, export: str) -> Mapping[str, ReportedPayments]:
        with self.lock:
            return dict(self.payments_reported.get(export, {}))

    @override
    def payment_run(self, export: str) -> PaymentRun | None:
        with self.lock:
            return self.payment_runs.get(export)

    @override
    def begin_payments(self, run: PaymentRun, reported: Mapping[str, ReportedPayments]) -> bool:
        with self.lock:
            last = self.payment_runs.get(run.export)
            if last is not None and replace(last, phase=run.phase) == run:
                return True
            if run.number != (last.number if last else 0) + 1 or (last and last.phase != "delivered"):
                return False
            self.payment_runs[run.export] = replace(run, phase="pending")
            self.payments_reported.setdefault(run.export, {}).update(reported)
            return True

    @override
    def advance_payments(self, export: str, number: int, phase: str) -> None:
        with self.lock:
            last = self.payment_runs.get(export)
            if last is not None and last.number == number:
                self.payment_runs[export] = replace(last, phase=phase)
