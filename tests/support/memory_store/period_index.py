"""A period's sums, pages and searches, in memory: from all its records."""

from collections.abc import Sequence

from support.memory_store.tables import Tables
from typing_extensions import override

from worker.domain.desk_ports import PeriodIndexPort
from worker.domain.invoice_search import (
    MOST_FOUND,
    ORDER,
    InvoiceFilter,
    InvoicePage,
    fits,
    gaps_of,
    sought,
)
from worker.domain.period_sums import PeriodSums, sums_of
from worker.domain.record import InvoiceRecord


class MemoryPeriodIndex(Tables, PeriodIndexPort):
    """See ``PeriodIndexPort``."""

    @override
    def period_sums(self, period_id: str) -> PeriodSums:
        with self.lock:
            return sums_of(self.members(period_id))

    @override
    def find(self, period_id: str, wanted: InvoiceFilter, *, start: int, count: int) -> InvoicePage:
        with self.lock:
            found = [record for record in self.members(period_id) if fits(record, wanted)]
        if sought(wanted.text):
            found = sorted(found, key=lambda record: (record.received_at, record.invoice_number))[:MOST_FOUND]
        else:
            found.sort(key=_place)
        return InvoicePage(total=len(found), records=found[start : start + count])

    @override
    def gap_numbers(self, period_id: str) -> Sequence[tuple[str, int, int]]:
        with self.lock:
            ids = [record.id for record in self.members(period_id)]
            return gaps_of(ids, lambda sought: [key for key in sought if key in self.entries])


def _place(record: InvoiceRecord) -> tuple[int, str, int]:
    reason = record.failure.reason if record.failure and record.state in ORDER[:2] else ""
    return ORDER.index(record.state), reason, record.invoice_number
