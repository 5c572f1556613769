"""Numbers and explanations in memory."""

from collections.abc import Iterable, Sequence

from support.memory_store.tables import Tables
from typing_extensions import override

from worker.domain.action_log import Act
from worker.domain.number_series import Explanation, NumberRecord
from worker.domain.reconcile_ports import SeriesPort


class MemorySeries(Tables, SeriesPort):
    """See ``SeriesPort``."""

    @override
    def numbers(self, export: str) -> Iterable[NumberRecord]:
        with self.lock:
            return [
                NumberRecord(
                    id=record.id,
                    number=record.invoice_number,
                    invoice_type=record.invoice_type,
                    region=record.region,
                    state=record.state,
                    outcome=record.outcome,
                )
                for record in (entry.record for entry in self.entries.values())
                if record.export == export
            ]

    @override
    def explanations(self, export: str) -> Sequence[Explanation]:
        with self.lock:
            return list(self.explained.get(export, ()))

    @override
    def explain(self, export: str, explanation: Explanation) -> None:
        with self.lock:
            self.explained.setdefault(export, []).append(explanation)
            numbers = f"{explanation.first}-{explanation.last}"
            self.act(Act.EXPLAIN_NUMBERS, explanation.by, explanation.why, export, [numbers])
