"""Where the invoices of one export are worked on: its settings, its agreement, the ledger and the clock."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from config.exports import Export
from worker.domain.ports import PdfSource
from worker.domain.store_port import ExportPort
from worker.economic.port import EconomicVouchers
from worker.workflow.lease_renewal import Keeping, unkept
from worker.workflow.voucher_scan_cache import Sightings


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Everything that the export of one invoice needs besides its record."""

    export: Export
    economic: EconomicVouchers
    ledger: ExportPort
    #: Where the printed invoices come from.
    pdfs: PdfSource
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Part of every idempotency key: a copy of this installation must not share keys with it.
    environment: str
    #: Keeps leases while e-conomic, or the wait for its tokens, takes longer than they last.
    keeping: Keeping = unkept
    #: Seconds that a key is trusted to be remembered; below e-conomic's hour (e-conomic REST docs, Idempotency).
    key_memory: float = 55 * 60.0
    #: Seconds between the two looks that must both find nothing before something is created anew.
    second_look: float = 60.0
    #: Looks over all vouchers, shared by the invoices of this process.
    sightings: Sightings = field(default_factory=Sightings)

    def for_type(self, invoice_type: str) -> "Desk":
        """Return the desk for invoices of one type, with what the exports file says of it."""
        return replace(self, export=self.export.for_type(invoice_type))
